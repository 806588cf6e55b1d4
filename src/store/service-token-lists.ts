import { type Expression, type Kysely, type RawBuilder, sql } from 'kysely'
import type { SeenServiceToken, Store } from '../authority/ports.ts'
import type { Page, ServiceTokenOverview, ServiceTokenQuery } from '../authority/queries.ts'
import type { Scope } from '../domain/service-token.ts'
import { type ServiceTokenStatus, serviceTokenStatuses } from '../domain/service-token-status.ts'
import type { Database } from './database.ts'
import { mappings } from './mapping.ts'
import type { ServiceTokenRow, Tables } from './schema.ts'
import { locate } from './service-token-blocks.ts'
import { conditionsOf, countMatching, matching, narrowedBy } from './service-token-conditions.ts'
import { from, idIn, inOrder, inScope, newestFirst, tableWith } from './service-token-order.ts'

type SeenRow = ServiceTokenRow & { readonly last_seen_at: number | null }
type List = Page<SeenServiceToken>

/** Pages of service tokens. Each is found in an index alone, and only what it shows is then read from the table. */
export function createServiceTokenLists({ reader, scanner }: Database): Pick<Store, 'listServiceTokens' | 'serviceTokenOverview'> {
  const totalOf = async (scope: Scope) => (await locate(reader, scope, 0))?.total ?? 0

  /** Those of a scope: the blocks know how many there are and where the page begins. */
  async function listNewest(scope: Scope, offset: number, perPage: number): Promise<List> {
    const block = await locate(reader, scope, offset)
    if (block === undefined || offset >= block.total) return { items: [], total: block?.total ?? 0 }
    const there = newestFirst(from(inScope(reader, scope), block)).select('id')
    const page = there.limit(perPage).offset(offset - block.before)
    const rows = await readPage(reader, page, inOrder('service_token', 'created_at', 'desc'))
    return { items: rows.map(toSeen), total: block.total }
  }

  /** The same list from behind. */
  async function listOldest(scope: Scope, offset: number, perPage: number): Promise<List> {
    const end = (await totalOf(scope)) - offset
    const { items, total } = await listNewest(scope, Math.max(0, end - perPage), Math.max(0, Math.min(perPage, end)))
    return { items: items.toReversed(), total }
  }

  async function listMatching(db: Kysely<Tables>, scope: Scope, query: ServiceTokenQuery, offset: number): Promise<List> {
    const { perPage, order = 'created_at', direction = 'desc' } = query
    const conditions = conditionsOf(query)
    const narrowed = narrowedBy(conditions)
    const ordered = tableWith(order, narrowed)
    const count = () => (narrowed.length === 0 ? totalOf(scope) : countMatching(db, scope, conditions))
    const known = narrowed.some((table) => table !== ordered) ? await count() : undefined
    // Along the order one passes total / known tokens for each that matches. Few matches are sooner looked up and sorted.
    const isFew = known !== undefined && known ** 2 < (offset + perPage) * (await totalOf(scope))
    const tables = [...new Set(isFew ? [...narrowed, ordered] : [ordered, ...narrowed])]
    const way = inOrder(ordered, order, direction)
    const page = sql`(
      select ${idIn(ordered)} as id ${matching(tables, scope, conditions)} order by ${way} limit ${perPage} offset ${offset}
    )`
    const rows = await readPage(db, page, way)
    const isLast = rows.length > 0 ? rows.length < perPage : offset === 0
    return { items: rows.map(toSeen), total: known ?? (isLast ? offset + rows.length : await count()) }
  }

  return {
    listServiceTokens(scope, query) {
      const { page, perPage, name, search, status, order = 'created_at', direction = 'desc' } = query
      const offset = Math.min((page - 1) * perPage, Number.MAX_SAFE_INTEGER)
      const isWhole = name === undefined && !search && status === undefined
      if (isWhole && order === 'created_at') return (direction === 'desc' ? listNewest : listOldest)(scope, offset, perPage)
      return listMatching(name === undefined || search ? scanner : reader, scope, query, offset)
    },

    async serviceTokenOverview(scope, at) {
      const count = (is: ServiceTokenStatus) => countMatching(scanner, scope, conditionsOf({ status: { is, at } }))
      const counts = serviceTokenStatuses.map(async (status) => [status, await count(status)] as const)
      return { total: await totalOf(scope), ...Object.fromEntries(await Promise.all(counts)) } as ServiceTokenOverview
    },
  }
}

/** @param page the ids of its tokens. */
async function readPage(db: Kysely<Tables>, page: Expression<unknown>, order: RawBuilder<unknown>): Promise<readonly SeenRow[]> {
  const query = sql<SeenRow>`
    select service_token.*, last_seen_at
    from ${page} as page
    join service_token on service_token.id = page.id
    left join service_token_use on service_token_use.service_token_id = page.id
    order by ${order}
  `
  return (await query.execute(db)).rows
}

export function toSeen(row: SeenRow): SeenServiceToken {
  // A token is there among the uses before it was used.
  return { token: mappings.service_token.fromRow(row), lastSeenAt: row.last_seen_at || null }
}
