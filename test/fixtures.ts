import { createServer, type IncomingHttpHeaders, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import Cloudflare from 'cloudflare'
import { type App, startApp } from '../src/app.ts'
import type { Bootstrap } from '../src/authority/bootstrap.ts'
import type { Clock, Log } from '../src/authority/ports.ts'
import { loadConfig } from '../src/config/load.ts'
import { anyDatabase } from './any-database.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** A clock that stands still until it is moved. */
export interface MovableClock extends Clock {
  set(time: string): void
  advance(milliseconds: number): void
}

export function movableClock(time: string): MovableClock {
  let now = Date.parse(time)
  let monotonic = 0
  return {
    now: () => now,
    monotonicMs: () => monotonic,
    set(to) {
      now = Date.parse(to)
    },
    advance(milliseconds) {
      now += milliseconds
      monotonic += milliseconds
    },
  }
}

export const silent: Log = { info: () => undefined, warn: () => undefined, error: () => undefined }

export { temporaryFolder }

export interface RunningPostern extends App {
  readonly bootstrap: Bootstrap
  /** The official client, signed in with the API token. */
  readonly client: Cloudflare
}

export interface PosternOptions {
  /** Settings by their environment names without `POSTERN_`. */
  readonly settings?: Readonly<Record<string, string>>
  readonly clock?: Clock
  readonly log?: Log
}

/** Tests make thousands of requests with one credential. */
export const unlimited = { RATE_LIMIT: '0', SIGN_IN_FAILURES: '0', WRONG_SECRETS: '0' }

/** Postern in this process, on free ports and a database of its own (or the one in `settings.DATABASE_URL`), on its first start. */
export async function startPostern({ settings = {}, clock, log = silent }: PosternOptions = {}): Promise<RunningPostern> {
  const database = settings['DATABASE_URL'] === undefined ? await anyDatabase() : undefined
  const all = {
    ...database?.settings,
    API_LISTEN: '127.0.0.1:0',
    GATE_LISTEN: '127.0.0.1:0',
    ...unlimited,
    ...settings,
  }
  const environment = Object.fromEntries(Object.entries(all).map(([name, value]) => [`POSTERN_${name}`, value]))
  const app = await startApp({ config: loadConfig({ flags: {}, environment }), log, ...(clock && { clock }) })
  if (app.bootstrap === undefined) throw new Error('the database was not empty')
  return {
    ...app,
    bootstrap: app.bootstrap,
    client: clientFor(app.apiUrl, app.bootstrap.apiToken),
    async stop() {
      await app.stop()
      await database?.remove()
    },
  }
}

/** The official client as anybody would set it up: only the URL is another. */
export function clientFor(apiUrl: string, apiToken: string): Cloudflare {
  return new Cloudflare({ baseURL: `${apiUrl}/client/v4`, apiToken, apiEmail: null, apiKey: null, maxRetries: 0 })
}

export interface Origin {
  readonly url: string
  /** What reached it, oldest first. */
  readonly received: { readonly method: string; readonly path: string; readonly headers: IncomingHttpHeaders; readonly body: string }[]
  stop(): Promise<void>
}

/** An HTTP service to stand behind the gate, which answers 200 with what it was sent. */
export async function startOrigin(): Promise<Origin> {
  const received: Origin['received'] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const { method = '', url: path = '', headers } = request
      const seen = { method, path, headers, body: Buffer.concat(chunks).toString() }
      received.push(seen)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(seen))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received, stop: () => stopServer(server) }
}

function stopServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve())
    server.closeAllConnections()
  })
}

/** The two headers that a machine sends. */
export function machineHeaders(token: { client_id?: string; client_secret?: string }): Record<string, string> {
  return { 'CF-Access-Client-Id': token.client_id ?? '', 'CF-Access-Client-Secret': token.client_secret ?? '' }
}
