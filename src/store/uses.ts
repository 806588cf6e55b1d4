import { type Kysely, type RawBuilder, sql } from 'kysely'
import type { SecretUse, Used } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import { batches } from './batches.ts'
import { takingTurns } from './change-log.ts'
import type { Database } from './database.ts'
import type { Tables } from './schema.ts'
import { filled, lines, rowsAtOnce } from './value-lines.ts'

export interface UseRecorder {
  recordUses(kind: Used, uses: ReadonlyMap<string, Instant>): Promise<void>
  recordSecretUses(uses: readonly SecretUse[]): Promise<void>
}

/** Stores when credentials were last used, and from where. Of those that were deleted since, nothing. */
export function createUseRecorder({ db, record }: Pick<Database, 'db' | 'record'>): UseRecorder {
  const wait = takingTurns(db)
  const store = { service_token: storeUses('service_token').compile(db), api_token: storeUses('api_token').compile(db) }
  const [storeSecrets, prune] = [storeSecretUses().compile(db), pruneSecretUses().compile(db)]
  return {
    async recordUses(kind, uses) {
      for (const batch of batches([...uses], rowsAtOnce)) await record([wait, filled(store[kind], batch, ['', 0])])
    },
    async recordSecretUses(uses) {
      for (const batch of batches(uses, rowsAtOnce)) {
        const rows = batch.map(({ tokenId, secretVersion, address, at }) => [tokenId, secretVersion, address, at])
        const { parameters: ids } = filled(
          prune,
          batch.map(({ tokenId }) => [tokenId]),
          [''],
        )
        await record([wait, filled(storeSecrets, rows, ['', 0, '', 0]), { ...prune, parameters: [...ids, ...ids] }])
      }
    },
  }
}

function storeUses(kind: Used): RawBuilder<unknown> {
  // The two tables are alike but for the names.
  const [credential, table, column] = [kind, `${kind}_use`, `${kind}_id`].map((name) => sql.ref(name))
  return sql`
    with used (id, at) as (values ${lines('text', 'bigint')})
    insert into ${table} (${column}, last_seen_at)
    select used.id, used.at from used join ${credential} on ${credential}.id = used.id where true
    on conflict (${column}) do update set last_seen_at = excluded.last_seen_at where excluded.last_seen_at > ${table}.last_seen_at
  `
}

function storeSecretUses(): RawBuilder<unknown> {
  return sql`
    with used (id, version, address, at) as (values ${lines('text', 'bigint', 'text', 'bigint')})
    insert into secret_use (service_token_id, secret_version, address, last_seen_at)
    select used.id, used.version, used.address, used.at from used join service_token on service_token.id = used.id where true
    on conflict (service_token_id, secret_version, address)
    do update set last_seen_at = excluded.last_seen_at where excluded.last_seen_at > secret_use.last_seen_at
  `
}

/** Addresses that are kept of each secret. */
const addressesKept = 50

/** Forgets the addresses that were seen longest ago, and the secrets before the previous one. */
function pruneSecretUses(): RawBuilder<unknown> {
  const ids = sql.join(Array.from({ length: rowsAtOnce }, () => ''))
  return sql`
    delete from secret_use where service_token_id in (${ids}) and (service_token_id, secret_version, address) in (
      select service_token_id, secret_version, address from (
        select
          secret_use.*, service_token.secret_version as version, service_token.previous_version as version_before,
          row_number() over (partition by service_token_id, secret_use.secret_version order by last_seen_at desc, address) as place
        from secret_use join service_token on service_token.id = service_token_id
        where service_token_id in (${ids})
      ) as used
      where place > ${sql.lit(addressesKept)} or (secret_version <> version and secret_version <> coalesce(version_before, version))
    )
  `
}

export async function listSecretUses(db: Kysely<Tables>, tokenId: string): Promise<readonly SecretUse[]> {
  const used = db.selectFrom('secret_use').selectAll().where('service_token_id', '=', tokenId)
  const rows = await used.orderBy('last_seen_at', 'desc').orderBy('address').execute()
  return rows.map((row) => ({ tokenId, secretVersion: row.secret_version, address: row.address, at: row.last_seen_at }))
}
