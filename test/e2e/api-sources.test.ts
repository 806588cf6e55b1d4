import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type RunningPostern, startPostern } from '../fixtures.ts'
import { send } from '../raw-http.ts'

const started: RunningPostern[] = []
/** The latest. */
let postern: RunningPostern
/** An API token that may be used from an address that nobody has, so that every refusal names the one that was believed. */
let elsewhere: string
afterAll(() => Promise.all(started.map(({ stop }) => stop())))

async function start(settings: Readonly<Record<string, string>> = {}): Promise<void> {
  const { apiUrl, ...rest } = await startPostern({ settings })
  postern = { ...rest, apiUrl: apiUrl.replace('[::]', '127.0.0.1') }
  started.push(postern)
  elsewhere = await tokenFor('203.0.113.113/32')
}

async function post(path: string, body: object): Promise<{ readonly id: string; readonly value: string }> {
  const headers = ['Content-Type', 'application/json', 'X-Auth-Email', postern.bootstrap.email, 'X-Auth-Key', postern.bootstrap.apiKey]
  return JSON.parse((await send(postern.apiUrl, { method: 'POST', path, headers, body: JSON.stringify(body) })).body).result
}

async function tokenFor(range: string): Promise<string> {
  const resources = { [`com.cloudflare.api.account.${postern.bootstrap.accountId}`]: '*' }
  const policies = [{ effect: 'allow', resources, permission_groups: [{ id: '91f7ce32fa614d73b7e1fc8f0e78582b' }] }]
  return (await post('/client/v4/user/tokens', { name: range, policies, condition: { request_ip: { in: [range] } } })).value
}

const tokens = () => `/client/v4/accounts/${postern.bootstrap.accountId}/access/service_tokens`
const asking = (token: string, headers: readonly string[]) =>
  send(postern.apiUrl, { path: tokens(), headers: ['Authorization', `Bearer ${token}`, ...headers] })

/** From where a request with these headers comes, as the API sees it. */
async function seen(...headers: readonly string[]): Promise<string> {
  const answer = await asking(elsewhere, headers)
  expect(answer.status).toBe(403)
  return JSON.parse(answer.body).errors[0].message.replace('Cannot use the access token from location: ', '')
}

const forwarded = (...values: readonly string[]) => values.flatMap((value) => ['X-Forwarded-For', value])

test('without a proxy in between it is the address at the other end, IPv4 in its plain form', async () => {
  await start({ API_LISTEN: '[::]:0', TRUSTED_PROXIES: 'none' })
  expect(await seen()).toBe('127.0.0.1')
})

test('nothing that a peer says is believed when it is no trusted proxy', async () => {
  await start({ TRUSTED_PROXIES: 'none' })
  expect(await seen(...forwarded('192.0.2.1'))).toBe('127.0.0.1')
  expect(await seen(...forwarded('192.0.2.1, 127.0.0.1', '127.0.0.1'), 'X-Real-IP', '192.0.2.1')).toBe('127.0.0.1')
  expect(await seen('Forwarded', 'for=192.0.2.1', 'CF-Connecting-IP', '192.0.2.1', 'True-Client-IP', '192.0.2.1')).toBe('127.0.0.1')
})

test('a trusted proxy is recognized by its plain address too when the listener takes both families', async () => {
  await start({ API_LISTEN: '[::]:0', TRUSTED_PROXIES: '127.0.0.0/8' })
  expect(await seen(...forwarded('192.0.2.1'))).toBe('192.0.2.1')
})

describe('behind trusted proxies', () => {
  beforeAll(() => start({ TRUSTED_PROXIES: 'loopback,10.0.0.0/8' }))

  test.each([
    ['one', ['192.0.2.1'], '192.0.2.1'],
    ['IPv6', ['2001:db8::7'], '2001:db8::7'],
    ['IPv4 as IPv6', ['::ffff:192.0.2.1'], '192.0.2.1'],
    ['with blanks', ['  192.0.2.1  '], '192.0.2.1'],
    ['several hops, of which all but the first are trusted', ['192.0.2.1, 10.0.0.2, 10.0.0.1'], '192.0.2.1'],
    ['several headers', ['192.0.2.1', '10.0.0.2', '10.0.0.1'], '192.0.2.1'],
    ['what the client itself has written before its own address', ['198.51.100.1, 192.0.2.1, 10.0.0.1'], '192.0.2.1'],
    ['a trusted address that the client pretends to have', ['10.0.0.9, 192.0.2.1'], '192.0.2.1'],
    ['only trusted ones: the farthest', ['10.0.0.3, 10.0.0.2'], '10.0.0.3'],
    ['a trusted one as IPv6', ['192.0.2.1, ::ffff:10.0.0.1'], '192.0.2.1'],
    ['no address', ['unknown'], '127.0.0.1'],
    ['nothing', [''], '127.0.0.1'],
    ['no address before an address', ['<script>, 192.0.2.1'], '192.0.2.1'],
    ['no address after an address', ['192.0.2.1, unknown'], '127.0.0.1'],
    ['no address between trusted ones', ['192.0.2.1, 10.0.0.2, unknown, 10.0.0.1'], '10.0.0.1'],
    ['a port', ['192.0.2.1:1234'], '127.0.0.1'],
    ['numbers that some take for an address', ['3221225985, 0xc0000201, 192.0.2.01, 192.0.513'], '127.0.0.1'],
    ['a list of 500', [`198.51.100.1, ${'192.0.2.1, '.repeat(499)}192.0.2.2`], '192.0.2.2'],
  ])('%s', async (_what, values, address) => {
    expect(await seen(...forwarded(...values))).toBe(address)
  })
})

describe('behind a proxy on this machine, which is trusted by default', () => {
  test("the conditions of an API token and the audit trail are about the client's own address", async () => {
    await start()
    const token = await tokenFor('192.0.2.0/24')
    const status = async (...values: readonly string[]) => (await asking(token, forwarded(...values))).status
    expect([await status('192.0.2.1'), await status('198.51.100.1'), await status()]).toEqual([200, 403, 403])
    expect(await status('192.0.2.1, 198.51.100.1')).toBe(403)

    const { accountId, email, apiKey } = postern.bootstrap
    const key = ['X-Auth-Email', email, 'X-Auth-Key', apiKey]
    const headers = [...key, 'Content-Type', 'application/json', ...forwarded('203.0.113.1, ::ffff:198.51.100.7')]
    await send(postern.apiUrl, { method: 'POST', path: tokens(), headers, body: '{"name":"from afar"}' })
    const trail = await send(postern.apiUrl, { path: `/client/v4/accounts/${accountId}/logs/audit?${period}&limit=1`, headers: key })
    expect(JSON.parse(trail.body).result).toMatchObject([{ actor: { ip_address: '198.51.100.7' } }])
  })

  test('nobody brakes another by pretending to have its address', async () => {
    await start({ SIGN_IN_FAILURES: '1' })
    const wrong = 'x'.repeat(40)
    // The proxy adds the attacker's address to what the attacker sends.
    const attack = (pretended: string) => asking(wrong, forwarded(pretended, '198.51.100.1'))
    expect([(await attack('192.0.2.1')).status, (await attack('192.0.2.1')).status, (await attack('192.0.2.2')).status]).toEqual([
      401, 403, 403,
    ])
    expect((await asking(wrong, forwarded('192.0.2.1'))).status).toBe(401)
  })
})

const period = 'since=2020-01-01T00:00:00Z&before=2100-01-01T00:00:00Z'

test('a peer that is no trusted proxy does not escape the brake by naming other addresses', async () => {
  await start({ SIGN_IN_FAILURES: '1', TRUSTED_PROXIES: 'none' })
  const statuses: number[] = []
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) {
    statuses.push((await asking('x'.repeat(40), forwarded(address))).status)
  }
  expect(statuses).toEqual([401, 403, 403])
})
