import { connect } from 'node:net'
import { cloudflareAccess } from '@hono/cloudflare-access'
import type Cloudflare from 'cloudflare'
import { Hono } from 'hono'
import { createRemoteJWKSet, decodeJwt, decodeProtectedHeader, errors, type JSONWebKeySet, jwtVerify } from 'jose'
import { Agent, getGlobalDispatcher, setGlobalDispatcher } from 'undici'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { anyDatabase } from '../any-database.ts'
import {
  machineHeaders,
  movableClock,
  type Origin,
  type RunningPostern,
  silent,
  startOrigin,
  startPostern,
  unlimited,
} from '../fixtures.ts'
import { send } from '../raw-http.ts'
import { startPostgres } from '../store/postgres-server.ts'

// What an origin learns of the caller, and how it can know that it is true.

type Issued = Cloudflare.ZeroTrust.Access.ServiceTokens.ServiceTokenCreateResponse
const dayMs = 86_400_000
const certsPath = '/cdn-cgi/access/certs'

interface Certs extends JSONWebKeySet {
  readonly public_cert: { readonly kid: string; readonly cert: string }
  readonly public_certs: readonly { readonly kid: string; readonly cert: string }[]
}

const clock = movableClock('2026-03-01T12:00:00Z')
let origin: Origin
let postern: RunningPostern
let token: Issued

beforeAll(async () => {
  origin = await startOrigin()
  postern = await startPostern({ clock, settings: { ORIGIN_URL: origin.url, AUTH_DOMAIN: 'team.access.example' } })
  token = await issue('machine')
})
afterAll(async () => {
  await postern.stop()
  await origin.stop()
})

const account = () => ({ account_id: postern.bootstrap.accountId })
const issue = (name: string) => postern.client.zeroTrust.access.serviceTokens.create({ ...account(), name })
const pair = (of: Pick<Issued, 'client_id' | 'client_secret'> = token) => Object.entries(machineHeaders(of)).flat()
const ask = (headers: readonly string[] = pair(), path = '/authorize') => send(postern.gateUrl, { path, headers })
const assertionFor = async (of: Pick<Issued, 'client_id' | 'client_secret'> = token) =>
  (await ask(pair(of))).values('cf-access-jwt-assertion')[0] ?? ''
const kidOf = (assertion: string) => decodeProtectedHeader(assertion).kid
const certs = async (url = postern.gateUrl) => JSON.parse((await send(url, { path: certsPath })).body) as Certs
const publishedKids = async () => (await certs()).keys.map(({ kid }) => kid)
const rotate = () => postern.client.zeroTrust.access.keys.rotate(account())

/** Moves the clock; the gate, whose lease that may have ended, is waited for. */
async function moveTo(instant: number): Promise<void> {
  clock.advance(instant - clock.now())
  await vi.waitFor(async () => expect((await ask()).status).toBe(200), 10_000)
}

/** As an origin does: with a published library, the gate's published keys and the expected names. */
async function verify(assertion: string) {
  const keys = createRemoteJWKSet(new URL(postern.gateUrl + certsPath))
  const { aud } = decodeJwt(assertion)
  return jwtVerify(assertion, keys, {
    ...{ issuer: 'https://team.access.example', audience: [aud ?? ''].flat(), algorithms: ['RS256'] },
    currentDate: new Date(clock.now()),
  })
}

describe('an admitted request', () => {
  test('reaches the origin with an assertion that a published library verifies', async () => {
    const { status } = await ask(pair(), '/some/path')
    expect(status).toBe(200)
    const assertion = String(origin.received.at(-1)?.headers['cf-access-jwt-assertion'])
    const { payload, protectedHeader } = await verify(assertion)
    expect(protectedHeader).toEqual({ typ: 'JWT', alg: 'RS256', kid: expect.stringMatching(/^[0-9a-f]{64}$/) })
    const { iat = 0 } = payload
    expect(payload).toEqual({
      ...{ type: 'app', iat, exp: iat + 86_400, iss: 'https://team.access.example', sub: '' },
      ...{ aud: [expect.stringMatching(/^[0-9a-f]{64}$/)], common_name: token.client_id },
    })
    expect(iat).toBe(clock.now() / 1000)
  })

  test('never reaches it with an assertion of its own, however it is spelled', async () => {
    const mine = ['Cf-Access-Jwt-Assertion', 'mine', 'CF_ACCESS_JWT_ASSERTION', 'mine', 'cf-access-jwt-assertion', 'mine too']
    expect((await ask([...mine, ...pair()], '/')).status).toBe(200)
    const { headers } = origin.received.at(-1) ?? {}
    expect(headers?.['cf-access-jwt-assertion']).toBe(await assertionFor())
    expect(JSON.stringify(headers)).not.toContain('mine')
  })

  test('has the same assertion for whoever asks through a proxy', async () => {
    await ask(pair(), '/')
    expect(await assertionFor()).toBe(origin.received.at(-1)?.headers['cf-access-jwt-assertion'])
  })

  test('has one for each of its secrets while both work, another after that, and none once the token is disabled', async () => {
    const before = await issue('to be rotated')
    const first = await assertionFor(before)
    const { serviceTokens } = postern.client.zeroTrust.access
    const inASecond = new Date(clock.now() + 1000).toISOString()
    const rotated = await serviceTokens.rotate(before.id ?? '', { ...account(), previous_client_secret_expires_at: inASecond })
    const second = await assertionFor(rotated)
    expect([await assertionFor(before), await assertionFor(rotated)]).toEqual([first, second])
    expect(second).not.toBe(first)
    clock.set(inASecond)
    expect([first, second]).not.toContain(await assertionFor(rotated))
    await postern.client.put(`/accounts/${postern.bootstrap.accountId}/access/service_tokens/${before.id}`, { body: { enabled: false } })
    const answer = await ask(pair(rotated))
    expect([answer.status, answer.values('cf-access-jwt-assertion')]).toEqual([401, []])
  })

  test('lasts as long as the organization says, once that is changed', async () => {
    const lifetime = async () => {
      const { iat = 0, exp = 0 } = decodeJwt(await assertionFor())
      return exp - iat
    }
    await postern.client.put(`/accounts/${postern.bootstrap.accountId}/access/organizations`, { body: { session_duration: '30m' } })
    expect(await lifetime()).toBe(1800)
    await postern.client.put(`/accounts/${postern.bootstrap.accountId}/access/organizations`, { body: { session_duration: '24h' } })
    expect(await lifetime()).toBe(86_400)
  })
})

describe('when the key is rotated', () => {
  const headStartMs = 90_000
  let [oldKid, newKid]: (string | undefined)[] = []
  let rotatedAt: number
  let last: string

  beforeAll(async () => {
    oldKid = kidOf(await assertionFor())
    await moveTo(clock.now() + 12_345)
    rotatedAt = clock.now()
    await rotate()
    ;[newKid] = (await certs()).keys.map(({ kid }) => kid)
  })

  test('the new one is published at once, before the old one', async () => {
    expect(newKid).not.toBe(oldKid)
    expect(await publishedKids()).toEqual([newKid, oldKid])
    expect((await certs()).public_certs.map(({ kid }) => kid)).toEqual([newKid, oldKid])
  })

  test('the old one signs until everybody can know the new one, and not a millisecond longer', async () => {
    await moveTo(rotatedAt + headStartMs - 1)
    last = await assertionFor(await issue('late'))
    expect(kidOf(last)).toBe(oldKid)
    expect((await certs()).public_cert.kid).toBe(oldKid)
    await moveTo(rotatedAt + headStartMs)
    expect(kidOf(await assertionFor())).toBe(newKid)
    expect((await certs()).public_cert.kid).toBe(newKid)
  })

  test('assertions of both are verified', async () => {
    for (const assertion of [last, await assertionFor()])
      await expect(verify(assertion)).resolves.toMatchObject({ payload: { type: 'app' } })
  })

  test('a reader that knew the keys before learns the new one by itself', async () => {
    const keys = createRemoteJWKSet(new URL(postern.gateUrl + certsPath), { cooldownDuration: 0 })
    const options = { currentDate: new Date(clock.now()) }
    await jwtVerify(await assertionFor(), keys, options)
    const before = clock.now()
    await rotate()
    await moveTo(before + headStartMs)
    const assertion = await assertionFor()
    expect(kidOf(assertion)).not.toBe(newKid)
    await expect(jwtVerify(assertion, keys, { currentDate: new Date(clock.now()) })).resolves.toBeDefined()
  })

  test('the old one is published for 7 days, and not a millisecond longer', async () => {
    await moveTo(rotatedAt + 7 * dayMs - 1)
    expect(await publishedKids()).toContain(oldKid)
    await moveTo(rotatedAt + 7 * dayMs)
    expect(await publishedKids()).not.toContain(oldKid)
    await expect(verify(last)).rejects.toThrow(errors.JWKSNoMatchingKey)
  })
})

describe('a published middleware, as it is', () => {
  const middleware = (audience: string) => {
    const app = new Hono()
    app.use('*', cloudflareAccess('team', audience))
    app.get('/', (context) => context.json(context.get('accessPayload' as never)))
    return app
  }

  test('believes the gate, and nobody else', async () => {
    // It looks at the wall clock, and for the keys at the name of the original.
    const gate = await startPostern({ settings: { AUTH_DOMAIN: 'team.cloudflareaccess.com' } })
    const { client, bootstrap, gateUrl } = gate
    const machine = await client.zeroTrust.access.serviceTokens.create({ account_id: bootstrap.accountId, name: 'machine' })
    const { hostname, port } = new URL(gateUrl)
    const before = getGlobalDispatcher()
    const there = new Agent({
      connect(_options, callback) {
        const socket = connect(Number(port), hostname, () => callback(null, socket))
      },
    })
    setGlobalDispatcher(there)
    try {
      const { values } = await send(gateUrl, { path: '/authorize', headers: pair(machine) })
      const [assertion = ''] = values('cf-access-jwt-assertion')
      const [audience = ''] = [decodeJwt(assertion).aud ?? ''].flat()
      const visit = (value: string, at = audience) => middleware(at).request('/', { headers: { 'cf-access-jwt-assertion': value } })
      const answer = await visit(assertion)
      expect([answer.status, await answer.json()]).toEqual([200, decodeJwt(assertion)])
      const [header, , signature] = assertion.split('.')
      const changed = Buffer.from(JSON.stringify({ ...decodeJwt(assertion), common_name: 'somebody else' })).toString('base64url')
      expect((await visit(`${header}.${changed}.${signature}`)).status).toBe(401)
      expect((await visit(assertion, 'f'.repeat(64))).status).toBe(401)
      expect((await visit(await assertionFor())).status).toBe(401)
    } finally {
      setGlobalDispatcher(before)
      await there.close()
      await gate.stop()
    }
  })
})

const server = await startPostgres().catch((error: unknown) => String(error))
afterAll(async () => {
  if (typeof server !== 'string') await server.stop()
})

describe('two nodes that start at once agree on one key', () => {
  function start(databaseUrl: string): Promise<App> {
    const settings = {
      DATABASE_URL: databaseUrl,
      API_LISTEN: '127.0.0.1:0',
      GATE_LISTEN: '127.0.0.1:0',
      MASTER_KEY: 'c4'.repeat(32),
      ...unlimited,
    }
    const environment = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`POSTERN_${name}`, value]))
    return startApp({ config: loadConfig({ flags: {}, environment }), log: silent })
  }

  async function keysOfTwo(databaseUrl: string) {
    const nodes = await Promise.all([start(databaseUrl), start(databaseUrl)])
    try {
      await vi.waitFor(async () => expect(await certs(nodes[1].gateUrl)).toEqual(await certs(nodes[0].gateUrl)), 10_000)
      return (await certs(nodes[0].gateUrl)).keys
    } finally {
      await Promise.all(nodes.map((node) => node.stop()))
    }
  }

  test('on a database that has applications but no keys yet', async () => {
    const { settings, open, remove } = await anyDatabase()
    const first = await start(settings.DATABASE_URL)
    const { keys: before } = await certs(first.gateUrl)
    await first.stop()
    const { db, close } = open()
    for (const table of ['signing_key', 'organization'] as const) await db.deleteFrom(table).execute()
    await close()
    const keys = await keysOfTwo(settings.DATABASE_URL)
    await remove()
    expect(keys).toHaveLength(1)
    expect(keys).not.toEqual(before)
  })

  test.skipIf(typeof server === 'string')('on an empty PostgreSQL', async () => {
    expect(await keysOfTwo(typeof server === 'string' ? '' : server.url)).toHaveLength(1)
  })
})
