import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import type { RandomBytes } from '../domain/secret.ts'
import type { Config } from './settings.ts'
import { key256 } from './values.ts'

/** The master key: as configured, else from its file, which is made when it is missing. Fails when the file holds something else. */
export function loadMasterKey({ masterKey, databaseUrl }: Pick<Config, 'masterKey' | 'databaseUrl'>, random: RandomBytes): Uint8Array {
  if (masterKey !== undefined) return masterKey
  const path = join(databaseUrl.engine === 'sqlite' ? dirname(databaseUrl.path) : 'data', 'master.key')
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  try {
    // Fails where there is one: of two processes that start at once, the second reads what the first has written.
    writeFileSync(path, `${Buffer.from(random(32)).toString('hex')}\n`, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
  }
  try {
    return key256(readFileSync(path, 'utf8').trim())
  } catch (error) {
    throw new Error(`the master key in ${path} must be ${(error as Error).message}`, { cause: error })
  }
}
