import { createPublicKey, sign } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, importPKCS8, type JWTPayload, SignJWT } from 'jose'
import { afterAll, beforeEach, describe, expect, test } from 'vitest'
import { newOrganization, type Organization } from '../../src/domain/organization.ts'
import { digestOf } from '../../src/domain/secret.ts'
import { createReplica, type Replica } from '../../src/gate/replica/replica.ts'
import { movableClock, type Origin, startOrigin } from '../fixtures.ts'
import {
  anApplication,
  aPolicy,
  aSigningKey,
  aToken,
  bypass,
  clientIdOf,
  credentials,
  keyPair,
  newKeyPair,
  startGate,
  tokenIdOf,
  uses,
} from '../gate-fixtures.ts'
import { send } from '../raw-http.ts'

// The assertion as a cookie: whose session it is, and everything that is none.

const accountId = aSigningKey().accountId
const clock = movableClock('2026-03-01T12:00:00Z')
const start = clock.now()
const strict = { ...newOrganization(accountId, 'Example', 'access.example', 0), revision: 1 }
const legacy: Organization = { ...strict, isStrict: false }
const other = { accountId: 'b'.repeat(32), keys: newKeyPair() }
const onlyToken = aPolicy({ id: 'only-token', include: [{ kind: 'service_token', tokenId: tokenIdOf('token') }] })

const origin: Origin = await startOrigin()
const replica: Replica = createReplica()
const applications = [
  anApplication({ domain: 'app.example', originUrl: origin.url, policies: uses(onlyToken) }),
  anApplication({ domain: 'second.example', originUrl: origin.url }),
  anApplication({ domain: 'open.example', originUrl: origin.url, policies: uses(bypass) }),
  anApplication({ domain: 'other.example', originUrl: origin.url, accountId: other.accountId }),
]
const gate = await startGate({ applications, policies: [onlyToken], organization: strict, clock, replica })
afterAll(async () => {
  await gate.stop()
  await origin.stop()
})

function know(...organizations: readonly Organization[]): void {
  for (const organization of organizations) replica.put('organization', organization)
  replica.settle()
}

beforeEach(() => {
  clock.set(new Date(start).toISOString())
  replica.put('service_token', aToken())
  replica.put('service_token', aToken({ name: 'elsewhere', accountId: other.accountId }))
  replica.put('signing_key', aSigningKey())
  replica.put('signing_key', aSigningKey({ accountId: other.accountId }, other.keys))
  know(strict)
})

const doors = ['/', '/authorize'] as const
const ask = (headers: readonly string[], { host = 'app.example', path = '/' } = {}) =>
  send(gate.url, { path, headers: ['Host', host, ...headers] })
const cookie = (value: string) => ['Cookie', `CF_Authorization=${value}`]
const statusOf = async (value: string, host = 'app.example') => (await ask(cookie(value), { host })).status
/** What the gate itself issues for the application at a host. */
const assertionAt = async (host: string, headers: readonly string[] = credentials) =>
  (await ask(headers, { host, path: '/authorize' })).values('cf-access-jwt-assertion')[0] ?? ''

const audienceOf = (domain: string) => applications.find((application) => application.domain === domain)?.audience ?? ''
const seconds = () => Math.floor(clock.now() / 1000)
const goodClaims = (): JWTPayload => ({
  ...{ type: 'app', iat: seconds(), exp: seconds() + 3600, iss: 'https://access.example', sub: '' },
  ...{ aud: [audienceOf('app.example')], common_name: clientIdOf('token') },
})

/** A token as one forges it who has the private key: everything but what the test says is right. */
async function forged(claims: object = {}, header: object = {}, { privateKey } = keyPair): Promise<string> {
  const key = await importPKCS8(privateKey, 'RS256')
  const payload = JSON.parse(JSON.stringify({ ...goodClaims(), ...claims })) as JWTPayload
  return new SignJWT(payload).setProtectedHeader({ typ: 'JWT', alg: 'RS256', kid: aSigningKey().id, ...header }).sign(key)
}

const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
const goodHeader = () => ({ typ: 'JWT', alg: 'RS256', kid: aSigningKey().id })

describe('a session', () => {
  test.each(doors)('opens the application that it was issued for, without a secret, at %s', async (path) => {
    const assertion = await assertionAt('app.example')
    expect((await ask(cookie(assertion), { path })).status).toBe(200)
  })

  test('is vouched for to the origin as the token is', async () => {
    const assertion = await assertionAt('app.example')
    await ask([...cookie(await forged()), 'Cf-Access-Jwt-Assertion', 'mine'])
    expect(origin.received.at(-1)?.headers['cf-access-jwt-assertion']).toBe(assertion)
  })

  test.each([
    ['alone', (value: string) => `CF_Authorization=${value}`],
    ['between others', (value: string) => `a=b; CF_Authorization=${value}; CF_AppSession=1; c`],
    [
      'beside names that only look like it',
      (value: string) => `xCF_Authorization=no; cf_authorization=no; CF_Authorization=${value}; CF_AuthorizationX=no`,
    ],
  ])('is found %s', async (_where, header) => {
    expect((await ask(['Cookie', header(await assertionAt('app.example'))])).status).toBe(200)
  })

  test('ends with the assertion, to the millisecond, however often it was shown before', async () => {
    const value = await forged({ exp: seconds() + 10 })
    for (const [after, status] of [
      [0, 200],
      [9_999, 200],
      [10_000, 403],
    ] as const) {
      clock.set(new Date(start + after).toISOString())
      expect(await statusOf(value)).toBe(status)
    }
  })

  test('ends with the key, to the millisecond, however often it was shown before', async () => {
    const value = await forged()
    expect(await statusOf(value)).toBe(200)
    replica.put('signing_key', aSigningKey({ endsAt: start + 1500 }))
    for (const [after, status] of [
      [1499, 200],
      [1500, 403],
    ] as const) {
      clock.set(new Date(start + after).toISOString())
      expect(await statusOf(value)).toBe(status)
    }
  })

  test.each([
    ['is disabled', () => replica.put('service_token', aToken({ enabled: false }))],
    ['has expired', () => replica.put('service_token', aToken({ expiresAt: start }))],
    ['is deleted', () => replica.remove('service_token', tokenIdOf('token'))],
    ['has moved to another account', () => replica.put('service_token', aToken({ accountId: other.accountId }))],
  ])('ends at once when the token %s', async (_what, happens) => {
    const value = await forged()
    expect(await statusOf(value)).toBe(200)
    happens()
    expect(await statusOf(value)).toBe(403)
  })

  test('ends when the account issues in another name', async () => {
    const value = await forged()
    expect(await statusOf(value)).toBe(200)
    know({ ...strict, authDomain: 'new.example' })
    expect(await statusOf(value)).toBe(403)
  })

  test('ends when the secret that may have led to it ends, to the millisecond; one from after that goes on', async () => {
    const value = await forged()
    const previous = { digest: new Uint8Array(32), until: start + 60_000, version: 1 }
    replica.put('service_token', aToken({ previous, secretVersion: 2 }))
    for (const [after, status] of [
      [59_999, 200],
      [60_000, 403],
    ] as const) {
      clock.set(new Date(start + after).toISOString())
      expect(await statusOf(value)).toBe(status)
    }
    expect(await statusOf(await forged({ secret_version: 2 }))).toBe(200)
  })

  test.each([
    ['strict', strict],
    ['not strict', legacy],
  ])(
    'of the old secret ends though a gate that had not heard of the rotation gave it afterwards, in an account that is %s',
    async (_what, organization) => {
      know(organization)
      const lagging = await startGate({ applications, policies: [onlyToken], organization, clock, replica: createReplica() })
      const digest = new Uint8Array(32).fill(7)
      replica.put('service_token', aToken({ digest, secretVersion: 2, previous: { digest: null, until: start, version: 1 } }))
      clock.set(new Date(start + 5000).toISOString())
      const given = await send(lagging.url, { path: '/authorize', headers: ['Host', 'app.example', ...credentials] })
      await lagging.stop()
      const [value = ''] = given.values('cf-access-jwt-assertion')
      expect([given.status, decodeJwt(value)]).toMatchObject([200, { iat: seconds() }])
      expect(await statusOf(value)).toBe(403)
      expect(await statusOf(await forged({ secret_version: 2 }))).toBe(200)
    },
  )

  test('of a secret that ended does not come back with the next grace period', async () => {
    const value = await forged()
    const digest = new Uint8Array(32).fill(7)
    const until = start + 60_000
    replica.put('service_token', aToken({ digest, secretVersion: 3, previous: { digest: new Uint8Array(32), until, version: 2 } }))
    expect(await statusOf(value)).toBe(403)
    expect(await statusOf(await forged({ secret_version: 2 }))).toBe(200)
  })

  test('says by which secret it was come by, unless it is the first', async () => {
    expect(Object.keys(decodeJwt(await assertionAt('app.example')))).not.toContain('secret_version')
    const previous = { digest: digestOf('secret'), until: start + 60_000, version: 2 }
    replica.put('service_token', aToken({ digest: digestOf('new'), previous, secretVersion: 3 }))
    const byNew = ['CF-Access-Client-Id', clientIdOf('token'), 'CF-Access-Client-Secret', 'new']
    const [old, fresh] = [await assertionAt('app.example'), await assertionAt('app.example', byNew)]
    expect([decodeJwt(old), decodeJwt(fresh)]).toMatchObject([{ secret_version: 2 }, { secret_version: 3 }])
    // Used as a session, the old one leads to no better one.
    const later = await ask(cookie(old), { path: '/authorize' })
    expect(decodeJwt(later.values('cf-access-jwt-assertion')[0] ?? '')).toMatchObject({ secret_version: 2 })
  })

  test('gets no further than the token: another policy decides each time', async () => {
    replica.put('service_token', aToken({ name: 'second' }))
    expect(await statusOf(await forged({ common_name: clientIdOf('second') }))).toBe(403)
  })

  test('does not stand in for credentials that are wrong', async () => {
    const wrong = ['CF-Access-Client-Id', clientIdOf('token'), 'CF-Access-Client-Secret', 'wrong']
    expect((await ask([...cookie(await forged()), ...wrong])).status).toBe(401)
  })
})

describe('no session is', () => {
  const withPublicKey = createPublicKey(keyPair.publicKey).export({ type: 'spki', format: 'pem' }) as string
  const hmac = (header: object) =>
    new SignJWT(goodClaims()).setProtectedHeader({ alg: 'HS256', ...header }).sign(Buffer.from(withPublicKey))

  const attacks: readonly [string, () => Promise<string>][] = [
    ['one without a signature', async () => `${encoded({ ...goodHeader(), alg: 'none' })}.${encoded(goodClaims())}.`],
    ['one that says "none" over a right signature', async () => forgedHeader({ alg: 'none' })],
    ['one that says RS512 over a right signature', async () => forgedHeader({ alg: 'RS512' })],
    ['one signed by HMAC with the public key', () => hmac({ typ: 'JWT', kid: aSigningKey().id })],
    [
      'one signed by HMAC that calls itself RS256',
      async () => {
        const [, body, signature] = (await hmac({ typ: 'JWT', kid: aSigningKey().id })).split('.')
        return `${encoded(goodHeader())}.${body}.${signature}`
      },
    ],
    ['one signed with a key of its own', () => forged({}, {}, newKeyPair())],
    [
      'one that brings its own key along',
      async () => {
        const own = newKeyPair()
        return forged({}, { jwk: createPublicKey(own.publicKey).export({ format: 'jwk' }) }, own)
      },
    ],
    ["one signed with another account's key", () => forged({}, { kid: aSigningKey({}, other.keys).id }, other.keys)],
    ["one signed with another account's key under the right name", () => forged({}, {}, other.keys)],
    ['one without a key id', () => forged({}, { kid: undefined })],
    ...['../../etc/passwd', '__proto__', 'constructor', '', '*', '0'.repeat(64)].map((kid): [string, () => Promise<string>] => [
      `one of the key ${JSON.stringify(kid)}`,
      () => forged({}, { kid }),
    ]),
    ['one with critical extensions', async () => forgedHeader({ crit: ['exp'] })],
    ['one of another type of token', () => forged({}, { typ: 'at+jwt' })],
    [
      'one whose claims were changed',
      async () => {
        const [header, , signature] = (await forged()).split('.')
        return `${header}.${encoded({ ...goodClaims(), exp: seconds() + 7200 })}.${signature}`
      },
    ],
    ["another application's", () => assertionAt('second.example')],
    ['one for nobody', () => forged({ aud: undefined })],
    ['one for everybody', () => forged({ aud: [audienceOf('app.example'), audienceOf('second.example')] })],
    ['one of another issuer', () => forged({ iss: 'https://evil.example' })],
    ['one that is no application session', () => forged({ type: 'org' })],
    ['one that has expired', () => forged({ exp: seconds() })],
    ['one that never expires', () => forged({ exp: undefined })],
    ['one that expires in words', () => forged({ exp: `${seconds() + 3600}` })],
    ['one from the future', () => forged({ iat: seconds() + 61 })],
    ['one that is not valid yet', () => forged({ nbf: seconds() + 61 })],
    ['one of a token that never was', () => forged({ common_name: clientIdOf('nobody') })],
    ["one of another account's token", () => forged({ common_name: clientIdOf('elsewhere') })],
    ['one of no token', () => forged({ common_name: undefined })],
    ['one of several tokens', () => forged({ common_name: [clientIdOf('token')] })],
    ['nothing', async () => ''],
    ['a word', async () => 'yes'],
    ['dots', async () => '..'],
    ['JSON that is no object', async () => `${encoded(goodHeader())}.${encoded(null)}.AAAA`],
    ['bytes that are no JSON', async () => '____.____.____'],
    ['one in quotes', async () => `"${await forged()}"`],
    ['one with a fourth part', async () => `${await forged()}.AAAA`],
    ['one in the other alphabet of base64', async () => (await forged()).replaceAll('-', '+').replaceAll('_', '/') + '='],
    ['one of 8 kB', () => forged({ padding: 'x'.repeat(6000) })],
  ]

  /** The signature is over this header, by the right key. */
  async function forgedHeader(header: object): Promise<string> {
    const input = `${encoded({ ...goodHeader(), ...header })}.${encoded(goodClaims())}`
    return `${input}.${sign('sha256', Buffer.from(input), keyPair.privateKey).toString('base64url')}`
  }

  test.each(attacks)('%s', async (_what, attack) => {
    expect(await statusOf(await forged())).toBe(200)
    const value = await attack()
    expect(await statusOf(value)).toBe(403)
    // What was found to be no good stays so.
    expect(await statusOf(value)).toBe(403)
  })

  test('any of two: nobody can say which one counts', async () => {
    const value = await forged()
    expect((await ask(['Cookie', `CF_Authorization=${value}; CF_Authorization=${value}`])).status).toBe(403)
    expect((await ask([...cookie(value), ...cookie('other')])).status).toBe(403)
  })

  test('a genuine one at another account', async () => {
    expect(await statusOf(await assertionAt('app.example'), 'other.example')).toBe(403)
  })

  test('and the clock of the node that signed may be a minute ahead', async () => {
    expect(await statusOf(await forged({ iat: seconds() + 60 }))).toBe(200)
  })
})

describe('a session cookie', () => {
  const setBy = async (headers: readonly string[], at: { host?: string; path?: string } = {}) =>
    (await ask(headers, at)).values('set-cookie')

  test('is never set in a strict account', async () => {
    for (const path of doors) expect(await setBy(credentials, { path })).toEqual([])
    for (const host of ['second.example', 'open.example']) expect(await setBy(credentials, { host })).toEqual([])
  })

  test.each(doors)('is set for a secret in an account that is not, at %s', async (path) => {
    know(legacy)
    const assertion = await assertionAt('app.example')
    expect(await setBy(credentials, { path })).toEqual([`CF_Authorization=${assertion}; Path=/; Secure; SameSite=none`])
    expect(await statusOf(assertion)).toBe(200)
  })

  test('is not set for who has one already, but is when that is no good', async () => {
    know(legacy)
    const value = await assertionAt('app.example')
    expect(await setBy(cookie(value))).toEqual([])
    expect(await setBy([...credentials, ...cookie(value)])).toEqual([])
    expect(await setBy([...credentials, ...cookie('old')])).toHaveLength(1)
  })

  test('is not set where nobody needs a token, nor with a refusal', async () => {
    know(legacy)
    expect(await setBy(credentials, { host: 'open.example' })).toEqual([])
    expect(await setBy([], { host: 'open.example' })).toEqual([])
    expect(await setBy(['CF-Access-Client-Id', clientIdOf('token'), 'CF-Access-Client-Secret', 'wrong'])).toEqual([])
  })
})

test("where nobody needs a token, a token is vouched for all the same, and another account's is not", async () => {
  expect(decodeProtectedHeader(await assertionAt('open.example'))['kid']).toBe(aSigningKey().id)
  const foreign = ['CF-Access-Client-Id', clientIdOf('elsewhere'), 'CF-Access-Client-Secret', 'secret']
  for (const headers of [[], foreign]) {
    expect(await assertionAt('open.example', headers)).toBe('')
    await ask([...headers, 'Cf-Access-Jwt-Assertion', 'mine'], { host: 'open.example' })
    expect(origin.received.at(-1)?.headers).not.toHaveProperty('cf-access-jwt-assertion')
  }
})
