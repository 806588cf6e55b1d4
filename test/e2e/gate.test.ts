import type Cloudflare from 'cloudflare'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { movableClock, type Origin, type RunningPostern, startOrigin, startPostern } from '../fixtures.ts'
import { type RawAnswer, send } from '../raw-http.ts'

// The strict column of the gate's table (reference/cloudflare-access.md, section 5), on both doors.

type Issued = Cloudflare.ZeroTrust.Access.ServiceTokens.ServiceTokenCreateResponse
const Id = 'CF-Access-Client-Id'
const Secret = 'CF-Access-Client-Secret'

const clock = movableClock('2026-03-01T12:00:00Z')
let origin: Origin
let postern: RunningPostern
/** Tokens by what became of them. */
let tokens: Record<
  'valid' | 'other' | 'zone' | 'expired' | 'disabled' | 'deleted' | 'rotatedOut' | 'rotated' | 'inGrace' | 'graceOver',
  Issued
>

beforeAll(async () => {
  origin = await startOrigin()
  postern = await startPostern({ clock, settings: { ORIGIN_URL: origin.url } })
  tokens = await issueTokens()
  // So much later the gate's lease is over, until its next poll.
  clock.advance(3_600_000)
  await vi.waitFor(async () => expect((await send(postern.gateUrl, { path: '/authorize' })).status).toBe(403), 10_000)
})
afterAll(async () => {
  await postern.stop()
  await origin.stop()
})

async function issueTokens(): Promise<typeof tokens> {
  const { serviceTokens } = postern.client.zeroTrust.access
  const account = { account_id: postern.bootstrap.accountId }
  const create = (name: string, fields = {}) => serviceTokens.create({ ...account, name, ...fields })
  const rotate = ({ id = '' }: Issued, graceHours = 0) =>
    serviceTokens.rotate(id, {
      ...account,
      previous_client_secret_expires_at: new Date(clock.now() + graceHours * 3_600_000).toISOString(),
    })
  const [valid, other, disabled] = [await create('valid'), await create('other'), await create('disabled', { enabled: false })]
  const zone = await serviceTokens.create({ zone_id: postern.bootstrap.zoneId, name: 'zone' })
  const [expired, deleted] = [await create('expired', { duration: '1h' }), await create('deleted')]
  const [rotatedOut, inGrace, graceOver] = [await create('rotated'), await create('in grace'), await create('grace over')]
  await serviceTokens.delete(deleted.id ?? '', account)
  const rotated = await rotate(rotatedOut)
  await rotate(inGrace, 2)
  await rotate(graceOver, 1)
  return { valid, other, zone, expired, disabled, deleted, rotatedOut, rotated, inGrace, graceOver }
}

/** The two headers. */
const pair = (id?: string, secret?: string) => [Id, id ?? '', Secret, secret ?? '']
const of = (token: keyof typeof tokens) => pair(tokens[token].client_id, tokens[token].client_secret)
const [id, secret] = [() => tokens.valid.client_id ?? '', () => tokens.valid.client_secret ?? '']

const admitted: readonly [string, () => readonly string[]][] = [
  ['a valid token', () => of('valid')],
  ['a valid token in odd letter case', () => ['cF-aCCESS-cLIENT-iD', id(), 'CF-ACCESS-CLIENT-SECRET', secret()]],
  ['a valid token with spaces around it, which are no part of a header value', () => pair(`  ${id()}\t`, ` ${secret()} `)],
  ['the new secret after a rotation', () => of('rotated')],
  ['the old secret within its grace period', () => of('inGrace')],
]

const unauthorized: readonly [string, () => readonly string[]][] = [
  ['a wrong secret', () => pair(id(), `${secret().slice(0, -1)}x`)],
  ['the beginning of the secret', () => pair(id(), secret().slice(0, -1))],
  ['more than the secret', () => pair(id(), `${secret()}0`)],
  ['the secret in another case', () => pair(id(), secret().toUpperCase())],
  ["another token's secret", () => pair(id(), tokens.other.client_secret)],
  ['an unknown client id', () => pair(`${'0'.repeat(32)}.access`, secret())],
  ['the client id in another case', () => pair(id().toUpperCase(), secret())],
  ['the client id without its suffix', () => pair(id().replace('.access', ''), secret())],
  ["the token's id in place of its client id", () => pair(tokens.valid.id, secret())],
  ['client id and secret swapped', () => pair(secret(), id())],
  ['an expired token', () => of('expired')],
  ['a disabled token', () => of('disabled')],
  ['a deleted token', () => of('deleted')],
  ['a secret that was rotated out', () => of('rotatedOut')],
  ['a secret whose grace period is over', () => of('graceOver')],
  ['a secret of 15 kB', () => pair(id(), 's'.repeat(15_000))],
  ['a secret that is no ASCII', () => pair(id(), 'sécrèt\u00ff')],
  ['a secret with a space in it', () => pair(id(), secret().replace('_', ' '))],
  ['the client id alone', () => [Id, id()]],
  ['the secret alone', () => [Secret, secret()]],
  ['an empty secret', () => pair(id(), '')],
  ['an empty client id', () => pair('', secret())],
  ['a secret of spaces', () => pair(id(), '   ')],
  ['the same client id twice', () => [Id, id(), ...of('valid')]],
  ['the same secret twice', () => [...of('valid'), Secret, secret()]],
  ['the client id twice in odd letter case', () => [...of('valid'), Id.toLowerCase(), id()]],
  ['two secrets, the first of which is right', () => [...of('valid'), Secret.toUpperCase(), 'wrong']],
  ['two secrets, the last of which is right', () => [Secret, 'wrong', ...of('valid')]],
  ['a valid and another valid pair', () => [...of('valid'), ...of('other')]],
  ['an empty client id beside the right one', () => [Id, '', ...of('valid')]],
  ['client ids joined by a comma', () => pair(`${id()}, ${id()}`, secret())],
]

const forbidden: readonly [string, () => readonly string[]][] = [
  ['no credentials', () => []],
  ['both headers empty', () => pair('', '')],
  ['both headers only spaces', () => pair('  ', ' ')],
  ['the API token, which opens nothing here', () => ['Authorization', `Bearer ${postern.bootstrap.apiToken}`]],
  ['a valid token of the zone, at an application of the account', () => of('zone')],
]

/** An answer without what makes it this one: its ray and its time. */
function withoutRay({ status, headers, values, body }: RawAnswer): string {
  const [ray = ''] = values('cf-ray')
  const lines = headers.map((text, at) => (headers[at - 1]?.toLowerCase() === 'date' ? 'now' : text.replace(ray, 'ray')))
  return JSON.stringify([status, lines, body.replace(ray, 'ray')])
}

describe.each([
  ['/authorize', '/authorize'],
  ['the reverse proxy', '/some/path'],
])('%s', (_door, path) => {
  const ask = (headers: readonly string[], method = 'GET') => send(postern.gateUrl, { path, headers, method })

  test.each(admitted)('admits %s', async (_case, headers) => {
    expect((await ask(headers())).status).toBe(200)
  })

  test.each(unauthorized)('answers 401 to %s', async (_case, headers) => {
    const before = origin.received.length
    expect((await ask(headers())).status).toBe(401)
    expect(origin.received).toHaveLength(before)
  })

  test.each(forbidden)('answers 403 to %s', async (_case, headers) => {
    const before = origin.received.length
    expect((await ask(headers())).status).toBe(403)
    expect(origin.received).toHaveLength(before)
  })

  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'PROPFIND'])('treats %s as any other method', async (method) => {
    const statuses = [of('valid'), pair(id(), 'wrong'), []].map(async (headers) => (await ask(headers, method)).status)
    expect(await Promise.all(statuses)).toEqual([200, 401, 403])
  })

  test.each(['application/json', 'text/html'])(
    'every 401 in %s is the same to the byte but for its ray, whatever the reason',
    async (accept) => {
      const answers = await Promise.all(unauthorized.map(([, headers]) => ask([...headers(), 'Accept', accept])))
      expect(answers).toHaveLength(31)
      expect(new Set(answers.map(withoutRay)).size).toBe(1)
    },
  )

  test.each(['application/json', 'text/html'])(
    'every 403 in %s is the same to the byte but for its ray, whatever the reason',
    async (accept) => {
      const answers = await Promise.all(forbidden.map(([, headers]) => ask([...headers(), 'Accept', accept])))
      expect(new Set(answers.map(withoutRay)).size).toBe(1)
    },
  )

  test('is never a redirect and never sets a cookie', async () => {
    const answers = await Promise.all([...admitted, ...unauthorized, ...forbidden].map(([, headers]) => ask(headers())))
    for (const { status, values } of answers) {
      expect([200, 401, 403]).toContain(status)
      expect([...values('location'), ...values('set-cookie')]).toEqual([])
    }
  })

  test('gives every answer a ray of its own, refused or not', async () => {
    const answers = await Promise.all([...admitted, ...unauthorized, ...forbidden].map(([, headers]) => ask(headers())))
    const rays = answers.flatMap(({ values }) => values('cf-ray'))
    expect(new Set(rays).size).toBe(answers.length)
    for (const ray of rays) expect(ray).toMatch(/^[0-9a-f]{16}$/)
  })
})
