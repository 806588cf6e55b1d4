import { readdirSync, readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { startApp } from '../../src/app.ts'
import { createSealer } from '../../src/authority/sealer.ts'
import { loadConfig } from '../../src/config/load.ts'
import { movableClock, silent } from '../fixtures.ts'
import { type Answer, type Call, type RawApi, startRawApi } from '../raw-api.ts'
import {
  accountOf,
  allGroups,
  createRouteCalls,
  grantsIn,
  grantsOn,
  type RouteCalls,
  readGroups,
  type Tenant,
  userOf,
} from './route-calls.ts'

const start = '2026-03-01T12:00:00.250Z'
const dayMs = 86_400_000
const clock = movableClock(start)
let api: RawApi
let calls: RouteCalls
let tenant: Tenant
/** May do everything in the tenant. */
let credentials: NonNullable<Call['credentials']>

beforeAll(async () => {
  api = await startRawApi({ clock })
  calls = createRouteCalls(api)
})
beforeEach(async () => {
  clock.set(start)
  tenant = await calls.newTenant()
  credentials = (await calls.apiToken(userOf(tenant), grantsOn(tenant, allGroups))).credentials
})
afterAll(() => api.stop())

let keys = 0
const newKey = () => `key-${keys++}`
const send = (call: Call, key: string): Promise<Answer> => api.call({ credentials, ...call, headers: { 'idempotency-key': key } })
const services = () => `/accounts/${tenant.accountId}/access/service_tokens`
const creation = (name = 'once'): Call => ({ method: 'POST', path: services(), body: { name } })
const policies = () => [
  {
    ...{ effect: 'allow', resources: { [`com.cloudflare.api.account.${tenant.accountId}`]: '*' } },
    permission_groups: [{ id: readGroups[0] }],
  },
]

async function serviceToken(at = services()): Promise<string> {
  const answer = await api.call({ method: 'POST', path: at, credentials, body: { name: 'there' } })
  return `${at}/${answer.envelope.result?.['id']}`
}

async function named(name: string): Promise<number> {
  const { result } = (await api.call({ method: 'GET', path: `${services()}?name=${name}`, credentials })).envelope
  return (result as unknown as readonly unknown[]).length
}

const apiTokenBody = () => ({ name: 'once', policies: policies() })
const rollOf = async (of: 'user' | 'account') => {
  const owner = of === 'user' ? userOf(tenant) : accountOf(tenant)
  const { id } = await calls.apiToken(owner, grantsIn(tenant, readGroups))
  return { method: 'PUT', path: `${of === 'user' ? '/user' : `/accounts/${tenant.accountId}`}/tokens/${id}/value`, body: {} }
}

test('an API token that has expired meanwhile is shown as it was', async () => {
  const call = { method: 'POST', path: '/user/tokens', body: { ...apiTokenBody(), expires_on: '2026-03-01T13:00:00Z' } }
  const first = await send(call, 'expiring')
  clock.advance(2 * 3_600_000)
  expect((await send(call, 'expiring')).text).toBe(first.text)
})


test('an update that rotates is answered again when it carried what was shown, and changed it', async () => {
  const path = await serviceToken()
  const shown = (await api.call({ method: 'GET', path, credentials })).envelope.result
  const call = { method: 'PUT', path, body: { ...shown, duration: '2h', client_secret_version: 2 } }
  const first = await send(call, 'carried')
  expect(first.status).toBe(200)
  expect((await send(call, 'carried')).text).toBe(first.text)
})
