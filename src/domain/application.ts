import type { Instant } from './instant.ts'
import type { Scope } from './service-token.ts'

/** What the gate stands in front of. */
export interface Application extends Scope {
  readonly id: string
  readonly name: string
  /** One of the destinations, by which people know the application. */
  readonly domain: string
  /** What it answers for: `host[/path]`, with wildcards; `*` for every host that no other application names. */
  readonly destinations: readonly string[]
  /** Tells the application apart in refusals and assertions: 64 hex digits. */
  readonly audience: string
  /** Where the reverse proxy sends admitted requests; without one the application serves forward-auth only. */
  readonly originUrl: string | null
  /** How long its assertions last: a Go duration; `null` leaves it to the organization. */
  readonly sessionDuration: string | null
  /** Whether a request without any credentials is answered with 401 rather than 403. */
  readonly asksForCredentials: boolean
  /** A header that may carry client id and client secret together, as JSON. */
  readonly tokenHeader: string | null
  /** Those of its own and those that it shares, in the order in which they are asked. */
  readonly policies: readonly PolicyUse[]
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

export interface PolicyUse {
  readonly policyId: string
  readonly precedence: number
}

/** A token opens applications of its own account; a zone's token only that zone's. */
export function belongsTo(token: Scope, application: Scope): boolean {
  return token.accountId === application.accountId && (token.zoneId === null || token.zoneId === application.zoneId)
}
