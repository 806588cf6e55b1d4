import { cpSync, mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { sql } from 'kysely'
import { openSqlite } from '../src/store/sqlite.ts'
import { shownIn } from '../test/postern-process.ts'
import type { Context } from './bench.ts'
import { fillTokens } from './many-tokens.ts'
import { type Running, start } from './processes.ts'
import type { Credentials } from './requests.ts'

/** A database that has had its first start, with tokens of which the secrets are known. */
export interface Installation {
  /** Postern's working directory. */
  readonly folder: string
  readonly tokens: number
  readonly accountId: string
  readonly apiToken: string
  /** Of as many tokens as are ever asked for at once, spread evenly over all. */
  readonly credentials: readonly Credentials[]
}

export interface RunningPostern extends Running {
  readonly apiUrl: string
  /** The gate with the path of forward-auth. */
  readonly authorizeUrl: string
}

/** Of so many tokens the secrets are kept. */
const mostCredentials = 100_000
const main = join(import.meta.dirname, '..', 'dist', 'main.js')

const made = new Map<string, Promise<Installation>>()

/** The installation with so many tokens. It is made once in a run, and every bench that wants as many gets the same: leave it as it was. */
export function installationWith(context: Context, tokens: number): Promise<Installation> {
  const folder = join(context.shared, `tokens-${tokens}`)
  const known = made.get(folder) ?? makeInstallation(context, folder, tokens)
  // Who tries again finds nothing half made.
  known.catch(() => made.delete(folder))
  made.set(folder, known)
  return known
}

/** The same tokens in a database of its own. */
export function copyOf({ scratch }: Context, installation: Installation, name: string): Installation {
  const folder = join(scratch, name)
  cpSync(installation.folder, folder, { recursive: true })
  return { ...installation, folder }
}

/** A new installation in a folder of its own. Settings are those of its first start. */
export async function makeInstallation(
  { say }: Pick<Context, 'say'>,
  folder: string,
  tokens: number,
  settings: Readonly<Record<string, string>> = {},
): Promise<Installation> {
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  const first = await startPostern({ folder }, settings)
  const { accountId, apiToken } = shownIn(first.output())
  await first.stop()
  const credentials: Credentials[] = []
  const every = Math.max(1, Math.ceil(tokens / mostCredentials))
  if (tokens > mostCredentials) say(`filling a database with ${tokens.toLocaleString('en')} tokens`)
  const database = openSqlite(join(folder, 'data', 'postern.db'))
  // Random keys land all over the file, so this is a matter of memory.
  await sql`pragma cache_size = -1000000`.execute(database.db)
  const keep = (number: number, clientId: string, secret: string) => {
    if (number % every === 0) credentials.push({ clientId, secret })
  }
  await fillTokens(database.db, accountId, tokens, () => undefined, keep)
  await database.close()
  return { folder, tokens, accountId, apiToken, credentials }
}

/** Two intervals in which records are stored, and a little. */
const recordingMs = 12_000

/** Waits until what is noted of each token's first request is stored: after a start that is much at once, and later next to nothing. */
export async function firstRequestsRecorded({ say }: Pick<Context, 'say'>): Promise<void> {
  say('waiting until the first requests are recorded')
  await sleep(recordingMs)
}

/** Starts Postern as its users run it, with default settings but for those given (by their environment names without `POSTERN_`). */
export async function startPostern(
  { folder }: Pick<Installation, 'folder'>,
  settings: Readonly<Record<string, string>> = {},
  core?: number,
): Promise<RunningPostern> {
  const all = { API_LISTEN: '127.0.0.1:0', GATE_LISTEN: '127.0.0.1:0', ...settings }
  const running = await start({
    command: [process.execPath, main, 'serve'],
    environment: Object.fromEntries(Object.entries(all).map(([name, value]) => [`POSTERN_${name}`, value])),
    ready: /"gate":"([^"]+)".*"msg":"ready"/,
    ...{ folder, ...(core !== undefined && { core }) },
  })
  const apiUrl = /"api":"([^"]+)".*"msg":"ready"/.exec(running.output())?.[1]
  if (apiUrl === undefined) throw new Error(`it did not say where its API is:\n${running.output()}`)
  return { ...running, apiUrl, authorizeUrl: `${running.url}/authorize` }
}
