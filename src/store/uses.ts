import { type Kysely, sql } from 'kysely'
import type { SecretUse, Used } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import { batches } from './batches.ts'
import { allotting } from './change-log.ts'
import type { Database } from './database.ts'
import type { Tables } from './schema.ts'
import { ask, type Steps } from './steps.ts'

/** Stores when credentials of a kind were last used. */
export async function recordUses({ db, write }: Database, kind: Used, uses: ReadonlyMap<string, Instant>): Promise<void> {
  for (const batch of batches([...uses])) await write(() => storeUses(db, kind, batch))
}

function* storeUses(db: Kysely<Tables>, kind: Used, batch: readonly (readonly [id: string, at: Instant])[]): Steps<boolean> {
  // The two tables are alike but for the name of their first column.
  const [table, column] = [`${kind}_use` as 'service_token_use', `${kind}_id` as 'service_token_id']
  const existing = yield* thoseThatExist(db, kind, new Set(batch.map(([id]) => id)))
  const rows = batch.flatMap(([id, at]) => (existing.has(id) ? [{ [column]: id, last_seen_at: at }] : []))
  if (rows.length === 0) return true
  yield* ask(
    db
      .insertInto(table)
      .values(rows as unknown as readonly { service_token_id: string; last_seen_at: number }[])
      .onConflict((conflict) =>
        conflict
          .column(column)
          .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
          .whereRef('excluded.last_seen_at', '>', `${table}.last_seen_at`),
      ),
  )
  return true
}

/** One may have been deleted since it was used. */
function* thoseThatExist(db: Kysely<Tables>, kind: Used, ids: ReadonlySet<string>): Steps<ReadonlySet<string>> {
  // Whoever deletes tokens or records uses as well waits: a token that is found below does not go before its use is stored.
  yield* allotting(db)(0)
  const found = yield* ask(
    db
      .selectFrom(kind)
      .select('id')
      .where('id', 'in', [...ids]),
  )
  return new Set(found.rows.map(({ id }) => id))
}

/** Addresses that are kept of each secret. */
const addressesKept = 50

/** Stores from where secrets were last used. */
export async function recordSecretUses({ db, write }: Database, uses: readonly SecretUse[]): Promise<void> {
  for (const batch of batches(uses)) await write(() => storeSecretUses(db, batch))
}

function* storeSecretUses(db: Kysely<Tables>, batch: readonly SecretUse[]): Steps<boolean> {
  const existing = yield* thoseThatExist(db, 'service_token', new Set(batch.map(({ tokenId }) => tokenId)))
  const rows = batch.flatMap(({ tokenId, secretVersion, address, at }) =>
    existing.has(tokenId) ? [{ service_token_id: tokenId, secret_version: secretVersion, address, last_seen_at: at }] : [],
  )
  if (rows.length === 0) return true
  yield* ask(
    db
      .insertInto('secret_use')
      .values(rows)
      .onConflict((conflict) =>
        conflict
          .columns(['service_token_id', 'secret_version', 'address'])
          .doUpdateSet((row) => ({ last_seen_at: row.ref('excluded.last_seen_at') }))
          .whereRef('excluded.last_seen_at', '>', 'secret_use.last_seen_at'),
      ),
  )
  yield* prune(db, [...existing])
  return true
}

/** Forgets the addresses that were seen longest ago, and the secrets before the previous one. */
function* prune(db: Kysely<Tables>, ids: readonly string[]): Steps<void> {
  const forget = sql`
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
  `
  yield* ask(forget.compile(db))
}

export async function listSecretUses(db: Kysely<Tables>, tokenId: string): Promise<readonly SecretUse[]> {
  const used = db.selectFrom('secret_use').selectAll().where('service_token_id', '=', tokenId)
  const rows = await used.orderBy('last_seen_at', 'desc').orderBy('address').execute()
  return rows.map((row) => ({ tokenId, secretVersion: row.secret_version, address: row.address, at: row.last_seen_at }))
}
