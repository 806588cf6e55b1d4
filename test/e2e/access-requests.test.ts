import { afterAll, beforeAll, expect, test } from 'vitest'
import { machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
let postern: RunningPostern
let log: string

beforeAll(async () => {
  postern = await startPostern({ clock, settings: { FLUSH_INTERVAL: '20ms' } })
  log = `${postern.apiUrl}/client/v4/accounts/${postern.bootstrap.accountId}/access/logs/access_requests`
})
afterAll(() => postern.stop())

interface Entry {
  readonly allowed: boolean
  readonly reason: string
  readonly service_token_id?: string
  readonly service_token_name?: string
  readonly ip_address: string
  readonly ray_id: string
  readonly created_at: string
  readonly app_uid: string
}

async function entries(query = ''): Promise<readonly Entry[]> {
  const response = await fetch(`${log}?${query}`, { headers: { authorization: `Bearer ${postern.bootstrap.apiToken}` } })
  const { result, errors } = (await response.json()) as { result: readonly Entry[]; errors: unknown }
  expect([response.status, errors]).toEqual([200, []])
  return result
}

/** The log once it holds that many entries; use is recorded in batches. */
function once(count: number, query?: string): Promise<readonly Entry[]> {
  return expect
    .poll(() => entries(query), { timeout: 5000 })
    .toHaveLength(count)
    .then(() => entries(query))
}

function ask(headers: Record<string, string>, forwardedFor?: string): Promise<Response> {
  return fetch(`${postern.gateUrl}/authorize`, { headers: { ...headers, ...(forwardedFor && { 'x-forwarded-for': forwardedFor }) } })
}

async function createToken(name: string) {
  return postern.client.zeroTrust.access.serviceTokens.create({ account_id: postern.bootstrap.accountId, name })
}

test('a machine that asks again and again is noted once an hour, with what it asked and what became of it', async () => {
  const token = await createToken('steady')
  const first = await ask(machineHeaders(token))
  for (let count = 0; count < 20; count++) await ask(machineHeaders(token))
  const [entry] = await once(1, `service_token_id=${token.id}`)
  expect(entry).toEqual({
    ...{ action: 'login', allowed: true, reason: 'current', connection: 'service_token', created_at: '2026-03-01T12:00:00Z' },
    ...{ app_domain: '*', app_uid: expect.stringMatching(/^[0-9a-f-]{36}$/), app_name: 'Default application', user_email: '' },
    ...{ ip_address: '127.0.0.1', ray_id: first.headers.get('cf-ray'), service_token_id: token.id, service_token_name: 'steady' },
  })
  clock.set('2026-03-01T13:00:00Z')
  await ask(machineHeaders(token))
  await once(2, `service_token_id=${token.id}`)
})

test('each address is noted for itself, as a trusted proxy names it', async () => {
  const token = await createToken('many places')
  for (const address of ['203.0.113.1', '203.0.113.2', '203.0.113.1']) await ask(machineHeaders(token), address)
  const noted = await once(2, `service_token_id=${token.id}`)
  expect(noted.map((entry) => entry.ip_address).sort()).toEqual(['203.0.113.1', '203.0.113.2'])
})

test('refusals are noted with the reason that the caller is not told, and never with what was presented', async () => {
  const token = await createToken('refused')
  const secret = 'pst_not-the-right-secret-but-one-that-looks-like-it'
  await ask({ ...machineHeaders(token), 'CF-Access-Client-Secret': secret }, '203.0.113.9')
  await ask({ 'CF-Access-Client-Id': 'nobody.access', 'CF-Access-Client-Secret': secret }, '203.0.113.9')
  await postern.client.zeroTrust.access.serviceTokens.update(token.id ?? '', { account_id: postern.bootstrap.accountId, enabled: false })
  await ask(machineHeaders(token), '203.0.113.9')
  await ask({}, '203.0.113.9')
  const refused = (await once(4, 'allowed=false')).filter((entry) => entry.ip_address === '203.0.113.9')
  expect(refused.map(({ reason, service_token_name }) => [reason, service_token_name]).sort()).toEqual([
    ['disabled', 'refused'],
    ['malformed_client_id', undefined],
    ['no_credentials', undefined],
    ['truncated_secret', 'refused'],
  ])
  expect(JSON.stringify(refused)).not.toMatch(/not-the-right-secret|nobody\.access|pst_/)
})

test('filters, order, pages and fields do what they say', async () => {
  const all = await entries('per_page=1000')
  expect(all.length).toBeGreaterThan(5)
  expect(all.map((entry) => entry.created_at)).toEqual([...all.map((entry) => entry.created_at)].sort().reverse())
  expect(await entries('direction=asc&per_page=1000')).toEqual([...all].reverse())
  expect(await entries('page=2&limit=2')).toEqual(all.slice(2, 4))
  expect(await entries('page=1000')).toEqual([])
  expect(await entries('allowed=false&allowedOp=neq&per_page=1000')).toEqual(all.filter((entry) => entry.allowed))
  expect(await entries(`ray_id=${all[3]?.ray_id}`)).toEqual([all[3]])
  expect(await entries('since=2026-03-01T13:00:00Z&per_page=1000')).toEqual(all.filter((entry) => entry.created_at >= '2026-03-01T13'))
  expect(await entries('until=2026-03-01T12:30:00Z')).toEqual(all.filter((entry) => entry.created_at < '2026-03-01T12:31'))
  expect(Object.keys((await entries('fields=ray_id,allowed'))[0] ?? {}).sort()).toEqual(['allowed', 'ray_id'])
})
