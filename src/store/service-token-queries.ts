import { type Kysely, sql } from 'kysely'
import type { SeenServiceToken, Store } from '../authority/ports.ts'
import type { Scope } from '../domain/service-token.ts'
import { mappings } from './mapping.ts'
import type { ServiceTokenRow, Tables } from './schema.ts'

type Queries = Pick<Store, 'findServiceToken' | 'listServiceTokens'>

export function createServiceTokenQueries(db: Kysely<Tables>): Queries {
  function inScope({ accountId, zoneId }: Scope) {
    return db
      .selectFrom('service_token')
      .where('account_id', '=', accountId)
      .where('zone_id', zoneId === null ? 'is' : '=', zoneId)
  }

  function seen(query: ReturnType<typeof inScope>) {
    return query
      .leftJoin('service_token_use', 'service_token_use.service_token_id', 'service_token.id')
      .selectAll('service_token')
      .select('last_seen_at')
  }

  return {
    async findServiceToken(scope, id) {
      const row = await seen(inScope(scope)).where('id', '=', id).executeTakeFirst()
      return row && toSeen(row)
    },

    async listServiceTokens(scope, { page, perPage, name, search }) {
      let matching = inScope(scope)
      if (name !== undefined) matching = matching.where('name', '=', name)
      if (search !== undefined) matching = matching.where(sql<boolean>`search_text like ${containing(search)} escape '\\'`)
      const { total } = await matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const newestFirst = seen(matching).orderBy('created_at', 'desc').orderBy('id')
      const rows = await newestFirst
        .limit(perPage)
        .offset((page - 1) * perPage)
        .execute()
      return { items: rows.map(toSeen), total }
    },
  }
}

export async function countServiceTokens(db: Kysely<Tables>, accountId: string): Promise<number> {
  const count = db.selectFrom('service_token').select(({ fn }) => fn.countAll<number>().as('total'))
  return (await count.where('account_id', '=', accountId).executeTakeFirstOrThrow()).total
}

function toSeen(row: ServiceTokenRow & { readonly last_seen_at: number | null }): SeenServiceToken {
  return { token: mappings.service_token.fromRow(row), lastSeenAt: row.last_seen_at }
}

function containing(text: string): string {
  return `%${text.toLowerCase().replace(/[\\%_]/g, '\\$&')}%`
}
