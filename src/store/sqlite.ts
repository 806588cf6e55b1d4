import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { CompiledQuery, type DatabaseConnection, type Dialect, Kysely, SqliteDialect } from 'kysely'
import { packedCredentials } from './credentials.ts'
import type { Database } from './database.ts'
import { readerDialect } from './reader-dialect.ts'
import { createReaderThread } from './reader-thread.ts'
import type { Tables } from './schema.ts'

/** Opens the SQLite file, with its folder when that is missing. A transaction that was answered survives a crash of the machine. */
export function openSqlite(path: string): Database {
  // Nobody but the owner of the process has business in there.
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const database = new Sqlite(path)
  chmodSync(path, 0o600)
  // Only until the first transaction: by then there are requests that the waiting would hold up.
  database.pragma('busy_timeout = 5000')
  database.pragma('journal_mode = WAL')
  database.pragma('synchronous = FULL')
  database.pragma('foreign_keys = ON')
  const db = new Kysely<Tables>({ dialect: writing(new SqliteDialect({ database })) })
  const [pages, scans] = [createReaderThread(path), createReaderThread(path)]
  const scanner = new Kysely<Tables>({ dialect: readerDialect(scans) })
  return {
    db,
    patient: db,
    reader: new Kysely<Tables>({ dialect: readerDialect(pages) }),
    scanner,
    credentials: (pageSize) => packedCredentials(scanner, pageSize),
    async close() {
      await Promise.all([pages.end(), scans.end()])
      // The last one to close the file leaves it whole, without a log beside it.
      await db.destroy()
    },
  }
}

/** Kysely's dialect, for transactions that write, as all of ours do. */
function writing(dialect: SqliteDialect): Dialect {
  return {
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    // SQLite rolls back the making of tables like anything else; without this, a crash would leave half a migration behind.
    createAdapter: () => Object.defineProperty(dialect.createAdapter(), 'supportsTransactionalDdl', { value: true }),
    // One that locks only at its first write fails at once when another process has written since its first read.
    createDriver: () => Object.assign(dialect.createDriver(), { beginTransaction: lockAtOnce }),
  }
}

const lockRetryMs = 20
const lockAttempts = 250

/** Waits for another process that writes, without holding up this one; after 5 seconds it fails. */
async function lockAtOnce(connection: DatabaseConnection): Promise<void> {
  await connection.executeQuery(CompiledQuery.raw('pragma busy_timeout = 0'))
  for (let attempt = 1; ; attempt++) {
    try {
      await connection.executeQuery(CompiledQuery.raw('begin immediate'))
      return
    } catch (error) {
      if (attempt === lockAttempts || (error as { code?: string }).code !== 'SQLITE_BUSY') throw error
      await setTimeout(lockRetryMs)
    }
  }
}
