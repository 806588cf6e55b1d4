import type { Kysely, SelectQueryBuilder } from 'kysely'
import type { Scope } from '../domain/service-token.ts'
import type { Tables } from './schema.ts'

/** Where a service token stands in lists, which show the newest first and those of one instant by their ids. */
export interface Place {
  readonly created_at: number
  readonly id: string
}

/** Service tokens that are yet to be narrowed, ordered or counted. */
export type Sought = SelectQueryBuilder<Tables, 'service_token', object>

export function inScope(db: Kysely<Tables>, { accountId, zoneId }: Scope): Sought {
  return db
    .selectFrom('service_token')
    .where('account_id', '=', accountId)
    .where('zone_id', zoneId === null ? 'is' : '=', zoneId)
}

/** The zone is the same for all; but PostgreSQL takes an index with nulls in it for ordered only when it is named. */
export function newestFirst(sought: Sought): Sought {
  return sought.orderBy('zone_id', 'desc').orderBy('created_at', 'desc').orderBy('id')
}

/** What lists show at a place and behind it. */
export function from(sought: Sought, { created_at, id }: Place): Sought {
  return sought
    .where('created_at', '<=', created_at)
    .where(({ eb, and, not }) => not(and([eb('created_at', '=', created_at), eb('id', '<', id)])))
}

/** What lists show behind a place. */
export function behind(sought: Sought, { created_at, id }: Place): Sought {
  return sought
    .where('created_at', '<=', created_at)
    .where(({ eb, and, not }) => not(and([eb('created_at', '=', created_at), eb('id', '<=', id)])))
}
