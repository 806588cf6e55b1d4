import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { Agent, type IncomingHttpHeaders, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '../../src/authority/ports.ts'
import type { Database } from '../../src/store/database.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { createStore } from '../../src/store/store.ts'
import { type MovableClock, movableClock, type RunningPostern, silent, startPostern } from '../fixtures.ts'

export interface Sent {
  readonly method: string
  /** Below `/client/v4`. */
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly body?: string | undefined
}

export interface Received {
  readonly status: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

/** A Postern that exchanges are replayed against, and what the gate would store beside it. */
export interface ContractServer {
  readonly bootstrap: RunningPostern['bootstrap']
  readonly clock: MovableClock
  readonly store: Store
  send(message: Sent): Promise<Received>
  stop(): Promise<void>
}

/** Limits that an exchange can reach. Time passes between exchanges, so none gets near them by what others did. */
const limits = { MAX_SERVICE_TOKENS: '10', RATE_LIMIT: '20', RATE_LIMIT_WINDOW: '5m', SIGN_IN_FAILURES: '3' }

/** On a new SQLite file, or in an empty PostgreSQL database. */
export async function startContractServer(postgresUrl?: string): Promise<ContractServer> {
  const folder = folderInMemory()
  const file = join(folder, 'postern.db')
  const clock = movableClock('2026-01-01T00:00:00Z')
  const settings = { DATABASE_URL: postgresUrl ?? `sqlite:${file}`, MASTER_KEY: 'a1'.repeat(32), ...limits }
  const postern = await startPostern({ clock, settings })
  const database = postgresUrl === undefined ? openSqlite(file) : openPostgres(postgresUrl, silent)
  const agent = new Agent({ keepAlive: true })
  return {
    ...{ bootstrap: postern.bootstrap, clock, store: createStore(database) },
    send: (message) => send(postern.apiUrl, agent, message),
    stop: () => stop(agent, database, postern, folder),
  }
}

/** Nobody pulls the plug on a test, so nothing has to wait for the disk; where the system keeps no files in memory, it waits. */
function folderInMemory(): string {
  const memory = '/dev/shm'
  return mkdtempSync(join(existsSync(memory) ? memory : tmpdir(), 'postern-contract-'))
}

async function stop(agent: Agent, db: Database, postern: RunningPostern, folder: string): Promise<void> {
  agent.destroy()
  await db.close()
  await postern.stop()
  rmSync(folder, { recursive: true, force: true })
}

/** Adds nothing to the request by itself, and takes nothing from the answer. */
function send(apiUrl: string, agent: Agent, { method, path, headers, body }: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const length = body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }
    const sent = request(`${apiUrl}/`, { method, path: `/client/v4${path}`, agent, headers: { ...length, ...headers } }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk: Buffer) => chunks.push(chunk))
      response.on('error', reject)
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text: Buffer.concat(chunks).toString() }),
      )
    })
    sent.on('error', reject)
    sent.end(body)
  })
}
