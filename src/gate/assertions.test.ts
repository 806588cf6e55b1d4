import { X509Certificate } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader } from 'jose'
import { beforeEach, describe, expect, test } from 'vitest'
import { movableClock, silent } from '../../test/fixtures.ts'
import { aKnownToken, anApplication, aPolicy, aSigningKey, aToken, clientIdOf, newKeyPair, sealer, uses } from '../../test/gate-fixtures.ts'
import type { Log } from '../authority/ports.ts'
import { newOrganization } from '../domain/organization.ts'
import type { Policy } from '../domain/policy.ts'
import type { ServiceToken } from '../domain/service-token.ts'
import { keyOverlapMs } from '../domain/signing-key.ts'
import { type Assertions, createAssertions } from './assertions.ts'
import { createCheck } from './check.ts'
import type { Verdict, Via } from './decide.ts'
import { createKeyRing, type KeyRing } from './key-ring.ts'
import { createReplica, type Entrance, type Replica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

const policy = aPolicy()
const application = anApplication({ domain: 'app.example', policies: uses(policy) })
let clock = movableClock('2026-03-01T12:00:00Z')
let replica: Replica
/** How often something was signed. */
let signed: number
let assertions: Assertions

const stalenessBudgetMs = 30_000
const keyRing = () => createKeyRing({ replica, sealer, clock, stalenessBudgetMs })

function assertionsWith(fields: Partial<KeyRing> = {}, log: Log = silent): Assertions {
  const ring = keyRing()
  const sign: KeyRing['sign'] = (key, content) => {
    signed++
    return ring.sign(key, content)
  }
  return createAssertions({ replica, keyRing: { ...ring, sign, ...fields }, log, authDomain: 'access.example' })
}

beforeEach(() => {
  clock = movableClock('2026-03-01T12:00:00Z')
  replica = createReplica()
  replica.put('policy', policy)
  replica.put('application', application)
  replica.put('signing_key', aSigningKey())
  replica.settle()
  signed = 0
  assertions = assertionsWith()
})

const entrance = () => replica.entranceTo('app.example', '/') as Entrance
const provideTo = async (token: KnownToken, from: Policy = policy, via: Via = 'current') =>
  assertions.known(entrance(), from, token, via, clock.now()) ?? (await assertions.sign(entrance(), from, token, via, clock.now()))
const provide = (from: Policy = policy, token: ServiceToken = aToken()) => provideTo(aKnownToken(replica, token), from)
const lifetimeOf = (assertion: string | null) => {
  const { iat = 0, exp = 0 } = decodeJwt(assertion ?? '')
  return exp - iat
}

describe('an assertion', () => {
  test('is signed once, however many requests want it at once', async () => {
    const all = await Promise.all(Array.from({ length: 50 }, () => provide()))
    expect([new Set(all).size, signed]).toEqual([1, 1])
  })

  test('that is at hand is handed over at once, to the token as it was and as it has become', async () => {
    const token = aKnownToken(replica)
    const first = await provideTo(token)
    const known = (changed: KnownToken) => assertions.known(entrance(), policy, changed, 'current', clock.now())
    expect([known(token), known(token), known(aKnownToken(replica)), known(aKnownToken(replica))]).toEqual(new Array(4).fill(first))
  })

  test('that is at hand is not handed over once anything about it is another, however often it was before', async () => {
    const token = aKnownToken(replica)
    const first = await provideTo(token)
    const known = (from = policy) => assertions.known(entrance(), from, token, 'current', clock.now())
    expect([known(), known({ ...policy, sessionDuration: '1h' }), known()]).toEqual([first, undefined, first])
    replica.put('organization', newOrganization(application.accountId, 'Example', 'new.example', 0))
    replica.settle()
    expect(known()).toBeUndefined()
    replica.remove('organization', application.accountId)
    replica.settle()
    expect(known()).toBe(first)
    clock.advance(12 * 3_600_000)
    expect(known()).toBeUndefined()
  })

  test('is used again until half its life is over, and not a millisecond longer', async () => {
    const first = await provide()
    clock.advance(12 * 3_600_000 - 1)
    expect(await provide()).toBe(first)
    clock.advance(1)
    expect(await provide()).not.toBe(first)
  })

  test('is the same while the secret before a rotation works, and another one once that has ended: sessions by the old secret end, too', async () => {
    const first = await provide()
    const until = clock.now() + 60_000
    const rotated = aToken({ previous: { digest: new Uint8Array(32), until, version: 1 }, secretVersion: 2, revision: 2 })
    clock.advance(59_999)
    expect(await provideTo(aKnownToken(replica, rotated), policy, 'previous')).toBe(first)
    clock.advance(1)
    const second = await provide(policy, rotated)
    expect(decodeJwt(second ?? '').iat).toBe(until / 1000)
    expect(await provide(policy, rotated)).toBe(second)
  })

  test('is another one for another token, application, lifetime or issuer', async () => {
    const all = [await provide(), await provide(policy, aToken({ name: 'other' })), await provide({ ...policy, sessionDuration: '1h' })]
    const { accountId } = application
    replica.put('application', anApplication({ domain: 'app.example', id: 'other', audience: 'b'.repeat(64), policies: uses(policy) }))
    replica.remove('application', application.id)
    replica.settle()
    all.push(await provide())
    replica.put('organization', newOrganization(accountId, 'Example', 'new.example', 0))
    replica.settle()
    all.push(await provide())
    expect(new Set(all).size).toBe(5)
    expect(decodeJwt(all.at(-1) ?? '')).toMatchObject({ iss: 'https://new.example', aud: ['b'.repeat(64)] })
  })

  test('is another one as soon as another key signs', async () => {
    const first = await provide()
    const next = aSigningKey({ createdAt: clock.now() }, newKeyPair())
    replica.put('signing_key', aSigningKey({ endsAt: clock.now() + keyOverlapMs }))
    replica.put('signing_key', next)
    clock.advance(89_999)
    expect(await provide()).toBe(first)
    clock.advance(1)
    expect(decodeProtectedHeader((await provide()) ?? '').kid).toBe(next.id)
  })

  test.each([
    ["the policy's", { sessionDuration: '30m' }, { sessionDuration: '2h' }, 1800],
    ["else the application's", { sessionDuration: null }, { sessionDuration: '1h30m' }, 5400],
    ['else 24 hours', { sessionDuration: null }, { sessionDuration: null }, 86_400],
    ['a second at the least', { sessionDuration: '1ms' }, {}, 1],
  ])('lasts for the session duration: %s', async (_whose, ofPolicy, ofApplication, seconds) => {
    replica.put('application', { ...application, ...ofApplication })
    replica.settle()
    expect(lifetimeOf(await provide({ ...policy, ...ofPolicy }))).toBe(seconds)
  })

  test('never outlives what is sure of its key', async () => {
    expect(lifetimeOf(await provide({ ...policy, sessionDuration: '8760h' }))).toBe((keyOverlapMs - stalenessBudgetMs) / 1000)
    const now = clock.now()
    replica.put('signing_key', aSigningKey({ endsAt: now + 90_500 }))
    expect(lifetimeOf(await provide({ ...policy, sessionDuration: '720h' }))).toBe(90)
  })

  test('names nothing but the token, the application and its times', async () => {
    const assertion = (await provide()) ?? ''
    const iat = clock.now() / 1000
    const claims = { type: 'app', iat, exp: iat + 86_400, iss: 'https://access.example', sub: '', aud: [application.audience] }
    expect(decodeJwt(assertion)).toEqual({ ...claims, common_name: clientIdOf('token') })
    expect(decodeProtectedHeader(assertion)).toEqual({ typ: 'JWT', alg: 'RS256', kid: aSigningKey().id })
  })
})

describe('when nobody can sign', () => {
  const admitted = (): Verdict => ({
    admitted: true,
    application,
    entrance: entrance(),
    policy,
    token: aKnownToken(replica),
    via: 'current',
  })
  const asked = { host: 'app.example', target: '/', method: 'GET', address: '127.0.0.1', rawHeaders: [], cookie: undefined }

  async function passageWith(from: Assertions) {
    const noted: unknown[] = []
    const observe = (_asked: unknown, verdict: Verdict) => void noted.push('reason' in verdict ? verdict.reason : 'admitted')
    const check = createCheck({ decide: admitted, observe, clock, assertions: from, sessions: { sessionIn: () => undefined } })
    const passage = await check(asked, 'ray')
    return { passage, noted }
  }

  test.each([
    ['there is no key', () => replica.remove('signing_key', aSigningKey().id)],
    [
      'the key is sealed for another purpose',
      () => replica.put('signing_key', aSigningKey({ sealedPrivateKey: sealer.seal('other', 'key') })),
    ],
    [
      'what is sealed is no key',
      () => replica.put('signing_key', aSigningKey({ sealedPrivateKey: sealer.seal(`signing key ${aSigningKey().id}`, 'x') })),
    ],
  ])('as %s, the request is refused with 503 rather than passed on without', async (_why, spoil) => {
    spoil()
    const { passage, noted } = await passageWith(assertionsWith())
    expect(passage).toMatchObject({ admitted: false, status: 503, reason: 'no_signing_key' })
    expect(noted).toEqual(['no_signing_key'])
  })

  test('the operator is told once, and no key is', async () => {
    const lines: string[] = []
    const log = { ...silent, error: (fields: object, text: string) => void lines.push(JSON.stringify(fields) + text) } as Log
    const failing = assertionsWith({ sign: () => Promise.reject(new Error('no more')) }, log)
    for (let at = 0; at < 3; at++) await passageWith(failing)
    expect(lines).toHaveLength(1)
    expect(lines.join()).not.toContain('PRIVATE KEY')
  })

  test('it is tried again with the next request', async () => {
    let broken = true
    const ring = keyRing()
    const failing = assertionsWith({ sign: (key, content) => (broken ? Promise.reject(new Error('no')) : ring.sign(key, content)) })
    expect((await passageWith(failing)).passage).toMatchObject({ admitted: false })
    broken = false
    expect((await passageWith(failing)).passage).toMatchObject({ admitted: true })
  })
})

describe('the certificate of a key', () => {
  const key = aSigningKey({ createdAt: Date.parse('2026-01-15T09:30:00.123Z') })

  test('is the same on every node', async () => {
    const made = await Promise.all([keyRing().publish(key), keyRing().publish(key)])
    expect(made[0]).toEqual(made[1])
  })

  test('is over the key that it is published with, signed by that, and valid from when that was made', async () => {
    const { certificate } = await keyRing().publish(key)
    const read = new X509Certificate(certificate)
    expect(read.publicKey.export({ type: 'spki', format: 'pem' })).toBe(key.publicKey)
    expect(read.verify(read.publicKey)).toBe(true)
    expect([read.subject, read.issuer]).toEqual([`CN=${key.id}`, `CN=${key.id}`])
    expect([read.validFrom, read.validTo]).toEqual(['Jan 15 09:30:00 2026 GMT', 'Jan 15 09:30:00 2036 GMT'])
    expect(read.serialNumber.toLowerCase()).toBe(`01${key.id.slice(0, 30)}`)
  })

  test.each(['2045-06-01T00:00:00Z', '2055-06-01T00:00:00Z'])('can be read for a key of %s, too', async (createdAt) => {
    const { certificate } = await keyRing().publish(aSigningKey({ createdAt: Date.parse(createdAt) }))
    expect(new Date(new X509Certificate(certificate).validFrom)).toEqual(new Date(createdAt))
  })
})
