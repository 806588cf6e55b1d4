import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Log } from '../../src/authority/ports.ts'
import { machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

const clock = movableClock('2026-01-01T00:00:00Z')
const lines: { readonly level: string; readonly message: string; readonly [field: string]: unknown }[] = []
const note = (level: string) => (fields: object, message: string) => void lines.push({ ...fields, level, message })
const log: Log = { info: note('info'), warn: note('warn'), error: note('error') }

let postern: RunningPostern
let token: { readonly id?: string; readonly client_id?: string; readonly client_secret?: string }

beforeAll(async () => {
  postern = await startPostern({ clock, log, settings: { ACCESS_LOG: 'all', WRONG_SECRETS: '5', FLUSH_INTERVAL: '20ms' } })
  token = await postern.client.zeroTrust.access.serviceTokens.create({ account_id: postern.bootstrap.accountId, name: 'CI' })
})

afterAll(() => postern.stop())

const ask = (headers: Record<string, string> = {}, target = '/x', from = '198.51.100.1') =>
  fetch(`${postern.gateUrl}/authorize`, {
    headers: { 'x-forwarded-uri': target, 'x-forwarded-host': 'a.example', 'x-forwarded-for': from, ...headers },
  })
/** Time passes, and the gate asks for changes again. */
async function pass(milliseconds: number) {
  clock.advance(milliseconds)
  await expect.poll(async () => (await fetch(`${postern.apiUrl}/readyz`)).status).toBe(200)
}

const right = () => machineHeaders(token)
const wrong = () => ({ ...right(), 'CF-Access-Client-Secret': `pst_${'x'.repeat(48)}` })

async function metric(name: string, labels: Readonly<Record<string, string>> = {}): Promise<number> {
  const text = await (await fetch(`${postern.apiUrl}/metrics`)).text()
  const found = text
    .split('\n')
    .find(
      (line) =>
        line.replace(/\{.*/, ' ').startsWith(`${name} `) &&
        Object.entries(labels).every(([key, value]) => line.includes(`${key}="${value}"`)),
    )
  return found === undefined ? 0 : Number(found.split(' ').at(-1))
}

async function uses() {
  const response = await fetch(
    `${postern.apiUrl}/client/v4/accounts/${postern.bootstrap.accountId}/access/service_tokens/${token.id}/uses`,
    {
      headers: { authorization: `Bearer ${postern.bootstrap.apiToken}` },
    },
  )
  const { result } = (await response.json()) as { result: readonly Record<string, unknown>[] }
  return result
}

describe('the metrics', () => {
  test('count decisions by application and outcome, and know how old and how large the replica is', async () => {
    const app = (await postern.client.zeroTrust.access.applications.list({ account_id: postern.bootstrap.accountId })).result[0]
    const application = (app as { id?: string }).id ?? ''
    const before = await metric('postern_gate_decisions_total', { application, outcome: 'current' })
    await ask(right())
    await ask(right())
    await ask(wrong())
    await ask()
    expect(await metric('postern_gate_decisions_total', { application, outcome: 'current' })).toBe(before + 2)
    expect(await metric('postern_gate_decisions_total', { application, outcome: 'damaged_secret' })).toBe(1)
    expect(await metric('postern_gate_decisions_total', { application, outcome: 'no_credentials' })).toBe(1)
    expect(await metric('postern_gate_decision_seconds_count')).toBeGreaterThanOrEqual(4)
    expect(await metric('postern_gate_service_tokens')).toBe(1)
    expect(await metric('postern_gate_applications')).toBe(1)
    expect(await metric('postern_gate_replica_age_seconds')).toBeLessThan(30)
    clock.set('2026-01-03T00:00:00Z')
    expect(await metric('postern_signing_key_age_days')).toBe(2)
    clock.set('2026-01-01T00:00:00Z')
  })

  test('hold nothing that a client sent, and no name', async () => {
    await ask({ 'CF-Access-Client-Id': 'made-up.access', 'CF-Access-Client-Secret': 'pst_made_up' }, '/made-up')
    const text = await (await fetch(`${postern.apiUrl}/metrics`)).text()
    for (const word of [
      'made-up',
      'made_up',
      'a.example',
      'Default application',
      token.client_secret ?? '',
      token.client_id ?? '',
      token.id ?? '',
    ]) {
      expect(text).not.toContain(word)
    }
  })
})

describe('the access log', () => {
  test('has one line for each request, with the reason, and nothing that is secret: no header, no query', async () => {
    lines.length = 0
    await ask(right(), '/orders?key=hidden-key')
    await ask({ ...wrong(), cookie: 'hidden=1' }, '/orders?key=hidden-key', '198.51.100.2')
    expect(lines).toHaveLength(2)
    const common = { address: '198.51.100.1', method: 'GET', host: 'a.example', path: '/orders', service_token: token.id }
    expect(lines[0]).toMatchObject({
      ...common,
      message: 'admitted',
      via: 'current',
      ray: expect.any(String),
      microseconds: expect.any(Number),
    })
    expect(lines[1]).toMatchObject({ ...common, address: '198.51.100.2', message: 'refused', status: 401, reason: 'damaged_secret' })
    const text = JSON.stringify(lines)
    for (const secret of ['hidden', token.client_secret ?? '', 'xxxxxxxx']) expect(text).not.toContain(secret)
  })
})

describe('the uses of a secret', () => {
  test('tell from where which secret was used last, for as long as it works', async () => {
    const old = right()
    await ask(old, '/', '198.51.100.7')
    clock.set('2026-01-01T00:00:05Z')
    await ask(old, '/', '2001:db8::7')
    const { serviceTokens } = postern.client.zeroTrust.access
    const account = { account_id: postern.bootstrap.accountId }
    token = await serviceTokens.rotate(token.id ?? '', { ...account, previous_client_secret_expires_at: '2026-01-01T01:00:00Z' })
    clock.set('2026-01-01T00:00:09Z')
    await ask(right(), '/', '198.51.100.7')
    await ask(old, '/', '198.51.100.8')
    await expect.poll(uses).toEqual(
      expect.arrayContaining([
        { client_secret_version: 2, secret: 'current', ip_address: '198.51.100.7', last_seen_at: '2026-01-01T00:00:09Z' },
        { client_secret_version: 1, secret: 'previous', ip_address: '198.51.100.8', last_seen_at: '2026-01-01T00:00:09Z' },
        { client_secret_version: 1, secret: 'previous', ip_address: '2001:db8::7', last_seen_at: '2026-01-01T00:00:05Z' },
        { client_secret_version: 1, secret: 'previous', ip_address: '198.51.100.7', last_seen_at: '2026-01-01T00:00:00Z' },
      ]),
    )
    token = await serviceTokens.rotate(token.id ?? '', account)
    // The first secret is not the one before any more; the second still is, though it ended with this rotation.
    expect((await uses()).map(({ client_secret_version: version, secret }) => [version, secret])).toEqual([[2, 'previous']])
  })
})

describe('who goes on presenting wrong secrets', () => {
  const guess = async (headers: Record<string, string> = wrong(), from = '203.0.113.1') => {
    const response = await ask(headers, '/', from)
    return [response.status, response.headers.get('retry-after')]
  }

  test('is told to come back later, and fills no log; the right secret passes from the same address, for the same client id', async () => {
    await pass(60_000)
    for (let count = 0; count < 5; count++) expect(await guess()).toEqual([401, null])
    lines.length = 0
    const braked = await metric('postern_gate_braked_total', { by: 'source' })
    expect(await guess()).toEqual([401, '60'])
    await pass(20_000)
    expect(await guess()).toEqual([401, '40'])
    expect(lines).toEqual([])
    expect(await metric('postern_gate_braked_total', { by: 'source' })).toBe(braked + 2)
    expect((await ask(right(), '/', '203.0.113.1')).status).toBe(200)
  })

  test('from many addresses is braked for the client id, without being told that there is such a one', async () => {
    await pass(60_000)
    for (let count = 0; count < 5; count++) expect(await guess(wrong(), `203.0.113.${10 + count}`)).toEqual([401, null])
    lines.length = 0
    const braked = await metric('postern_gate_braked_total', { by: 'client_id' })
    expect(await guess(wrong(), '203.0.113.20')).toEqual([401, null])
    expect(lines).toEqual([])
    expect(await metric('postern_gate_braked_total', { by: 'client_id' })).toBe(braked + 1)
    expect((await ask(right(), '/', '203.0.113.21')).status).toBe(200)
  })

  test('from one network of IPv6 counts as one', async () => {
    await pass(60_000)
    const unknown = { ...wrong(), 'CF-Access-Client-Id': `${'0'.repeat(32)}.access` }
    for (let count = 0; count < 5; count++) expect(await guess(unknown, `2001:db8:1:2::${count}`)).toEqual([401, null])
    expect(await guess(unknown, '2001:db8:1:2:ffff::1')).toEqual([401, '60'])
    expect(await guess(unknown, '2001:db8:1:3::1')).toEqual([401, null])
  })

  test('is a fresh start with each minute; requests that guess nothing are never braked', async () => {
    await pass(60_000)
    expect(await guess()).toEqual([401, null])
    for (let count = 0; count < 8; count++) {
      expect((await ask({}, '/', '203.0.113.1')).headers.get('retry-after')).toBeNull()
      expect((await ask({ 'CF-Access-Client-Id': 'x' }, '/', '203.0.113.1')).headers.get('retry-after')).toBeNull()
    }
  })
})
