import type { Kysely } from 'kysely'
import type { Used } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import { allot } from './change-log.ts'
import type { Tables } from './schema.ts'

/** Rows a statement: well below the number of parameters that either engine takes. */
const batchSize = 500

/** Stores when credentials of a kind were last used. */
export async function recordUses(db: Kysely<Tables>, kind: Used, uses: ReadonlyMap<string, Instant>): Promise<void> {
  const entries = [...uses]
  for (let from = 0; from < entries.length; from += batchSize) {
    await recordBatch(db, kind, new Map(entries.slice(from, from + batchSize)))
  }
}

async function recordBatch(db: Kysely<Tables>, kind: Used, uses: ReadonlyMap<string, Instant>): Promise<void> {
  // The two tables are alike but for the name of their first column.
  const [table, column] = [`${kind}_use` as 'service_token_use', `${kind}_id` as 'service_token_id']
  await db.transaction().execute(async (trx) => {
    // Whoever deletes tokens or records uses as well waits: a token that is found below does not go before its use is stored.
    await allot(trx, 0)
    // One may have been deleted since it was used.
    const existing = await trx
      .selectFrom(kind)
      .select('id')
      .where('id', 'in', [...uses.keys()])
      .execute()
    const rows = existing.map(
      ({ id }) => ({ [column]: id, last_seen_at: uses.get(id) ?? 0 }) as { service_token_id: string; last_seen_at: number },
    )
    if (rows.length === 0) return
    await trx
      .insertInto(table)
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .column(column)
          .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
          .whereRef('excluded.last_seen_at', '>', `${table}.last_seen_at`),
      )
      .execute()
  })
}
