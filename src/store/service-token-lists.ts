import { type Kysely, sql } from 'kysely'
import type { SeenServiceToken, Store } from '../authority/ports.ts'
import type { ServiceTokenQuery } from '../authority/queries.ts'
import type { Scope } from '../domain/service-token.ts'
import type { Database } from './database.ts'
import { mappings } from './mapping.ts'
import type { ServiceTokenRow, Tables } from './schema.ts'
import { locate } from './service-token-blocks.ts'
import { behind, from, inScope, newestFirst, type Sought } from './service-token-order.ts'

type SeenRow = ServiceTokenRow & { readonly last_seen_at: number | null }

interface List {
  readonly items: readonly SeenServiceToken[]
  readonly total: number
}

/** Pages of service tokens. Each is found in an index alone, and only what it shows is then read from the table. */
export function createServiceTokenLists({ reader, scanner }: Database): Pick<Store, 'listServiceTokens'> {
  /** Those of a scope: the blocks know how many there are and where the page begins. */
  async function listAll(scope: Scope, offset: number, perPage: number): Promise<List> {
    const block = await locate(reader, scope, offset)
    if (block === undefined || offset >= block.total) return { items: [], total: block?.total ?? 0 }
    const rows = await readPage(reader, from(inScope(reader, scope), block), offset - block.before, perPage)
    return { items: rows.map(toSeen), total: block.total }
  }

  /** Those that match, in one walk: up to the end of the page for the page, and from there on for the number. */
  async function listMatching(db: Kysely<Tables>, matching: Sought, offset: number, perPage: number): Promise<List> {
    const rows = await readPage(db, matching, offset, perPage)
    const last = rows.at(-1)
    const upToPage = last ? offset + rows.length : 0
    const isComplete = last ? rows.length < perPage : offset === 0
    const total = isComplete ? upToPage : upToPage + (await count(last ? behind(matching, last) : matching))
    return { items: rows.map(toSeen), total }
  }

  return {
    listServiceTokens(scope, { page, perPage, name, search }: ServiceTokenQuery) {
      const offset = Math.min((page - 1) * perPage, Number.MAX_SAFE_INTEGER)
      // Every text contains the empty one.
      if (search) {
        const named = name === undefined ? inScope(scanner, scope) : inScope(scanner, scope).where('name', '=', name)
        return listMatching(scanner, containing(named, search), offset, perPage)
      }
      if (name !== undefined) return listMatching(reader, inScope(reader, scope).where('name', '=', name), offset, perPage)
      return listAll(scope, offset, perPage)
    },
  }
}

function readPage(db: Kysely<Tables>, sought: Sought, offset: number, perPage: number): Promise<SeenRow[]> {
  const page = newestFirst(sought).select(['id', 'created_at']).limit(perPage).offset(offset).as('page')
  return db
    .selectFrom(page)
    .innerJoin('service_token', 'service_token.id', 'page.id')
    .leftJoin('service_token_use', 'service_token_use.service_token_id', 'page.id')
    .selectAll('service_token')
    .select('last_seen_at')
    .orderBy('page.created_at', 'desc')
    .orderBy('page.id')
    .execute()
}

async function count(sought: Sought): Promise<number> {
  return (await sought.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()).total
}

function containing(sought: Sought, text: string): Sought {
  const pattern = `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
  return sought.where(sql<boolean>`search_text like ${pattern} escape '\\'`)
}

export function toSeen(row: SeenRow): SeenServiceToken {
  return { token: mappings.service_token.fromRow(row), lastSeenAt: row.last_seen_at }
}
