import type { Log, Store } from '../authority/ports.ts'
import { createSealer, requireMasterKey, type Sealer } from '../authority/sealer.ts'
import { loadMasterKey } from '../config/master-key.ts'
import type { Config } from '../config/settings.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Database } from '../store/database.ts'
import { migrate } from '../store/migrate.ts'
import { openPostgres } from '../store/postgres.ts'
import { openSqlite } from '../store/sqlite.ts'
import { createStore } from '../store/store.ts'
import type { Closer } from './closers.ts'

export interface StorageDeps {
  readonly config: Config
  readonly log: Log
  readonly random: RandomBytes
  /** Whether the database is brought to the form that this version knows. Otherwise it must have it. */
  readonly migrates: boolean
}

export interface Storage {
  readonly store: Store
  readonly sealer: Sealer
}

/** Opens the database, and fails where the master key is not the one that it was made with. */
export async function openStorage({ config, log, random, migrates }: StorageDeps, closers: Closer[]): Promise<Storage> {
  const database = openDatabase(config, log)
  closers.push(database.close)
  if (migrates) await migrate(database.patient)
  const store = createStore(database)
  const sealer = createSealer(loadMasterKey(config, !(await store.hasMasterKeyProof()), random), random)
  await requireMasterKey(sealer, store.keepMasterKeyProof)
  return { store, sealer }
}

function openDatabase({ databaseUrl }: Config, log: Log): Database {
  const onIdleError = (error: Error) => log.warn({ err: error }, 'a connection to the database broke')
  return databaseUrl.engine === 'sqlite' ? openSqlite(databaseUrl.path) : openPostgres(databaseUrl.url, onIdleError)
}
