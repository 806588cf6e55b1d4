import { setTimeout } from 'node:timers/promises'
import type { Log, Store } from '../authority/ports.ts'
import { createSealer, requireMasterKey, type Sealer } from '../authority/sealer.ts'
import { loadMasterKey } from '../config/master-key.ts'
import type { Config } from '../config/settings.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Database } from '../store/database.ts'
import { isMigrated, migrate } from '../store/migrate.ts'
import { requireUnmarked } from '../store/move-mark.ts'
import { openPostgres } from '../store/postgres.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createStore } from '../store/store.ts'
import type { Closer } from './closers.ts'

export interface StorageDeps {
  readonly config: Config
  readonly log: Log
  readonly random: RandomBytes
  /** Whether the database is brought to the form that this version knows, and gets its master key. Otherwise it is waited for until somebody else has done so. */
  readonly migrates: boolean
}

export interface Storage {
  readonly store: Store
  readonly sealer: Sealer
}

/** Opens the database. Fails while it is being moved, and where the master key is not the one that it was made with. */
export async function openStorage({ config, log, random, migrates }: StorageDeps, closers: Closer[]): Promise<Storage> {
  const database = openDatabase(config, log)
  closers.push(database.close)
  const store = createStore(database)
  await requireUnmarked(database.db)
  if (migrates) await migrate(database.patient)
  else await untilMade(database, store, log)
  // Whoever waited may have done so until a move began.
  await requireUnmarked(database.db)
  const sealer = createSealer(loadMasterKey(config, !(await store.hasMasterKeyProof()), random), random)
  await requireMasterKey(sealer, store.keepMasterKeyProof)
  return { store, sealer }
}

function openDatabase({ databaseUrl }: Config, log: Log): Database {
  return databaseUrl.engine === 'sqlite' ? openSqlite(databaseUrl.path) : openPostgres(databaseUrl.url, log)
}

const lookEveryMs = 500

/** Nodes may be started in any order. */
async function untilMade({ patient }: Database, store: Store, log: Log): Promise<void> {
  for (let looks = 0; !((await isMigrated(patient)) && (await store.hasMasterKeyProof())); looks++) {
    if (looks === 0) log.warn({}, 'waiting for a node with the API, of this version or a later one, to set up the database')
    await setTimeout(lookEveryMs)
  }
}
