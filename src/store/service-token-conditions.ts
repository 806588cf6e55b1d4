import { type Kysely, type RawBuilder, type SqlBool, sql } from 'kysely'
import type { ServiceTokenQuery } from '../authority/queries.ts'
import type { Instant } from '../domain/instant.ts'
import type { Scope } from '../domain/service-token.ts'
import { expiringWithinMs, graceUnusedAfterMs, type ServiceTokenStatus, unusedAfterMs } from '../domain/service-token-status.ts'
import type { Tables } from './schema.ts'
import { type Condition, idIn, isInScope, type ListTable, listTables } from './service-token-order.ts'

/** What must hold for tokens to be listed, by the table that tells. */
export type Conditions = Readonly<Record<ListTable, readonly Condition[]>>

export function conditionsOf({ name, search, status }: Pick<ServiceTokenQuery, 'name' | 'search' | 'status'>): Conditions {
  const ofStatus = (table: ListTable) => (status !== undefined && tableOf(status.is) === table ? [conditionFor(status.is, status.at)] : [])
  return {
    service_token: [
      // In lower case names are found in their index.
      ...(name === undefined ? [] : [sql<SqlBool>`lower(name) = lower(${name}) and name = ${name}`]),
      // Every text contains the empty one.
      ...(search ? [containing(search)] : []),
      ...ofStatus('service_token'),
    ],
    service_token_use: ofStatus('service_token_use'),
  }
}

/** The tables in which there are conditions. */
export function narrowedBy(conditions: Conditions): readonly ListTable[] {
  return listTables.filter((table) => conditions[table].length > 0)
}

function tableOf(status: ServiceTokenStatus): ListTable {
  return status === 'never_used' || status === 'unused' ? 'service_token_use' : 'service_token'
}

function conditionFor(status: ServiceTokenStatus, at: Instant): Condition {
  const works = sql<SqlBool>`enabled = 1 and expires_at > ${at}`
  switch (status) {
    case 'active':
      return works
    case 'disabled':
      return sql`enabled = 0`
    case 'expired':
      return sql`enabled = 1 and expires_at <= ${at}`
    case 'in_grace':
      // A secret that was ended before its time has its end in the past.
      return sql`${works} and previous_until > ${at}`
    case 'grace_unused':
      return sql`${conditionFor('in_grace', at)} and not exists (
        select 1 from secret_use where secret_use.service_token_id = service_token.id and secret_version = previous_version
        and secret_use.last_seen_at > ${at - graceUnusedAfterMs}
      )`
    case 'expiring_7d':
    case 'expiring_30d':
      return sql`${works} and expires_at <= ${at + expiringWithinMs[status]}`
    case 'never_used':
      return sql`last_seen_at = 0`
    case 'unused':
      return sql`last_seen_at <= ${at - unusedAfterMs} and service_token_use.created_at <= ${at - unusedAfterMs}`
  }
}

function containing(text: string): Condition {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sql`search_text like ${pattern} escape '\\'`
}

/** The tokens for which all conditions hold. SQLite goes through the first table, and asks the second about each; PostgreSQL chooses for itself. */
export function matching([first, second]: readonly ListTable[], scope: Scope, conditions: Conditions): RawBuilder<unknown> {
  if (first === undefined) throw new Error('there is no list without a table')
  const isTheSame: readonly Condition[] = second === undefined ? [] : [sql`${idIn(second)} = ${idIn(first)}`]
  const tables = second === undefined ? sql.table(first) : sql`${sql.table(first)} cross join ${sql.table(second)}`
  const all = [isInScope(first, scope), ...isTheSame, ...conditions[first], ...(second === undefined ? [] : conditions[second])]
  return sql`from ${tables} where ${sql.join(all, sql` and `)}`
}

/** How many tokens there are for which the conditions hold, of which there must be some. */
export async function countMatching(db: Kysely<Tables>, scope: Scope, conditions: Conditions): Promise<number> {
  const tokens = matching(narrowedBy(conditions), scope, conditions)
  const { rows } = await sql<{ readonly total: number }>`select count(*) as total ${tokens}`.execute(db)
  return rows[0]?.total ?? 0
}
