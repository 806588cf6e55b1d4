import { connect } from 'node:net'
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

const repeatable: readonly (readonly [what: string, call: () => Call | Promise<Call>])[] = [
  ['creating a service token', () => creation()],
  ['creating one of a zone', () => ({ ...creation(), path: `/zones/${tenant.zoneId}/access/service_tokens` })],
  ['rotating', async () => ({ method: 'POST', path: `${await serviceToken()}/rotate` })],
  [
    'rotating with a time of grace',
    async () => ({
      ...{ method: 'POST', path: `${await serviceToken()}/rotate` },
      body: { previous_client_secret_expires_at: '2026-03-01T13:00:00Z' },
    }),
  ],
  ['an update that rotates', async () => ({ method: 'PUT', path: await serviceToken(), body: { client_secret_version: 2, name: 'new' } })],
  ["creating a user's API token", () => ({ method: 'POST', path: '/user/tokens', body: apiTokenBody() })],
  ["creating an account's API token", () => ({ method: 'POST', path: `/accounts/${tenant.accountId}/tokens`, body: apiTokenBody() })],
  ["rolling a user's API token", () => rollOf('user')],
  ["rolling an account's API token", () => rollOf('account')],
]

describe.each(repeatable)('with an Idempotency-Key, %s', (_what, prepare) => {
  test('is done once and answered alike for 24 hours, to the byte', async () => {
    const [call, key] = [await prepare(), newKey()]
    const first = await send(call, key)
    expect([first.envelope.success, first.headers['idempotent-replayed']]).toEqual([true, undefined])
    expect(first.text).toMatch(/ps[tua]_[0-9A-Za-z]{40}[0-9a-f]{8}/)
    const after = await api.written()
    for (const step of [0, 1000, dayMs - 1001]) {
      clock.advance(step)
      const again = await send(call, key)
      expect([again.status, again.text, again.headers['idempotent-replayed']]).toEqual([first.status, first.text, 'true'])
      expect(again.headers.etag).toBe(first.headers.etag)
    }
    expect(await api.written()).toEqual(after)
    // Then the key is free.
    clock.advance(1)
    const anew = await send(call, key)
    expect([anew.envelope.success, anew.headers['idempotent-replayed']]).toEqual([true, undefined])
    expect(anew.text).not.toBe(first.text)
  })

  test('is done once when 20 ask for it at once', async () => {
    const [call, key, before] = [await prepare(), newKey(), await api.written()]
    const answers = await Promise.all(Array.from({ length: 20 }, () => send(call, key)))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.envelope.success).toBe(true)
    expect(answers.filter(({ headers }) => headers['idempotent-replayed'] === undefined)).toHaveLength(1)
    const after = await api.written()
    expect([after.changes - before.changes <= 2, after.auditEntries - before.auditEntries]).toEqual([true, 1])
  })
})

test('what was made is answered even when it is gone, changed, or no longer what If-Match names', async () => {
  const [create, key] = [creation(), newKey()]
  const created = await send(create, key)
  const item = `${services()}/${created.envelope.result?.['id']}`
  const rotation = { method: 'POST', path: `${item}/rotate`, credentials, headers: { 'if-match': '"1"', 'idempotency-key': newKey() } }
  const rotated = await api.call(rotation)
  expect([rotated.status, rotated.headers.etag]).toEqual([200, '"2"'])
  expect((await api.call(rotation)).text).toBe(rotated.text)
  await api.call({ method: 'DELETE', path: item, credentials })
  expect((await send(create, key)).text).toBe(created.text)
  expect((await api.call(rotation)).text).toBe(rotated.text)
  expect(await named('once')).toBe(0)
})

test('a key is for one body', async () => {
  const first = await send(creation(), 'one-body')
  const before = await api.written()
  for (const body of [{ name: 'another' }, { name: 'once', enabled: true }, { name: 'once', duration: '8760h' }]) {
    const answer = await send({ ...creation(), body }, 'one-body')
    expect([answer.status, answer.envelope.errors[0]?.message]).toEqual([400, expect.stringContaining('Idempotency-Key')])
    expect(answer.text).not.toContain(first.envelope.result?.['client_secret'])
  }
  expect(await api.written()).toEqual(before)
  expect((await send(creation(), 'one-body')).text).toBe(first.text)
})

test('a key is for one caller, one path and one method', async () => {
  const colleague = (await calls.apiToken(userOf(tenant), grantsOn(tenant, allGroups))).credentials
  const itsOwn = (await calls.apiToken(accountOf(tenant), grantsIn(tenant, allGroups))).credentials
  const keyOfUser = { 'x-auth-email': `${tenant.userId}@example.com`, 'x-auth-key': tenant.userId }
  const byOthers = [credentials, colleague, itsOwn, keyOfUser].map((who) => send({ ...creation(), credentials: who }, 'shared'))
  const elsewhere = send({ ...creation(), path: `/zones/${tenant.zoneId}/access/service_tokens` }, 'shared')
  const answers = await Promise.all([...byOthers, elsewhere])
  expect(answers.map(({ status, headers }) => [status, headers['idempotent-replayed']])).toEqual(Array(5).fill([201, undefined]))
  expect(new Set(answers.map(({ envelope }) => envelope.result?.['id'])).size).toBe(5)
  const stranger = (await calls.apiToken(userOf(tenant), grantsOn(await calls.newTenant(), allGroups))).credentials
  expect((await send({ ...creation(), credentials: stranger }, 'shared')).status).toBe(403)
})

test('a key that is none is refused', async () => {
  for (const key of ['', 'two words', 'k'.repeat(256), '\xe9']) {
    expect((await send(creation(), key)).status).toBe(400)
  }
  expect((await send(creation(), 'k'.repeat(255))).status).toBe(201)
})

test('a failure is not kept: the key can be used for what succeeds', async () => {
  expect((await send({ ...creation(), body: { name: '' } }, 'failed')).status).toBe(400)
  expect((await send(creation(), 'failed')).status).toBe(201)
})

test('a connection that breaks before the answer, and a retry, leave exactly one token', async () => {
  const { hostname, port } = new URL(api.postern.apiUrl)
  for (let round = 0; round < 20; round++) {
    const [name, key] = [`cut-${round}`, newKey()]
    const body = JSON.stringify({ name })
    const head = [
      ...[`POST /client/v4${services()} HTTP/1.1`, 'host: postern', `authorization: ${credentials['authorization']}`],
      ...[`idempotency-key: ${key}`, 'content-type: application/json', `content-length: ${body.length}`],
    ]
    const socket = connect(Number(port), hostname)
    await new Promise((resolve) => socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, resolve))
    await setTimeout(round)
    socket.destroy()
    const answer = await send(creation(name), key)
    expect([answer.status, await named(name)]).toEqual([201, 1])
  }
})

describe('an answer that is kept', () => {
  const masterKey = () => Buffer.from(api.database.settings.MASTER_KEY, 'hex')

  test('stands nowhere in the database in clear, and opens under the master key of this installation alone', async () => {
    const secrets: string[] = []
    for (const [, prepare] of repeatable) {
      const { text } = await send(await prepare(), newKey())
      secrets.push(/ps[tua]_[0-9A-Za-z]{48}/.exec(text)?.[0] as string)
    }
    const bytes = await api.database.content()
    expect(bytes).toContain(tenant.accountId)
    for (const secret of secrets) {
      for (const form of [secret.slice(4, 36), Buffer.from(secret).toString('hex'), Buffer.from(secret).toString('base64').slice(0, 40)])
        expect(bytes.includes(form)).toBe(false)
    }
    const rows = await api.db.selectFrom('attempt').selectAll().execute()
    const kept = rows.filter(({ ends_at }) => ends_at === clock.now() + dayMs)
    const [own, other] = [createSealer(masterKey(), () => new Uint8Array(12)), createSealer(Buffer.alloc(32, 7), () => new Uint8Array(12))]
    const opened = kept.map(({ id, sealed_answer }) => own.open(`attempt ${id}`, sealed_answer)).join('\n')
    for (const secret of secrets) expect(opened).toContain(secret)
    for (const { id, sealed_answer } of kept) {
      expect(() => other.open(`attempt ${id}`, sealed_answer)).toThrow()
      expect(() => own.open('attempt of somebody else', sealed_answer)).toThrow()
    }
  })

  test('needs the master key: Postern does not start with another one, and says what to do', async () => {
    const another = 'ab'.repeat(32)
    const environment = {
      ...{ POSTERN_DATABASE_URL: api.database.settings.DATABASE_URL, POSTERN_MASTER_KEY: another },
      ...{ POSTERN_API_LISTEN: '127.0.0.1:0', POSTERN_GATE_LISTEN: '127.0.0.1:0' },
    }
    const started = startApp({ config: loadConfig({ flags: {}, environment }), log: silent })
    await expect(started).rejects.toThrow(/master key is not the one .* POSTERN_MASTER_KEY/)
    await expect(started).rejects.not.toThrow(another)
    expect((await send(creation(), newKey())).status).toBe(201)
  })
})

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
