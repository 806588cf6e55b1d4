import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newOrganization } from '../../../src/domain/organization.ts'
import { digestOf } from '../../../src/domain/secret.ts'
import { rotate } from '../../../src/domain/service-token.ts'
import { anApplication, aPolicy, aToken, bypass, credentials, startGate, uses } from '../../gate-fixtures.ts'
import { isInstalled } from '../../proxies.ts'
import { type Door, doors, type Knock } from './doors.ts'

const nearby = aPolicy({ id: 'nearby', decision: 'bypass', include: [{ kind: 'ip', range: '127.0.0.0/8' }] })
const elsewhere = aPolicy({ id: 'elsewhere', decision: 'bypass', include: [{ kind: 'ip', range: '203.0.113.0/24' }] })

const applications = [
  anApplication({ domain: 'token.example' }),
  anApplication({ domain: 'nobody.example', policies: [] }),
  anApplication({ domain: 'asks.example', asksForCredentials: true }),
  anApplication({ domain: 'single.example', tokenHeader: 'x-service-token' }),
  anApplication({ domain: 'open.example', policies: uses(bypass) }),
  anApplication({ domain: 'open.example/admin' }),
  anApplication({ domain: 'nearby.example', policies: uses(nearby) }),
  anApplication({ domain: 'elsewhere.example', policies: uses(elsewhere) }),
]

const start = Date.parse('2026-01-01T00:00:00Z')
const tokens = [
  aToken({ id: 'expired', clientId: 'expired.access', expiresAt: start }),
  aToken({ id: 'disabled', clientId: 'disabled.access', enabled: false }),
  { ...rotate(aToken({ id: 'rotated', clientId: 'rotated.access' }), digestOf('newer'), start - 1), revision: 2 },
]

const pair = (id: string, secret = 'secret') => ['CF-Access-Client-Id', id, 'CF-Access-Client-Secret', secret]
const single = ['X-Service-Token', JSON.stringify({ 'cf-access-client-id': 'token.access', 'cf-access-client-secret': 'secret' })]
const json = ['Accept', 'application/json']
const on = (host: string, headers: readonly string[] = [], rest: Partial<Knock> = {}): Knock => ({ host, headers, ...rest })

/** §5 of the wire facts, strict: what is sent, and the status that the client sees. */
const table: readonly (readonly [string, Knock, number])[] = [
  ['a valid token', on('token.example', credentials), 200],
  ['a valid token, POST', on('token.example', credentials, { method: 'POST' }), 200],
  ['a valid token, HEAD', on('token.example', credentials, { method: 'HEAD' }), 200],
  [
    'a valid token, header names in lower case',
    on(
      'token.example',
      credentials.map((text, at) => (at % 2 ? text : text.toLowerCase())),
    ),
    200,
  ],
  ['a valid token, host in upper case', on('TOKEN.example', credentials), 200],
  ['a valid token, host with a port', on('token.example:8443', credentials), 200],
  ['a wrong secret', on('token.example', pair('token.access', 'wrong')), 401],
  ['an unknown client id', on('token.example', pair('unknown.access')), 401],
  ['an expired token', on('token.example', pair('expired.access')), 401],
  ['a disabled token', on('token.example', pair('disabled.access')), 401],
  ['a secret that was rotated out', on('token.example', pair('rotated.access')), 401],
  ['the secret after a rotation', on('token.example', pair('rotated.access', 'newer')), 200],
  ['a valid token that no policy lets in', on('nobody.example', credentials), 403],
  ['a client id alone', on('token.example', credentials.slice(0, 2)), 401],
  ['a client secret alone', on('token.example', credentials.slice(2)), 401],
  ['the client id twice', on('token.example', [...credentials, ...credentials.slice(0, 2)]), 401],
  ['the client secret twice', on('token.example', [...credentials, 'cf-access-client-secret', 'secret']), 401],
  ['both styles at once', on('single.example', [...credentials, ...single]), 401],
  ['one header with both', on('single.example', single), 200],
  ['one header with both, where none is expected', on('token.example', single), 403],
  ['no credentials', on('token.example'), 403],
  ['no credentials, where the application asks for them', on('asks.example'), 401],
  ['a session that is none', on('token.example', ['Cookie', 'CF_Authorization=abc.def.ghi']), 403],
  ['a host without an application', on('unknown.example', credentials), 403],
  ['everybody, where everybody may', on('open.example'), 200],
  ['everybody, below a path where everybody may', on('open.example', [], { path: '/public/admin?x=/admin' }), 200],
  ['everybody, where a token is wanted', on('open.example', [], { path: '/admin' }), 403],
  ['everybody, below a path where a token is wanted', on('open.example', [], { path: '/admin/users?x=1' }), 403],
  ['a valid token, where one is wanted', on('open.example', credentials, { path: '/admin/users?x=1' }), 200],
  ['a path that can be read in two ways', on('open.example', [], { path: '/public/..%2fadmin' }), 403],
  ['a path that can be read in two ways, with a valid token', on('open.example', credentials, { path: '//admin' }), 403],
  ['an address that may', on('nearby.example'), 200],
  ['an address that may not', on('elsewhere.example'), 403],
]

/** A field that only a HEAD request, or a proxy's own header, may be without. */
const doorNames = Object.keys(doors).filter(
  (name) => !['nginx', 'Caddy', 'HAProxy'].includes(name) || isInstalled(name.toLowerCase() as 'nginx'),
)

describe.each(doorNames)('through %s', (name) => {
  let door: Door
  let legacy: Door
  let stop: () => Promise<void>

  beforeAll(async () => {
    const strict = await startGate({ applications, tokens, policies: [nearby, elsewhere], trusting: true })
    const organization = { ...newOrganization('a'.repeat(32), 'legacy', 'access.example', 0), isStrict: false, revision: 1 }
    const lenient = await startGate({ applications, tokens, organization, policies: [nearby, elsewhere], trusting: true })
    const open = doors[name]
    if (open === undefined) throw new Error(`no door ${name}`)
    door = await open(strict)
    legacy = await open(lenient)
    stop = async () => {
      for (const part of [door, legacy, strict, lenient]) await part.stop()
    }
  })
  afterAll(() => stop())

  test.each(table)('%s', async (_case, knock, status) => {
    const outcome = await door.knock(knock)
    expect(outcome.status).toBe(status)
    expect(outcome.arrived !== undefined).toBe(status === 200)
    expect(outcome.values('set-cookie')).toEqual([])
  })

  test('a refusal comes with its words, as JSON for those who ask for it', async () => {
    const wrong = await door.knock(on('token.example', [...pair('token.access', 'wrong'), ...json]))
    expect(JSON.parse(wrong.body)).toMatchObject({ status_code: 401, message: expect.stringMatching(/^Unauthorized\./) })
    const none = await door.knock(on('token.example', json))
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
    expect((await door.knock(on('token.example'))).body).toMatch(/^<!doctype html>.*<h1>403 Forbidden/s)
  })

  test('a refused upload gets its refusal', async () => {
    const refused = await door.knock(on('token.example', [...json, 'Content-Type', 'text/plain'], { method: 'POST' }))
    expect([refused.status, JSON.parse(refused.body).status_code]).toEqual([403, 403])
  })

  test('an admitted request goes on with an assertion, which opens the same application as a cookie', async () => {
    const { arrived } = await door.knock(on('token.example', credentials))
    const assertion = `${arrived?.['cf-access-jwt-assertion']}`
    expect(assertion).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
    const back = await door.knock(on('token.example', ['Cookie', `a=b; CF_Authorization=${assertion}; c=d`]))
    expect(back.status).toBe(200)
    expect((await door.knock(on('asks.example', ['Cookie', `CF_Authorization=${assertion}`]))).status).toBe(401)
  })

  test('an assertion that the client sent does not go on, whoever is let in', async () => {
    const forged = ['Cf-Access-Jwt-Assertion', 'forged', 'cf-access-jwt-assertion', 'forged']
    const everybody = await door.knock(on('open.example', forged))
    expect(everybody.status).toBe(200)
    expect(everybody.arrived?.['cf-access-jwt-assertion']).toBeUndefined()
    const { arrived } = await door.knock(on('token.example', [...credentials, ...forged]))
    expect(arrived?.['cf-access-jwt-assertion']).toMatch(/^eyJ[\w-]+\.[\w-]+\.[\w-]+$/)
  })

  test('in an account that is not strict, a valid token gets a cookie, and a wrong one 403', async () => {
    const valid = await legacy.knock(on('token.example', credentials))
    expect(valid.status).toBe(200)
    expect(valid.values('set-cookie')).toEqual([expect.stringMatching(/^CF_Authorization=eyJ\S+; Path=\/; Secure; SameSite=none$/)])
    for (const wrong of [pair('token.access', 'wrong'), pair('expired.access')]) {
      const { status, values } = await legacy.knock(on('token.example', wrong))
      expect([status, values('set-cookie')]).toEqual([403, []])
    }
    expect((await legacy.knock(on('token.example', credentials.slice(0, 2)))).status).toBe(401)
  })
})
