import { type Kysely, sql } from 'kysely'
import type { SeenServiceToken, Store } from '../authority/ports.ts'
import type { Scope } from '../domain/service-token.ts'
import { allot } from './change-log.ts'
import { mappings } from './mapping.ts'
import type { ServiceTokenRow, Tables } from './schema.ts'

type Queries = Pick<Store, 'findServiceToken' | 'listServiceTokens' | 'recordUses'>

/** Rows a statement: well below the number of parameters that either engine takes. */
const batchSize = 500

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

    async recordUses(uses) {
      const entries = [...uses]
      for (let from = 0; from < entries.length; from += batchSize) {
        await recordBatch(new Map(entries.slice(from, from + batchSize)))
      }
    },
  }

  async function recordBatch(uses: ReadonlyMap<string, number>): Promise<void> {
    await db.transaction().execute(async (trx) => {
      // Whoever deletes tokens or records uses as well waits: a token that is found below does not go before its use is stored.
      await allot(trx, 0)
      // One may have been deleted since it was used.
      const existing = await trx
        .selectFrom('service_token')
        .select('id')
        .where('id', 'in', [...uses.keys()])
        .execute()
      const rows = existing.map(({ id }) => ({ service_token_id: id, last_seen_at: uses.get(id) ?? 0 }))
      if (rows.length === 0) return
      await trx
        .insertInto('service_token_use')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .column('service_token_id')
            .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
            .whereRef('excluded.last_seen_at', '>', 'service_token_use.last_seen_at'),
        )
        .execute()
    })
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
