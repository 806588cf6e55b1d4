import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import type { Database } from '../src/store/database.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A database for Postern, empty at first. */
export interface AnyDatabase {
  /** Of Postern on it, by their environment names without `POSTERN_`. */
  readonly settings: { readonly DATABASE_URL: string; readonly MASTER_KEY: string }
  /** Opens it as another process would, beside Postern. Who opens it closes it. */
  open(): Database
  /** Everything in it, as it lies on the disk or as the engine shows it. */
  content(): Promise<string>
  remove(): Promise<void>
}

const MASTER_KEY = 'c4'.repeat(32)
const noLog = { info: () => undefined, warn: () => undefined, error: () => undefined }

/** Whether tests run on files, as they do unless `POSTERN_TEST_ENGINE` is `postgres`. */
export const isOnSqlite = process.env['POSTERN_TEST_ENGINE'] !== 'postgres'

/** A SQLite file, or with `POSTERN_TEST_ENGINE=postgres` a database of a real PostgreSQL. */
export function anyDatabase(): Promise<AnyDatabase> {
  return isOnSqlite ? Promise.resolve(sqliteFile()) : onPostgres()
}

export function sqliteFile(): AnyDatabase & { readonly folder: string } {
  const { path: folder, remove } = temporaryFolder()
  const file = join(folder, 'postern.db')
  return {
    folder,
    settings: { DATABASE_URL: `sqlite:${file}`, MASTER_KEY },
    open: () => openSqlite(file),
    content: async () => filesIn(folder),
    remove: async () => remove(),
  }
}

/** All bytes of all files of a folder. */
export function filesIn(folder: string): string {
  return readdirSync(folder)
    .map((name) => readFileSync(join(folder, name), 'latin1'))
    .join('\n')
}

async function onPostgres(): Promise<AnyDatabase> {
  const { startPostgres } = await import('./store/postgres-server.ts')
  const { url, stop } = await startPostgres()
  let removed: Promise<void> | undefined
  return {
    settings: { DATABASE_URL: url, MASTER_KEY },
    open: () => openPostgres(url, noLog),
    async content() {
      const database = openPostgres(url, noLog)
      try {
        const tables = await database.db.introspection.getTables()
        const texts = await Promise.all(
          tables.map(({ name }) => sql<{ row: string }>`select cast(t as text) as row from ${sql.table(name)} as t`.execute(database.db)),
        )
        return texts.flatMap(({ rows }) => rows.map(({ row }) => row)).join('\n')
      } finally {
        await database.close()
      }
    },
    // Whoever cleans up twice need not know.
    remove: () => (removed ??= stop()),
  }
}
