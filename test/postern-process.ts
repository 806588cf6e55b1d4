import { type ChildProcess, spawn } from 'node:child_process'
import { type AnyDatabase, anyDatabase, filesIn, isOnSqlite } from './any-database.ts'
import { unlimited } from './fixtures.ts'

/** Postern as its users run it: a process of its own, made of dist/main.js. */
export interface PosternProcess {
  readonly apiUrl: string
  readonly gateUrl: string
  readonly child: ChildProcess
  /** All that it has written to either stream so far. */
  output(): string
  /** Sends a signal, and answers with the exit code once it has ended; `null` when the signal ended it. */
  end(signal: NodeJS.Signals): Promise<number | null>
}

export interface ProcessOptions {
  /** The working directory: the database is in its `data` folder, or with `POSTERN_TEST_ENGINE=postgres` one of a PostgreSQL, the same for the same folder. */
  readonly folder: string
  /** Settings by their environment names without `POSTERN_`. */
  readonly settings?: Readonly<Record<string, string>>
  /** Nobody reads standard output. */
  readonly stdoutClosed?: boolean
  /** Other variables than settings. */
  readonly environment?: Readonly<Record<string, string>>
}

/** Starts it on free ports, and waits until it says that it is ready. */
export async function startProcess({
  folder,
  settings = {},
  stdoutClosed = false,
  environment: others = {},
}: ProcessOptions): Promise<PosternProcess> {
  const database = await databaseOf(folder, settings)
  const child = spawn(process.execPath, [`${import.meta.dirname}/../dist/main.js`, 'serve'], {
    cwd: folder,
    env: { ...environment({ API_LISTEN: '127.0.0.1:0', GATE_LISTEN: '127.0.0.1:0', ...unlimited, ...database, ...settings }), ...others },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  if (stdoutClosed) child.stdout.destroy()
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve))
  let output = ''
  const ready = new Promise<{ api: string; gate: string }>((resolve, reject) => {
    let log = ''
    child.stdout.on('data', (chunk) => (output += chunk))
    child.stderr.on('data', (chunk) => {
      output += chunk
      log += chunk
      const line = log.split('\n').find((entry) => entry.includes('"msg":"ready"') && entry.endsWith('}'))
      if (line !== undefined) resolve(JSON.parse(line))
    })
    child.once('exit', (code) => reject(new Error(`it ended with ${code} before it was ready:\n${output}`)))
  })
  const { api: apiUrl, gate: gateUrl } = await ready
  return {
    ...{ apiUrl, gateUrl, child, output: () => output },
    end(signal) {
      child.kill(signal)
      return closed
    },
  }
}

const databases = new Map<string, Promise<AnyDatabase>>()

/** They go with the server, which is stopped when all tests have run. */
async function databaseOf(folder: string, { DATABASE_URL }: Readonly<Record<string, string>>) {
  if (DATABASE_URL !== undefined || isOnSqlite) return {}
  const known = databases.get(folder) ?? anyDatabase()
  databases.set(folder, known)
  return (await known).settings
}

/** All that Postern has stored in the database of this folder. */
export async function storedIn(folder: string): Promise<string> {
  return (await databases.get(folder))?.content() ?? filesIn(`${folder}/data`)
}

/** This process's environment without settings of its own for Postern. */
function environment(settings: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'))
  return Object.fromEntries([...inherited, ...Object.entries(settings).map(([name, value]) => [`POSTERN_${name}`, value])])
}

/** The credentials that a first start shows. */
export function shownIn(output: string): { accountId: string; zoneId: string; email: string; apiKey: string; apiToken: string } {
  const value = (label: string) => new RegExp(`^ {2}${label} +(\\S+)$`, 'm').exec(output)?.[1] ?? `no ${label} was shown`
  const [accountId, zoneId, email] = [value('Account id'), value('Zone id'), value('Owner e-mail')]
  return { accountId, zoneId, email, apiKey: value('API key'), apiToken: value('API token') }
}
