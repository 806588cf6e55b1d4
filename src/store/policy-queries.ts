import type { CompiledQuery } from 'kysely'
import type { Entities, Kind, Store } from '../authority/ports.ts'
import type { ApplicationQuery, PageQuery } from '../authority/queries.ts'
import type { Application } from '../domain/application.ts'
import type { Scope } from '../domain/service-token.ts'
import { batches } from './batches.ts'
import type { Database } from './database.ts'
import { mappings } from './mapping.ts'

type Queries = Pick<
  Store,
  'findEach' | 'findByAudience' | 'listApplications' | 'listClaims' | 'listPolicies' | 'listGroups' | 'groupsOf' | 'countUses'
>

/** Applications, the policies that they use, and groups of rules. */
export function createPolicyQueries({ db, reader, answer }: Database): Queries {
  function applicationsIn(scope: Scope) {
    const own = reader.selectFrom('application').where('account_id', '=', scope.accountId)
    return own.where('zone_id', scope.zoneId === null ? 'is' : '=', scope.zoneId)
  }

  const findings = new Map<string, CompiledQuery>()

  /** Compiled once for each number of ids, of which there are few: the last one is repeated until there are two, four, eight and so on. */
  function findThem(table: 'policy', ids: readonly string[]): CompiledQuery {
    const parameters = Array.from(
      { length: 2 ** Math.ceil(Math.log2(ids.length)) },
      (_, index) => ids[Math.min(index, ids.length - 1)] ?? '',
    )
    const key = `${parameters.length} ${table}`
    const query = findings.get(key) ?? db.selectFrom(table).selectAll().where('id', 'in', parameters).compile()
    findings.set(key, query)
    return { ...query, parameters }
  }

  return {
    async findEach<K extends Kind>(kind: K, ids: Iterable<string>) {
      const { table, fromRow } = mappings[kind] as unknown as typeof mappings.policy
      const found: unknown[] = []
      for (const batch of batches([...new Set(ids)])) {
        // The gate asks this after every change, and must not wait for whoever waits to write.
        const { rows } = await answer(findThem(table, batch))
        found.push(...rows.map((row) => fromRow(row as never)))
      }
      return found as Entities[K][]
    },

    async findByAudience(audience) {
      const row = await db.selectFrom('application').selectAll().where('audience', '=', audience).executeTakeFirst()
      return row && mappings.application.fromRow(row)
    },

    async listApplications(scope, { page, perPage, ...sought }) {
      const rows = applicationsIn(scope).selectAll().orderBy('created_at', 'desc').orderBy('id')
      if (Object.values(sought).every((value) => value === undefined)) {
        const { total } = await applicationsIn(scope)
          .select(({ fn }) => fn.countAll<number>().as('total'))
          .executeTakeFirstOrThrow()
        const items = await rows.limit(perPage).offset(offset({ page, perPage })).execute()
        return { items: items.map(mappings.application.fromRow), total }
      }
      // Texts are compared here, because the engines do not agree on what the other case of a letter is.
      const found = (await rows.execute()).map(mappings.application.fromRow).filter((application) => matches(application, sought))
      return { items: found.slice(offset({ page, perPage }), offset({ page, perPage }) + perPage), total: found.length }
    },

    async listClaims() {
      const rows = await reader.selectFrom('application').select(['id', 'account_id', 'zone_id', 'name', 'destinations']).execute()
      return rows.map(({ id, account_id, zone_id, name, destinations }) => ({
        ...{ id, accountId: account_id, zoneId: zone_id, name, destinations: JSON.parse(destinations) },
      }))
    },

    async listPolicies(accountId, page) {
      const shared = reader.selectFrom('policy').where('account_id', '=', accountId).where('application_id', 'is', null)
      const { total } = await shared.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const rows = await shared.selectAll().orderBy('created_at', 'desc').orderBy('id').limit(page.perPage).offset(offset(page)).execute()
      return { items: rows.map(mappings.policy.fromRow), total }
    },

    async listGroups({ accountId, zoneId }, { name, search = '', ...page }) {
      let own = reader
        .selectFrom('access_group')
        .where('account_id', '=', accountId)
        .where('zone_id', zoneId === null ? 'is' : '=', zoneId)
      if (name !== undefined) own = own.where('name', '=', name)
      const rows = await own.selectAll().orderBy('created_at', 'desc').orderBy('id').execute()
      const found = rows.filter((row) => contains(row.name, search) || contains(row.id, search)).map(mappings.group.fromRow)
      return { items: found.slice(offset(page), offset(page) + page.perPage), total: found.length }
    },

    async groupsOf(accountId) {
      const rows = await db.selectFrom('access_group').selectAll().where('account_id', '=', accountId).execute()
      return rows.map(mappings.group.fromRow)
    },

    async countUses(policyIds) {
      const uses = new Map<string, number>()
      for (const batch of batches([...new Set(policyIds)])) {
        const used = db
          .selectFrom('reference')
          .where('from_kind', '=', 'application')
          .where('to_kind', '=', 'policy')
          .where('to_id', 'in', batch)
        for (const row of await used
          .select('to_id')
          .select(({ fn }) => fn.countAll<number>().as('total'))
          .groupBy('to_id')
          .execute())
          uses.set(row.to_id, row.total)
      }
      return uses
    },
  }
}

function matches({ id, name, domain, destinations, audience }: Application, sought: Omit<ApplicationQuery, keyof PageQuery>): boolean {
  const { search = '', isExact = false } = sought
  const fits = (text: string, part: string | undefined) =>
    part === undefined || (isExact ? text.toLowerCase() === part.toLowerCase() : contains(text, part))
  return (
    fits(name, sought.name) &&
    fits(domain, sought.domain) &&
    (sought.audience ?? audience) === audience &&
    [name, id, audience, ...destinations].some((text) => contains(text, search))
  )
}

function contains(text: string, part: string): boolean {
  return text.toLowerCase().includes(part.toLowerCase())
}

function offset({ page, perPage }: PageQuery): number {
  return Math.min((page - 1) * perPage, Number.MAX_SAFE_INTEGER)
}
