// Walks the life of a service token with the official client, against a Postern and an origin that it starts on free ports.
// Ends with 0 only if every step got the status it should.
import { mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import Table from 'cli-table3'
import Cloudflare, { type APIPromise } from 'cloudflare'
import { startApp } from '../src/app.ts'
import { loadConfig } from '../src/config/load.ts'

const secretHeaders = ['cf-access-client-id', 'cf-access-client-secret']
const origin = createServer((request, response) => {
  // 500 would show in the table: the origin must never see a secret.
  response.writeHead(secretHeaders.some((name) => request.headers[name] !== undefined) ? 500 : 200).end('hello from the origin\n')
})
await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))

const folder = mkdtempSync(join(tmpdir(), 'postern-demo-'))
const environment = {
  POSTERN_DATABASE_URL: `sqlite:${join(folder, 'postern.db')}`,
  POSTERN_API_LISTEN: '127.0.0.1:0',
  POSTERN_GATE_LISTEN: '127.0.0.1:0',
  POSTERN_ORIGIN_URL: `http://127.0.0.1:${(origin.address() as AddressInfo).port}`,
}
const quiet = { info: () => undefined, warn: console.error, error: console.error }
const postern = await startApp({ config: loadConfig({ flags: {}, environment }), log: quiet })
if (postern.bootstrap === undefined) throw new Error('a new database was not empty')
const { accountId: account_id, apiToken } = postern.bootstrap
const { serviceTokens } = new Cloudflare({ baseURL: `${postern.apiUrl}/client/v4`, apiToken, apiEmail: null, apiKey: null }).zeroTrust
  .access

interface Pair {
  readonly client_id?: string
  readonly client_secret?: string
}

const noRules = { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' }
const table = new Table({ head: ['', 'step', 'expected', 'got'], style: { head: [], border: [] }, chars: noRules })
let failed = 0

function record(step: string, expected: number, got: number): void {
  if (got !== expected) failed++
  table.push([got === expected ? 'ok' : 'FAILED', step, expected, got])
}

async function call(step: string, expected: number, token?: Pair): Promise<void> {
  const headers = token && { 'CF-Access-Client-Id': token.client_id ?? '', 'CF-Access-Client-Secret': token.client_secret ?? '' }
  record(step, expected, (await fetch(`${postern.gateUrl}/hello`, headers && { headers })).status)
}

/** Runs a call of the official client, and answers with its result. */
async function manage<Result>(step: string, expected: number, request: APIPromise<Result>): Promise<Result> {
  const { data, response } = await request.withResponse()
  record(step, expected, response.status)
  return data
}

async function story(): Promise<void> {
  await call('gate, no credentials', 403)
  const first = await manage('create a token', 201, serviceTokens.create({ account_id, name: 'demo' }))
  const id = first.id ?? ''
  await call('gate, the token', 200, first)
  await call('gate, a wrong secret', 401, { ...first, client_secret: `${first.client_secret?.slice(0, -1)}x` })
  await manage('list tokens', 200, serviceTokens.list({ account_id }) as unknown as APIPromise<unknown>)
  const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
  const second = await manage(
    'rotate, one hour of grace',
    200,
    serviceTokens.rotate(id, { account_id, previous_client_secret_expires_at: inAnHour }),
  )
  await call('gate, the old secret in grace', 200, first)
  await call('gate, the new secret', 200, second)
  const past = '2020-01-01T00:00:00Z'
  await manage('update: end the grace', 200, serviceTokens.update(id, { account_id, previous_client_secret_expires_at: past }))
  await call('gate, the old secret', 401, first)
  const third = await manage('rotate, no grace', 200, serviceTokens.rotate(id, { account_id }))
  await call('gate, the secret before', 401, second)
  await call('gate, the newest secret', 200, third)
  await manage('update: disable', 200, serviceTokens.update(id, { account_id, enabled: false }))
  await call('gate, a disabled token', 401, third)
  await manage('update: enable', 200, serviceTokens.update(id, { account_id, enabled: true }))
  await call('gate, enabled again', 200, third)
  await manage('update: lives 50ms', 200, serviceTokens.update(id, { account_id, duration: '50ms' }))
  await sleep(60)
  await call('gate, an expired token', 401, third)
  await manage('update: lives 8760h', 200, serviceTokens.update(id, { account_id, duration: '8760h' }))
  await manage('refresh', 200, serviceTokens.refresh(id, { account_id }))
  await call('gate, refreshed', 200, third)
  await manage('delete', 200, serviceTokens.delete(id, { account_id }))
  await call('gate, a deleted token', 401, third)
  const gone = await serviceTokens.get(id, { account_id }).catch((error: unknown) => error)
  record('get: NotFoundError', 404, gone instanceof Cloudflare.NotFoundError ? gone.status : 0)
}

try {
  await story()
} catch (error) {
  failed++
  console.error(error)
} finally {
  await postern.stop()
  origin.close()
  origin.closeAllConnections()
  rmSync(folder, { recursive: true })
}
console.log(table.toString())
console.log(failed === 0 ? 'Every step got what it should.' : `Not every step got what it should (${failed} did not).`)
process.exitCode = failed === 0 ? 0 : 1
