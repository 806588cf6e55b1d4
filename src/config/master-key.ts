import { existsSync, linkSync, mkdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RandomBytes } from '../domain/secret.ts'
import type { Config } from './settings.ts'
import { key256 } from './values.ts'

/**
 * The master key: as configured, else from its file. A missing file is made only for a database that has none yet (`isFirst`): for any other a new key
 * would be a wrong one, and stand in the way of the right one's return. Fails when the file is missing then, or holds something else.
 */
export function loadMasterKey(
  { masterKey, databaseUrl }: Pick<Config, 'masterKey' | 'databaseUrl'>,
  isFirst: boolean,
  random: RandomBytes,
): Uint8Array {
  if (masterKey !== undefined) return masterKey
  const path = masterKeyPath(databaseUrl)
  if (isFirst && !existsSync(path)) make(path, random)
  try {
    return key256(readFileSync(path, 'utf8').trim())
  } catch (error) {
    const what =
      (error as NodeJS.ErrnoException).code === 'ENOENT' ? 'there; bring it back, or set POSTERN_MASTER_KEY' : (error as Error).message
    throw new Error(`the master key of this database must be in ${path}: it must be ${what}`, { cause: error })
  }
}

/** Where the master key of a database is, when no setting says otherwise. */
export function masterKeyPath(databaseUrl: Config['databaseUrl']): string {
  return join(databaseUrl.engine === 'sqlite' ? dirname(databaseUrl.path) : 'data', 'master.key')
}

/** On disk as a whole or not at all: the database must not remember a key that a crash has taken away. */
function make(path: string, random: RandomBytes): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  const unfinished = `${path}.${process.pid}`
  writeFileSync(unfinished, `${Buffer.from(random(32)).toString('hex')}\n`, { mode: 0o600, flush: true })
  try {
    // Fails where there is one by now: of two processes that start at once, the second uses what the first has made.
    linkSync(unfinished, path)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  unlinkSync(unfinished)
}
