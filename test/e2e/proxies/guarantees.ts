import { createPublicKey } from 'node:crypto'
import { jwtVerify } from 'jose'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { newOrganization } from '../../../src/domain/organization.ts'
import { clientIdOf, credentials, keyPair, type startGate } from '../../gate-fixtures.ts'
import type { Door } from './doors.ts'
import { applications, cookies, on, pair, policies, rows, start, tokens } from './knocks.ts'

/** What a gate knows, for all doors the same. */
export type Known = Parameters<typeof startGate>[0]

const known: Known = { applications, tokens, policies }
const organization = { ...newOrganization('a'.repeat(32), 'legacy', 'access.example', 0), isStrict: false, revision: 1 }
const json = ['Accept', 'application/json']
const setCookieLine = /^CF_Authorization=eyJ\S+; Path=\/; Secure; SameSite=none$/

/** What has to hold whichever door a request comes through, of accounts that are strict and of those that are not; `showsAll` where an origin tells what reached it. */
export function testGuarantees(open: (known: Known) => Promise<Door>, showsAll: boolean): { readonly strict: () => Door } {
  let strict: Door
  let legacy: Door

  beforeAll(async () => {
    strict = await open(known)
    legacy = await open({ ...known, organization })
  })
  afterAll(async () => {
    await strict.stop()
    await legacy.stop()
  })

  test.each(rows)('$what: $strict', async ({ knock, strict: status }) => {
    const outcome = await strict.knock(knock)
    expect(outcome.status).toBe(status)
    expect(outcome.arrived !== undefined).toBe(status === 200)
    expect(outcome.values('set-cookie')).toEqual([])
  })

  test.each(rows)('in an account that is not strict, $what: $legacy', async ({ knock, legacy: status, isForCookie }) => {
    const outcome = await legacy.knock(knock)
    expect(outcome.status).toBe(status)
    expect(outcome.arrived !== undefined).toBe(status === 200)
    expect(outcome.values('set-cookie')).toEqual(isForCookie ? [expect.stringMatching(setCookieLine)] : [])
  })

  test('a refusal comes with its words, as JSON for those who ask for it', async () => {
    const wrong = await strict.knock(on('token.example', [...pair(clientIdOf('token'), 'wrong'), ...json]))
    expect(JSON.parse(wrong.body)).toMatchObject({ status_code: 401, message: expect.stringMatching(/^Unauthorized\./) })
    const none = await strict.knock(on('token.example', json))
    const body = JSON.parse(none.body)
    expect(body).toEqual({
      message: expect.stringMatching(/^Forbidden\./),
      status_code: 403,
      aud: expect.any(String),
      ray_id: expect.any(String),
    })
    expect(none.values('content-type')).toEqual(['application/json'])
    expect(none.values('cf-ray')).toEqual([body.ray_id])
    expect(none.values('cf-access-aud')).toEqual([body.aud])
    expect(none.values('cf-access-domain')).toEqual(['token.example'])
    expect((await strict.knock(on('token.example'))).body).toMatch(/^<!doctype html>.*<h1>403 Forbidden/s)
  })

  test('a refused upload gets its refusal', async () => {
    const refused = await strict.knock(on('token.example', [...json, 'Content-Type', 'text/plain'], { method: 'POST' }))
    expect([refused.status, JSON.parse(refused.body).status_code]).toEqual([403, 403])
  })

  test('an admitted request goes on with an assertion for its application, which opens the same one as a cookie', async () => {
    const { arrived } = await strict.knock(on('token.example', credentials))
    const assertion = `${arrived?.['cf-access-jwt-assertion']}`
    const { payload } = await jwtVerify(assertion, createPublicKey(keyPair.publicKey), {
      ...{ algorithms: ['RS256'], typ: 'JWT', issuer: 'https://access.example', currentDate: new Date(start) },
      audience: applications[0]?.audience ?? '',
    })
    expect(payload).toMatchObject({ type: 'app', sub: '', common_name: clientIdOf('token') })
    const back = await strict.knock(on('token.example', ['Cookie', `a=b; CF_Authorization=${assertion}; c=d`]))
    expect(back.status).toBe(200)
    expect((await strict.knock(on('asks.example', ['Cookie', `CF_Authorization=${assertion}`]))).status).toBe(401)
  })

  test('an assertion that the client sent does not go on, whoever is let in', async () => {
    const forged = ['Cf-Access-Jwt-Assertion', 'forged', 'cf-access-jwt-assertion', 'forged']
    const everybody = await strict.knock(on('open.example', forged))
    expect(everybody.status).toBe(200)
    expect(everybody.arrived?.['cf-access-jwt-assertion']).toBeUndefined()
    const { arrived } = await strict.knock(on('token.example', [...credentials, ...forged]))
    expect(arrived?.['cf-access-jwt-assertion']).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  test('neither id nor secret nor session of a client goes on, whoever is let in', async () => {
    const all = [...credentials, 'Cookie', 'a=b; CF_Authorization=kept.by.client; c=d']
    for (const host of ['token.example', 'open.example']) {
      const { status, arrived } = await strict.knock(on(host, all))
      expect([host, status]).toEqual([host, 200])
      expect(JSON.stringify(arrived)).not.toMatch(/client-(id|secret)|token\.access|CF_Authorization|kept\.by\.client/i)
    }
  })

  test.runIf(showsAll).each(cookies)('of the cookies %j the origin gets %j', async (sent, kept) => {
    const { arrived } = await strict.knock(on('open.example', ['Cookie', sent]))
    expect(pairsIn(arrived?.['cookie'])).toEqual(pairsIn(kept))
  })

  test.runIf(showsAll)('of a session that a client sends twice, the origin gets neither', async () => {
    const { arrived } = await strict.knock(on('open.example', ['Cookie', 'CF_Authorization=a; CF_Authorization=b; CF_Authorization=c']))
    expect(pairsIn(arrived?.['cookie'])).toEqual([])
  })

  test('in an account that is not strict, the cookie that a token got admits alone, and does not go on', async () => {
    const [line = ''] = (await legacy.knock(on('token.example', credentials))).values('set-cookie')
    const [cookie = ''] = line.split(';')
    const again = await legacy.knock(on('token.example', ['Cookie', cookie]))
    expect([again.status, again.values('set-cookie')]).toEqual([200, []])
    expect(again.arrived?.['cf-access-jwt-assertion']).toBe(cookie.slice('CF_Authorization='.length))
    expect(JSON.stringify(again.arrived)).not.toContain('CF_Authorization')
    expect((await legacy.knock(on('single.example', ['Cookie', cookie]))).status).toBe(403)
  })

  return { strict: () => strict }
}

function pairsIn(cookie: unknown): readonly string[] {
  return `${cookie ?? ''}`.split(/;\s*/).filter((pair) => pair !== '')
}
