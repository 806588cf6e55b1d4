// better-sqlite3 is that of Postern (Node looks for it in the folders above), so that all stand on the same SQLite.
import { join } from 'node:path'
import Database from 'better-sqlite3'
import { folder } from './announcement.mjs'

/** A database in the peer's folder, in WAL mode, as better-sqlite3's documentation advises for servers. */
export function openDatabase() {
  const database = new Database(join(folder, 'peer.db'))
  database.pragma('journal_mode = WAL')
  return database
}

/** Fills it in one transaction: how long that takes is nobody's question here. @param {import('better-sqlite3').Database} database @param {() => void | Promise<void>} fill */
export async function filled(database, fill) {
  database.exec('BEGIN')
  await fill()
  database.exec('COMMIT')
}
