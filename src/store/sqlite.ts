import { chmodSync, mkdirSync } from 'node:fs'
import { dirname } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import Sqlite from 'better-sqlite3'
import { type CompiledQuery, type Dialect, Kysely, type QueryResult, SqliteDialect, sql } from 'kysely'
import { packedCredentials } from './credentials.ts'
import type { Database } from './database.ts'
import { readerDialect } from './reader-dialect.ts'
import type { Tables } from './schema.ts'
import { createCheckpoints, farTooManyPages } from './sqlite-checkpoints.ts'
import { createSqliteThread } from './sqlite-thread.ts'
import { createSqliteWriter } from './sqlite-writer.ts'
import { createStatements, type Statements } from './statements.ts'

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
  database.pragma(`wal_autocheckpoint = ${farTooManyPages}`)
  const statements = createStatements(database)
  const begin = beginner(database, statements)
  const db = new Kysely<Tables>({
    dialect: writing(new SqliteDialect({ database: { ...statements, close: () => database.close() } }), begin),
  })
  const exclusively = <Result>(what: () => Promise<Result>) => db.connection().execute(what)
  const checkpointing = createSqliteThread(path, 'checkpoint')
  const { tidy } = createCheckpoints({ statements, thread: checkpointing, exclusively })
  const writer = createSqliteWriter({ database, statements, begin, exclusively, tidy })
  const dataVersion = database.prepare('pragma data_version').pluck()
  // Sees only what has been committed, whatever transaction is under way on the other.
  const looking = new Sqlite(path, { readonly: true })
  const looks = createStatements(looking)
  const [pages, scans, records] = [createSqliteThread(path, 'read'), createSqliteThread(path, 'read'), createSqliteThread(path, 'record')]
  const scanner = new Kysely<Tables>({ dialect: readerDialect(scans) })
  return {
    db,
    patient: db,
    reader: new Kysely<Tables>({ dialect: readerDialect(pages) }),
    scanner,
    credentials: (pageSize) => packedCredentials(scanner, pageSize),
    // Thrown into the promise. The connection that writes has in memory what it has written; another one reads it from the file after every commit.
    answer: async <Row>(query: CompiledQuery<Row>) => (database.inTransaction ? looks : statements).answer(query) as QueryResult<Row>,
    // What this connection commits itself does not change it.
    edition: () => dataVersion.get() as number,
    write: writer.write,
    // In turn with those that write here, as only one of them can.
    record: (statements) => exclusively(() => records.store(statements).finally(tidy)),
    now: sql<number>`cast(unixepoch('subsec') * 1000 as integer)`,
    // Whoever shares the file polls.
    ring: undefined,
    watch: () => () => Promise.resolve(),
    async close() {
      looking.close()
      await Promise.all([pages, scans, records, checkpointing].map((thread) => thread.end()))
      // The last one to close the file leaves it whole, without a log beside it.
      await db.destroy()
    },
  }
}

/** Kysely's dialect, for transactions that write, as all of ours do. */
export function writing(dialect: SqliteDialect, beginTransaction: () => Promise<void>): Dialect {
  return {
    createQueryCompiler: () => dialect.createQueryCompiler(),
    createIntrospector: (db) => dialect.createIntrospector(db),
    // SQLite rolls back the making of tables like anything else; without this, a crash would leave half a migration behind.
    createAdapter: () => Object.defineProperty(dialect.createAdapter(), 'supportsTransactionalDdl', { value: true }),
    createDriver: () => Object.assign(dialect.createDriver(), { beginTransaction }),
  }
}

const lockRetryMs = 20
const lockAttempts = 250

/** Begins transactions that may write. They wait for another process that writes, without holding up this one; after 5 seconds they fail. */
function beginner(database: Sqlite.Database, { prepare }: Statements): () => Promise<void> {
  let isFirst = true
  return async () => {
    if (isFirst) database.pragma('busy_timeout = 0')
    isFirst = false
    for (let attempt = 1; ; attempt++) {
      try {
        // One that locks only at its first write fails at once when another process has written since its first read.
        prepare('begin immediate').run()
        return
      } catch (error) {
        if (attempt === lockAttempts || (error as { code?: string }).code !== 'SQLITE_BUSY') throw error
        await setTimeout(lockRetryMs)
      }
    }
  }
}
