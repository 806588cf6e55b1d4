import Sqlite from 'better-sqlite3'
import { Kysely, SqliteDialect } from 'kysely'
import { MoveError } from './move-mark.ts'
import type { Tables } from './schema.ts'
import { writing } from './sqlite.ts'

/** Opens a SQLite file that is there, for nobody else until it is closed. Fails when any process has it open, even one that does nothing just then. */
export function openSqliteAlone(path: string): Kysely<Tables> {
  try {
    const database = new Sqlite(path, { fileMustExist: true, timeout: 0 })
    takeForOneself(database)
    const begin = async () => void database.prepare('begin immediate').run()
    return new Kysely<Tables>({ dialect: writing(new SqliteDialect({ database }), begin) })
  } catch (error) {
    const { code } = error as { readonly code?: string }
    if (code === 'SQLITE_BUSY')
      throw new MoveError(`${path} is in use: stop Postern first, and whatever else has the file open`, { cause: error })
    if (code === 'SQLITE_CANTOPEN') throw new MoveError(`there is no database that could be opened at ${path}`, { cause: error })
    throw error
  }
}

function takeForOneself(database: Sqlite.Database): void {
  try {
    // Before anything is read: then a file with a write-ahead log is locked as a whole, which fails while any other connection is open (sqlite.org/wal.html,
    // "Use of WAL Without Shared-Memory"), and stays locked after the transaction.
    database.pragma('locking_mode = EXCLUSIVE')
    database.pragma('synchronous = FULL')
    database.pragma('foreign_keys = ON')
    database.exec('begin exclusive; commit')
  } catch (error) {
    database.close()
    throw error
  }
}
