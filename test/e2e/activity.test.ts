import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import type { Log } from '../../src/authority/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { type MovableClock, machineHeaders, movableClock, unlimited } from '../fixtures.ts'
import { send } from '../raw-http.ts'

let database: AnyDatabase
let clock: MovableClock
let app: App
let account: string
let zone: string
let failures: string[]

const apiToken = 't'.repeat(40)
const log: Log = { info: () => undefined, warn: () => undefined, error: (_fields, message) => void failures.push(message) }

/** Postern on this test's database, which a first start fills. */
async function start(settings: Readonly<Record<string, string>> = {}): Promise<App> {
  const all = {
    ...{ ...database.settings, BOOTSTRAP_API_TOKEN: apiToken, ...unlimited },
    ...{ API_LISTEN: '127.0.0.1:0', GATE_LISTEN: '127.0.0.1:0', ...settings },
  }
  const environment = Object.fromEntries(Object.entries(all).map(([name, value]) => [`POSTERN_${name}`, value]))
  return startApp({ config: loadConfig({ flags: {}, environment }), log, clock })
}

/** A clean stop stores what was counted. */
async function restart(): Promise<void> {
  await app.stop()
  app = await start()
}

beforeEach(async () => {
  database = await anyDatabase()
  clock = movableClock('2026-03-01T12:10:00Z')
  failures = []
  app = await start()
  account = `accounts/${app.bootstrap?.accountId}`
  zone = `zones/${app.bootstrap?.zoneId}`
})
afterEach(async () => {
  await app.stop()
  await database.remove()
  expect(failures).toEqual([])
})

async function api<Result>(method: string, path: string, body?: object): Promise<Result> {
  const answer = await fetch(`${app.apiUrl}/client/v4/${path}`, {
    method,
    headers: { authorization: `Bearer ${apiToken}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  const { result, errors } = (await answer.json()) as { result: Result; errors: unknown }
  expect([path, answer.ok, errors]).toEqual([path, true, []])
  return result
}

interface Token {
  readonly id: string
  readonly client_id: string
  readonly client_secret: string
}
const create = (place = account) => api<Token>('POST', `${place}/access/service_tokens`, { name: 'deploy' })

/** A request to the gate; `times` of them. */
async function use(token: Partial<Token>, { host = 'any.example', times = 1, gateUrl = app.gateUrl } = {}): Promise<number> {
  let status = 0
  for (let count = 0; count < times; count++) {
    const headers = Object.entries({ host, ...machineHeaders(token) }).flat()
    status = (await send(gateUrl, { path: '/', headers })).status
  }
  return status
}

/** A gate that has not asked for an hour answers again as soon as it has. */
async function anHourLater(): Promise<void> {
  clock.advance(3_600_000)
  await expect.poll(async () => (await fetch(`${app.apiUrl}/readyz`)).status, { timeout: 10_000 }).toBe(200)
}

interface Hour {
  readonly hour: string
  readonly allowed: number
  readonly refused: number
  readonly previous_secret?: number
}

/** The hours in which there was something: allowed, refused, by the previous secret. */
async function activity(path: string, hours = 24) {
  const counts = await api<readonly Hour[]>('GET', `${path}/activity?hours=${hours}`)
  const some = counts.filter(({ allowed, refused }) => allowed + refused > 0)
  return Object.fromEntries(
    some.map(({ hour, allowed, refused, previous_secret }) => [hour.slice(11, 13), [allowed, refused, previous_secret]]),
  )
}
const ofToken = ({ id }: Token, hours?: number) => activity(`${account}/access/service_tokens/${id}`, hours)

describe('the activity', () => {
  test('counts what was let in, what was not and what came with the previous secret, by token and hour', async () => {
    const [busy, idle] = [await create(), await create()]
    // Without an origin, what is let in finds nothing behind the gate.
    expect(await use(busy, { times: 3 })).toBe(404)
    expect(await use({ ...busy, client_secret: 'wrong' }, { times: 2 })).toBe(401)
    await anHourLater()
    await api('POST', `${account}/access/service_tokens/${busy.id}/rotate`, { previous_client_secret_expires_at: '2026-03-02T00:00:00Z' })
    expect(await use(busy, { times: 4 })).toBe(404)
    await restart()
    expect(await ofToken(busy)).toEqual({ '12': [3, 2, 0], '13': [4, 0, 4] })
    expect(await ofToken(idle)).toEqual({})
    expect(await activity(`${account}/access`)).toEqual({ '12': [3, 2, undefined], '13': [4, 0, undefined] })
  })

  test('has one entry for each hour that has begun, the oldest first and the present one at the end', async () => {
    const token = await create()
    await use(token)
    await anHourLater()
    await restart()
    for (const path of [`${account}/access/service_tokens/${token.id}`, `${account}/access`, `${zone}/access`]) {
      const counts = await api<readonly Hour[]>('GET', `${path}/activity`)
      const hours = Array.from({ length: 24 }, (_, index) => new Date(Date.UTC(2026, 1, 28, 14 + index)).toISOString().replace('.000', ''))
      expect(counts.map(({ hour }) => hour)).toEqual(hours)
    }
    expect(await ofToken(token, 1)).toEqual({})
    expect(await ofToken(token, 2)).toEqual({ '12': [1, 0, 0] })
    expect(await api<readonly Hour[]>('GET', `${account}/access/activity?hours=168`)).toHaveLength(168)
  })

  test("of an account is that of its applications and its zones', of a zone its own; refusals of nobody's are among it", async () => {
    const { name } = await api<{ name: string }>('GET', zone)
    const policies = [{ name: 'any', decision: 'non_identity', include: [{ any_valid_service_token: {} }] }]
    await api('POST', `${zone}/access/apps`, { type: 'self_hosted', name: 'zone', domain: `in.${name}`, policies })
    const token = await create(zone)
    expect(await use(token, { host: `in.${name}`, times: 2 })).toBe(404)
    expect(await use({}, { host: `in.${name}` })).toBe(403)
    expect(await use({ client_id: 'nobody', client_secret: 'nothing' }, { times: 3 })).toBe(401)
    await restart()
    expect(await activity(`${zone}/access`)).toEqual({ '12': [2, 1, undefined] })
    expect(await activity(`${account}/access`)).toEqual({ '12': [2, 4, undefined] })
  })

  test('adds up over stops, and over nodes that count at a time', async () => {
    const token = await create()
    await use(token)
    await restart()
    const other = await start()
    try {
      await use(token, { times: 2 })
      await use(token, { times: 5, gateUrl: other.gateUrl })
    } finally {
      await other.stop()
    }
    await restart()
    expect(await ofToken(token)).toEqual({ '12': [8, 0, 0] })
  })

  test('is forgotten after eight days, and not before', async () => {
    const token = await create()
    expect(await use(token)).toBe(404)
    await anHourLater()
    expect(await use(await create())).toBe(404)
    await app.stop()
    clock.set('2026-03-09T12:59:59Z')
    app = await start({ CHORE_INTERVAL: '20ms' })
    const { db, close } = database.open()
    try {
      const hours = async () => (await db.selectFrom('activity').select('hour').execute()).map(({ hour }) => new Date(hour).getUTCHours())
      await expect.poll(hours, { timeout: 5000 }).toEqual([13, 13])
    } finally {
      await close()
    }
  })
})
