import { type Kysely, type RawBuilder, type SelectQueryBuilder, type SqlBool, sql } from 'kysely'
import type { ServiceTokenOrder } from '../authority/queries.ts'
import type { Scope } from '../domain/service-token.ts'
import type { Tables } from './schema.ts'

/** Where a service token stands in lists, which show the newest first and those of one instant by their ids. */
export interface Place {
  readonly created_at: number
  readonly id: string
}

/** Service tokens that are yet to be narrowed, ordered or counted. */
type Sought = SelectQueryBuilder<Tables, 'service_token', object>

/** Something that must hold for what is listed. */
export type Condition = RawBuilder<SqlBool>

/** What lists go by is written in two tables. Each of them has a row for every service token, and knows its scope and since when it is there. */
export const listTables = ['service_token', 'service_token_use'] as const
export type ListTable = (typeof listTables)[number]

/** A zone's id as it stands in keys, which have no nulls. */
export const zoneKey = (zoneId: string | null) => zoneId ?? ''

export function inScope(db: Kysely<Tables>, { accountId, zoneId }: Scope): Sought {
  return db
    .selectFrom('service_token')
    .where('service_token.account_id', '=', accountId)
    .where('service_token.zone_id', zoneId === null ? 'is' : '=', zoneId)
}

/** The same for a table that others are joined to. */
export function isInScope(table: ListTable, { accountId, zoneId }: Scope): Condition {
  const zone = table === 'service_token_use' ? sql`= ${zoneKey(zoneId)}` : zoneId === null ? sql`is null` : sql`= ${zoneId}`
  return sql`${sql.ref(`${table}.account_id`)} = ${accountId} and ${sql.ref(`${table}.zone_id`)} ${zone}`
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

export function idIn(table: ListTable): RawBuilder<string> {
  return sql.ref(table === 'service_token' ? 'service_token.id' : 'service_token_use.service_token_id')
}

const keys: { readonly [Order in Exclude<ServiceTokenOrder, 'created_at'>]: RawBuilder<unknown> } = {
  name: sql`lower(service_token.name)`,
  expires_at: sql.ref('service_token.expires_at'),
  last_seen_at: sql.ref('service_token_use.last_seen_at'),
  updated_at: sql.ref('service_token.updated_at'),
}

/** The table that has an order, of those that are looked at anyway if it can be. */
export function tableWith(order: ServiceTokenOrder, [preferred = 'service_token']: readonly ListTable[]): ListTable {
  if (order === 'created_at') return preferred
  return order === 'last_seen_at' ? 'service_token_use' : 'service_token'
}

/** An order, in the words of the index that has it: that of `table`, which must be the one with the order's column. */
export function inOrder(table: ListTable, order: ServiceTokenOrder, direction: 'asc' | 'desc'): RawBuilder<unknown> {
  const [along, against] = direction === 'asc' ? [sql`asc`, sql`desc`] : [sql`desc`, sql`asc`]
  const key = order === 'created_at' ? [] : [keys[order]]
  const columns = [sql.ref(`${table}.zone_id`), ...key, sql.ref(`${table}.created_at`)]
  return sql.join([...columns.map((column) => sql`${column} ${along}`), sql`${idIn(table)} ${against}`])
}
