import type { FastifyReply, FastifyRequest } from 'fastify'
import { afterEach, describe, expect, test } from 'vitest'
import { createLimits, sourceOf } from '../../src/api/limits.ts'
import { Failure } from '../../src/authority/failure.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { movableClock, type RunningPostern, startPostern } from '../fixtures.ts'
import { type RawAnswer, type RawRequest, send } from '../raw-http.ts'

const minute = 60_000
const clock = movableClock('2026-03-01T12:00:00.000Z')
const nobody = '00000000-0000-4000-8000-000000000000'
let postern: RunningPostern
afterEach(() => postern?.stop())

/** Starts it with these settings, and answers with the path of its account. */
async function start(settings: Readonly<Record<string, string>>): Promise<string> {
  postern = await startPostern({ clock, settings })
  return `/client/v4/accounts/${postern.bootstrap.accountId}`
}

const bearer = (token: string) => ['Authorization', `Bearer ${token}`]
const first = () => bearer(postern.bootstrap.apiToken)
const wrong = bearer('x'.repeat(40))
const key = () => ['X-Auth-Email', postern.bootstrap.email, 'X-Auth-Key', postern.bootstrap.apiKey]

function call(path: string, headers: readonly string[], request: RawRequest = {}): Promise<RawAnswer> {
  const contentType = request.body === undefined ? [] : ['Content-Type', 'application/json']
  return send(postern.apiUrl, { path, headers: [...headers, ...contentType], ...request })
}

/** As a client behind the trusted proxy that this machine is by default. */
const from = (address: string, path: string, headers: readonly string[]) => call(path, ['X-Forwarded-For', address, ...headers])

async function anotherToken(more: object = {}): Promise<{ readonly id: string; readonly value: string }> {
  const { accountId } = postern.bootstrap
  const resources = { [`com.cloudflare.api.account.${accountId}`]: '*' }
  const policies = [{ effect: 'allow', resources, permission_groups: [{ id: '91f7ce32fa614d73b7e1fc8f0e78582b' }] }]
  const body = JSON.stringify({ name: 'another', policies, ...more })
  return JSON.parse((await call('/client/v4/user/tokens', key(), { method: 'POST', body })).body).result
}

/** Limit, remaining and reset; empty without them. */
const shown = (answer: RawAnswer) => ['limit', 'remaining', 'reset'].flatMap((name) => answer.values(`x-ratelimit-${name}`)).map(Number)
const retryAfter = (answer: RawAnswer) => answer.values('retry-after').map(Number)
const errorsOf = ({ status, body }: RawAnswer) => [status, JSON.parse(body).errors]
const authenticationError = [401, [{ code: 10000, message: 'Authentication error' }]]
const tooManyFailures = [403, [{ code: 10502, message: 'Too many authentication failures' }]]

test('the defaults are 1200 requests in five minutes, and 20 failed sign-ins in one', () => {
  expect(loadConfig({ flags: {}, environment: {} })).toMatchObject({ rateLimit: 1200, rateLimitWindow: 5 * minute, signInFailures: 20 })
})

describe('how often a credential may call', () => {
  test('every answer to a signed-in caller shows how many requests are left and for how long, the bad ones too', async () => {
    const account = await start({ RATE_LIMIT: '10' })
    const tokens = `${account}/access/service_tokens`
    const answers = [
      await call(tokens, first()),
      await call(tokens, first(), { method: 'HEAD' }),
      await call(`${tokens}/${nobody}`, first()),
      await call(`${tokens}?page=0`, first()),
      await call(tokens, first(), { method: 'POST', body: 'not json' }),
      await call(`/client/v4/accounts/${'e'.repeat(32)}/access/service_tokens`, first()),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 404, 400, 400, 403])
    expect(answers.map(shown)).toEqual([9, 8, 7, 6, 5, 4].map((remaining) => [10, remaining, 300]))
    clock.advance(1_500)
    expect(shown(await call(tokens, first()))).toEqual([10, 3, 299])
  })

  test('who has not signed in is shown nothing of it', async () => {
    const account = await start({ RATE_LIMIT: '10' })
    await call(`${account}/access/service_tokens`, first())
    const key = ['X-Auth-Email', postern.bootstrap.email, 'X-Auth-Key', 'k'.repeat(40)]
    for (const headers of [[], wrong, key, ['Authorization', 'Basic x']]) {
      expect(shown(await call(`${account}/access/service_tokens`, headers))).toEqual([])
    }
    for (const path of ['/livez', '/client/v4/nothing']) expect(shown(await call(path, first()))).toEqual([])
  })

  test('beyond the limit is 429/971 until the window has ended, and not a moment longer', async () => {
    const account = await start({ RATE_LIMIT: '3', RATE_LIMIT_WINDOW: '10s' })
    const tokens = `${account}/access/service_tokens`
    for (const secondsLeft of [10, 8, 5]) {
      expect(shown(await call(tokens, first())).at(-1)).toBe(secondsLeft)
      clock.advance(2_500)
    }
    const refused = await call(tokens, first())
    const message = 'Please wait and consider throttling your request speed'
    expect(errorsOf(refused)).toEqual([429, [{ code: 971, message }]])
    expect([shown(refused), retryAfter(refused)]).toEqual([[3, 0, 3], [3]])
    clock.advance(2_499)
    expect(retryAfter(await call(tokens, first()))).toEqual([1])
    clock.advance(1)
    expect(shown(await call(tokens, first()))).toEqual([3, 2, 10])
  })

  test('a request beyond the limit does nothing, and leaves no entry in the audit trail', async () => {
    const database = await anyDatabase()
    const account = await start({ RATE_LIMIT: '1', ...database.settings })
    const create = () => call(`${account}/access/service_tokens`, first(), { method: 'POST', body: '{"name":"x"}' })
    expect([(await create()).status, (await create()).status, (await create()).status]).toEqual([201, 429, 429])
    await postern.stop()
    expect(await left(database)).toEqual({ actions: ['service_token.create'], tokens: 1 })
    await database.remove()
  })

  test("no credential uses up another's requests, not even one of the same user", async () => {
    const account = await start({ RATE_LIMIT: '2' })
    const { value } = await anotherToken()
    const tokens = `${account}/access/service_tokens`
    const statuses = async (headers: readonly string[]) => [(await call(tokens, headers)).status, (await call(tokens, headers)).status]
    expect(await statuses(first())).toEqual([200, 200])
    expect(await statuses(first())).toEqual([429, 429])
    expect(await statuses(bearer(value))).toEqual([200, 200])
    // It has made the token.
    expect(await statuses(key())).toEqual([200, 429])
  })

  test('0 is for no limit, and says nothing of one', async () => {
    const account = await start({ RATE_LIMIT: '0' })
    const answers = await Promise.all(Array.from({ length: 50 }, () => call(`${account}/access/service_tokens`, first())))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    expect(answers.flatMap(shown)).toEqual([])
  })
})

describe('how often a source may fail to sign in', () => {
  test('further failures are 403/10502 until a minute has gone, and the right credential passes all the while', async () => {
    const path = `${await start({ SIGN_IN_FAILURES: '3' })}/access/service_tokens`
    for (let failures = 0; failures < 3; failures++) expect(errorsOf(await call(path, wrong))).toEqual(authenticationError)
    clock.advance(10_000)
    for (let more = 0; more < 3; more++) {
      const braked = await call(path, wrong)
      expect([errorsOf(braked), retryAfter(braked)]).toEqual([tooManyFailures, [50]])
      expect([(await call(path, first())).status, (await call(path, key())).status]).toEqual([200, 200])
    }
    clock.advance(50_000 - 1)
    expect(errorsOf(await call(path, wrong))).toEqual(tooManyFailures)
    clock.advance(1)
    expect(errorsOf(await call(path, wrong))).toEqual(authenticationError)
  })

  test('the answer is the same for every credential that is not right, so it tells nothing about one', async () => {
    const path = `${await start({ SIGN_IN_FAILURES: '1' })}/access/service_tokens`
    const { id, value: disabled } = await anotherToken()
    const body = JSON.stringify({ status: 'disabled' })
    const token = await call(`/client/v4/user/tokens/${id}`, key())
    const whole = { ...JSON.parse(token.body).result, ...JSON.parse(body) }
    expect((await call(`/client/v4/user/tokens/${id}`, key(), { method: 'PUT', body: JSON.stringify(whole) })).status).toBe(200)
    await call(path, wrong)
    const { email, apiKey } = postern.bootstrap
    for (const headers of [
      wrong,
      bearer(disabled),
      ['X-Auth-Email', email, 'X-Auth-Key', 'k'.repeat(40)],
      ['X-Auth-Email', 'stranger@example.com', 'X-Auth-Key', apiKey],
    ]) {
      const answer = await call(path, headers)
      expect([errorsOf(answer), retryAfter(answer), shown(answer)]).toEqual([tooManyFailures, [60], []])
    }
  })

  test('one source brakes no other, and two addresses of one IPv6 network are one source', async () => {
    const path = `${await start({ SIGN_IN_FAILURES: '1' })}/access/service_tokens`
    const status = async (address: string) => (await from(address, path, wrong)).status
    for (const address of ['192.0.2.1', '192.0.2.2', '2001:db8:0:1::1', '2001:db8:0:2::1'])
      expect([address, await status(address)]).toEqual([address, 401])
    for (const address of ['192.0.2.1', '2001:db8:0:1:ffff::1', '2001:DB8::1:0:0:0:2', '2001:db8:0:2::9']) {
      expect([address, await status(address)]).toEqual([address, 403])
    }
    expect(await status('2001:db8:0:3::1')).toBe(401)
  })

  test('an API token that verifies itself is braked alike', async () => {
    const account = await start({ SIGN_IN_FAILURES: '2' })
    const verify = '/client/v4/user/tokens/verify'
    expect((await call(verify, wrong)).status).toBe(401)
    expect((await call(`${account}/tokens/verify`, wrong)).status).toBe(401)
    expect(errorsOf(await call(verify, wrong))).toEqual(tooManyFailures)
    expect(errorsOf(await call(account, wrong))).toEqual(tooManyFailures)
    expect((await call(verify, first())).status).toBe(200)
  })

  test('what is no failed sign-in does not count: no credentials, malformed ones, the right ones where they may not be', async () => {
    const account = await start({ SIGN_IN_FAILURES: '1' })
    const { value } = await anotherToken({ condition: { request_ip: { in: ['192.0.2.7/32'] } } })
    const path = `${account}/access/service_tokens`
    for (let turn = 0; turn < 3; turn++) {
      for (const headers of [[], ['Authorization', 'Basic x'], first()]) await call(path, headers)
      expect(errorsOf(await call(path, bearer(value)))).toMatchObject([403, [{ code: 9109 }]])
      expect((await call(`/client/v4/accounts/${'e'.repeat(32)}/access/service_tokens`, first())).status).toBe(403)
    }
    expect(errorsOf(await call(path, wrong))).toEqual(authenticationError)
  })

  test('braked attempts leave no entry in the audit trail', async () => {
    const database = await anyDatabase()
    const account = await start({ SIGN_IN_FAILURES: '2', ...database.settings })
    for (let attempts = 0; attempts < 6; attempts++) await call(`${account}/access/service_tokens`, wrong)
    await postern.stop()
    expect(await left(database)).toEqual({ actions: ['refused.GET', 'refused.GET'], tokens: 0 })
    await database.remove()
  })

  test('0 is for no brake', async () => {
    const account = await start({ SIGN_IN_FAILURES: '0' })
    const answers = await Promise.all(Array.from({ length: 50 }, () => call(`${account}/access/service_tokens`, wrong)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([401]))
  })

  test('no more than 100,000 sources are remembered, the latest of them', async () => {
    const limits = createLimits({ clock, requests: 0, windowMs: 1, failuresPerMinute: 1 })
    const reply = { header: () => reply } as unknown as FastifyReply
    const failure = new Failure('not_authenticated')
    const fail = () => Promise.reject(failure)
    const codeFor = (ip: string) => limits.braking({ ip } as FastifyRequest, reply, fail).catch((error: Failure) => error.code)
    for (let source = 0; source <= 100_000; source++) await codeFor(`source ${source}`)
    const codes = [await codeFor('source 100000'), await codeFor('source 1'), await codeFor('source 0')]
    expect(codes).toEqual(['too_many_failures', 'too_many_failures', 'not_authenticated'])
  })
})

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::1', '2001:db8:0:0::/64'],
  ['2001:0DB8:0:0:1:2:3:4', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8:1:2:3:4:5::', '2001:db8:1:2::/64'],
  ['::', '0:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  ['1::', '1:0:0:0::/64'],
  ['::2:3:4:5:6:7:8', '0:2:3:4::/64'],
  ['64:ff9b::192.0.2.1', '64:ff9b:0:0::/64'],
  ['::3:4:5:6:192.0.2.1', '0:0:3:4::/64'],
  ['1:2:3:4:5:6:192.0.2.1', '1:2:3:4::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['fe80::1%a:b:c:d:e:f:g:h:i:j', 'fe80:0:0:0::/64'],
  ['fe80::1%a::b', 'fe80:0:0:0::/64'],
])('the source of %s is %s', (address, source) => {
  expect(sourceOf(address)).toBe(source)
})

/** What was recorded of requests, oldest first, and how many tokens there are. */
async function left({ open }: AnyDatabase): Promise<{ readonly actions: readonly string[]; readonly tokens: number }> {
  const { db, close } = open()
  const entries = await db.selectFrom('audit').select('action').where('ray_id', 'is not', null).orderBy('at').execute()
  const tokens = await db.selectFrom('service_token').select('id').execute()
  await close()
  return { actions: entries.map(({ action }) => action), tokens: tokens.length }
}
