import type { Log } from '../authority/ports.ts'
import { masterKeyPath } from '../config/master-key.ts'
import type { Config } from '../config/settings.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Database } from '../store/database.ts'
import { type MovedTable, type MoveProgress, move } from '../store/move.ts'
import { MoveError, removeMark } from '../store/move-mark.ts'
import { openPostgres } from '../store/postgres.ts'
import { openSqliteAlone } from '../store/sqlite-alone.ts'
import { isUnavailable } from '../store/unavailable.ts'

/** So many rows that a page takes longer than asking for it, and so few that PostgreSQL's 65,535 parameters are enough for each table. */
const pageSize = 1000

/** A connection that breaks while nobody uses it is noticed with the next statement. */
const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

export interface MoveDeps {
  readonly config: Config
  readonly random: RandomBytes
  readonly report: (progress: MoveProgress) => void
}

export interface Moved {
  readonly tables: readonly MovedTable[]
  /** Where the old database is, and how the new one may be called where a password must not be. */
  readonly from: string
  readonly to: string
  /** The file of the master key, unless a setting holds it. */
  readonly masterKeyFile: string | undefined
}

/** Moves everything from SQLite to PostgreSQL, as the settings name them. Interrupted at any moment, it goes on from there when it is called again. */
export async function moveToPostgres({ config, random, report }: MoveDeps): Promise<Moved> {
  const { migrateToUrl, masterKey, databaseUrl } = config
  if (migrateToUrl === undefined)
    throw new MoveError('Where to? Set POSTERN_MIGRATE_TO_URL or POSTERN_MIGRATE_TO_URL_FILE, or give the URL.')
  const from = sourcePath(config)
  const { host, pathname } = new URL(migrateToUrl)
  const to = `${host}${pathname}`
  const source = openSqliteAlone(from)
  const target = openPostgres(migrateToUrl, silent)
  try {
    await reach(target, to)
    const newId = () => Buffer.from(random(16)).toString('hex')
    const tables = await move({ source, target: target.patient, to, newId, pageSize, report }).catch((error: unknown) => {
      if (!isUnavailable(error)) throw error
      throw new MoveError(`${to} does not answer any more: ${reason(error)}. Run the same command again, and it goes on.`, { cause: error })
    })
    return { tables, from, to, masterKeyFile: masterKey === undefined ? masterKeyPath(databaseUrl) : undefined }
  } finally {
    await target.close()
    await source.destroy()
  }
}

/** Lets Postern work on the SQLite database again. Answers with its path. */
export async function cancelMove(config: Config): Promise<string> {
  const path = sourcePath(config)
  const source = openSqliteAlone(path)
  await removeMark(source).finally(() => source.destroy())
  return path
}

function sourcePath({ databaseUrl }: Config): string {
  if (databaseUrl.engine === 'sqlite') return databaseUrl.path
  throw new MoveError('POSTERN_DATABASE_URL is PostgreSQL already; for a move it names the SQLite database that everything is in')
}

async function reach({ db }: Database, to: string): Promise<void> {
  try {
    await db.connection().execute(() => Promise.resolve())
  } catch (error) {
    throw new MoveError(`${to} cannot be reached: ${reason(error)}`, { cause: error })
  }
}

/** A host with several addresses answers with an error for each, and no text for all of them. */
function reason(error: unknown): string {
  const { code, message } = error as NodeJS.ErrnoException
  return message || code || String(error)
}
