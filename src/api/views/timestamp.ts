import { Failure } from '../../authority/failure.ts'
import { type Instant, parseInstant } from '../../domain/instant.ts'

const form = 'an RFC 3339 date and time such as 2030-01-31T12:00:00Z'

/** Reads a timestamp in a body; fails with the name of its field. */
export function instantOf(text: string | undefined, field: string): Instant | undefined {
  if (text === undefined) return undefined
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  throw new Failure('invalid_request', { field, message: `must be ${form}` })
}

/** Reads a timestamp in a query, where a date alone counts as its beginning. */
export function queryInstantOf(text: string, field: string): Instant {
  const instant = parseInstant(/^\d{4}-\d\d-\d\d$/.test(text) ? `${text}T00:00:00Z` : text)
  if (instant !== undefined) return instant
  throw new Failure('invalid_query', { field, message: `must be a date such as 2030-01-31 or ${form}` })
}
