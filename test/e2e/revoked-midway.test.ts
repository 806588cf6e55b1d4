import { connect, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { permissionGroups } from '../../src/domain/permission.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'
import { account, allow, grantsOf, user } from './delegation-bench.ts'
import { everything } from './full-tenant.ts'
import { createRouteCalls, type MadeApiToken, type RouteCalls, type Tenant, userOf } from './route-calls.ts'

let api: RawApi
let calls: RouteCalls
let tenant: Tenant
let token: MadeApiToken

beforeAll(async () => {
  api = await startRawApi()
  calls = createRouteCalls(api)
})
beforeEach(async () => {
  tenant = await calls.newTenant()
  token = await calls.apiToken(userOf(tenant), grantsOf([allow(user(tenant.userId), manage), allow(account(tenant.accountId), write)]))
})
afterAll(() => api.stop())

const named = (name: string) => permissionGroups.find((group) => group.name === name)?.id as string
const [manage, write] = [named('API Tokens Write'), named('Access: Service Tokens Write')]

/** A request of which everything but the last byte has arrived, and the caller was admitted. */
async function begin(path: string, body: object): Promise<{ readonly socket: Socket; finish(): Promise<string> }> {
  const { hostname, port } = new URL(api.postern.apiUrl)
  const socket = connect(Number(port), hostname)
  const content = JSON.stringify(body)
  const head = [
    ...[`POST /client/v4${path} HTTP/1.1`, 'host: postern', 'connection: close', `authorization: ${token.credentials['authorization']}`],
    ...['content-type: application/json', `content-length: ${content.length}`],
  ]
  socket.write(`${head.join('\r\n')}\r\n\r\n${content.slice(0, -1)}`)
  await setTimeout(300)
  return {
    socket,
    finish() {
      socket.write(content.slice(-1))
      return text(socket)
    },
  }
}

test.each([
  ['an API token', () => '/user/tokens', () => ({ name: 'late', policies: [allow(account(tenant.accountId), write)] })],
  ['a service token', () => `/accounts/${tenant.accountId}/access/service_tokens`, () => ({ name: 'late' })],
])('a token that is deleted while its request arrives makes no more: %s', async (_what, path, body) => {
  const request = await begin(path(), body())
  const gone = await api.call({
    method: 'DELETE',
    path: `/user/tokens/${token.id}`,
    credentials: { 'x-auth-email': `${tenant.userId}@example.com`, 'x-auth-key': tenant.userId },
  })
  expect(gone.status).toBe(200)
  const before = await everything(api)
  expect(await request.finish()).toMatch(/^HTTP\/1\.1 401 /)
  expect(await everything(api)).toEqual(before)
})
