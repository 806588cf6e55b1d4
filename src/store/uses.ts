import { type Kysely, sql, type Transaction } from 'kysely'
import type { SecretUse, Used } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import { batches } from './batches.ts'
import { allot } from './change-log.ts'
import type { Tables } from './schema.ts'

/** Stores when credentials of a kind were last used. */
export async function recordUses(db: Kysely<Tables>, kind: Used, uses: ReadonlyMap<string, Instant>): Promise<void> {
  // The two tables are alike but for the name of their first column.
  const [table, column] = [`${kind}_use` as 'service_token_use', `${kind}_id` as 'service_token_id']
  for (const batch of batches([...uses])) {
    await db.transaction().execute(async (trx) => {
      const existing = await thoseThatExist(trx, kind, new Set(batch.map(([id]) => id)))
      const rows = batch.flatMap(([id, at]) => (existing.has(id) ? [{ [column]: id, last_seen_at: at }] : []))
      if (rows.length === 0) return
      await trx
        .insertInto(table)
        .values(rows as unknown as readonly { service_token_id: string; last_seen_at: number }[])
        .onConflict((conflict) =>
          conflict
            .column(column)
            .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
            .whereRef('excluded.last_seen_at', '>', `${table}.last_seen_at`),
        )
        .execute()
    })
  }
}

/** One may have been deleted since it was used. */
async function thoseThatExist(trx: Transaction<Tables>, kind: Used, ids: ReadonlySet<string>): Promise<ReadonlySet<string>> {
  // Whoever deletes tokens or records uses as well waits: a token that is found below does not go before its use is stored.
  await allot(trx, 0)
  const rows = await trx
    .selectFrom(kind)
    .select('id')
    .where('id', 'in', [...ids])
    .execute()
  return new Set(rows.map(({ id }) => id))
}

/** Addresses that are kept of each secret. */
const addressesKept = 50

/** Stores from where secrets were last used. */
export async function recordSecretUses(db: Kysely<Tables>, uses: readonly SecretUse[]): Promise<void> {
  for (const batch of batches(uses)) {
    await db.transaction().execute(async (trx) => {
      const existing = await thoseThatExist(trx, 'service_token', new Set(batch.map(({ tokenId }) => tokenId)))
      const rows = batch.flatMap(({ tokenId, secretVersion, address, at }) =>
        existing.has(tokenId) ? [{ service_token_id: tokenId, secret_version: secretVersion, address, last_seen_at: at }] : [],
      )
      if (rows.length === 0) return
      await trx
        .insertInto('secret_use')
        .values(rows)
        .onConflict((conflict) =>
          conflict
            .columns(['service_token_id', 'secret_version', 'address'])
            .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
            .whereRef('excluded.last_seen_at', '>', 'secret_use.last_seen_at'),
        )
        .execute()
      await prune(trx, [...existing])
    })
  }
}

/** Forgets the addresses that were seen longest ago, and the secrets before the previous one. */
async function prune(trx: Transaction<Tables>, ids: readonly string[]): Promise<void> {
  await sql`
    delete from secret_use where service_token_id in (${sql.join(ids)}) and (service_token_id, secret_version, address) in (
      select service_token_id, secret_version, address from (
        select
          secret_use.*, service_token.secret_version as version, service_token.previous_version as version_before,
          row_number() over (partition by service_token_id, secret_use.secret_version order by last_seen_at desc, address) as place
        from secret_use join service_token on service_token.id = service_token_id
        where service_token_id in (${sql.join(ids)})
      ) as used
      where place > ${addressesKept} or (secret_version <> version and secret_version <> coalesce(version_before, version))
    )
  `.execute(trx)
}

export async function listSecretUses(db: Kysely<Tables>, tokenId: string): Promise<readonly SecretUse[]> {
  const used = db.selectFrom('secret_use').selectAll().where('service_token_id', '=', tokenId)
  const rows = await used.orderBy('last_seen_at', 'desc').orderBy('address').execute()
  return rows.map((row) => ({ tokenId, secretVersion: row.secret_version, address: row.address, at: row.last_seen_at }))
}
