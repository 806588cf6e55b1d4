import { X509Certificate } from 'node:crypto'
import { decodeJwt, decodeProtectedHeader, type JSONWebKeySet } from 'jose'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { newOrganization } from '../../src/domain/organization.ts'
import { createReplica } from '../../src/gate/replica/replica.ts'
import { machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'
import { anApplication, aSigningKey, bypass, credentials, newKeyPair, startGate, uses } from '../gate-fixtures.ts'
import { send } from '../raw-http.ts'

// What the gate itself answers, below /cdn-cgi/access/.

const certsPath = '/cdn-cgi/access/certs'
const identityPath = '/cdn-cgi/access/get-identity'

interface Certs extends JSONWebKeySet {
  readonly public_cert: { readonly kid: string; readonly cert: string }
  readonly public_certs: readonly { readonly kid: string; readonly cert: string }[]
}

let postern: RunningPostern
let token: { readonly client_id?: string; readonly client_secret?: string }

beforeAll(async () => {
  postern = await startPostern({ clock: movableClock('2026-03-01T12:00:00Z'), settings: { AUTH_DOMAIN: 'team.access.example' } })
  token = await postern.client.zeroTrust.access.serviceTokens.create({ account_id: postern.bootstrap.accountId, name: 'machine' })
})
afterAll(() => postern.stop())

const pair = () => Object.entries(machineHeaders(token)).flat()
const ask = (headers: readonly string[], path: string) => send(postern.gateUrl, { path, headers })
const assertion = async () => (await ask(pair(), '/authorize')).values('cf-access-jwt-assertion')[0] ?? ''
const certs = async (headers: readonly string[] = []) => JSON.parse((await ask(headers, certsPath)).body) as Certs

describe('the published keys', () => {
  test('are JWKs and certificates over the same keys', async () => {
    const { keys, public_cert: current, public_certs: certificates } = await certs()
    expect(keys).toHaveLength(1)
    for (const key of keys) {
      expect(Object.keys(key).toSorted()).toEqual(['alg', 'e', 'kid', 'kty', 'n', 'use'])
      expect(key).toMatchObject({ kty: 'RSA', alg: 'RS256', use: 'sig' })
      const { cert = '' } = certificates.find(({ kid }) => kid === key.kid) ?? {}
      const certificate = new X509Certificate(cert)
      expect(certificate.publicKey.export({ format: 'jwk' })).toEqual({ kty: 'RSA', e: key.e, n: key.n })
      expect(certificate.verify(certificate.publicKey)).toBe(true)
    }
    expect(certificates).toContainEqual(current)
    expect(current.kid).toBe(decodeProtectedHeader(await assertion()).kid)
  })

  test('may be read by anybody, from any page, and kept for a minute', async () => {
    const { status, values, body } = await ask([], `${certsPath}?fresh`)
    expect([status, values('content-type'), values('access-control-allow-origin')]).toEqual([200, ['application/json'], ['*']])
    expect(values('cache-control')).toEqual(['public, max-age=60'])
    expect(body).not.toContain('PRIVATE')
    const head = await send(postern.gateUrl, { method: 'HEAD', path: certsPath })
    expect([head.status, head.values('content-length'), head.body]).toEqual([200, [`${Buffer.byteLength(body)}`], ''])
  })

  test.each(['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH'])('are not there for %s', async (method) => {
    for (const path of [certsPath, identityPath]) {
      const { status, values } = await send(postern.gateUrl, { method, path })
      expect([status, values('allow')]).toEqual([405, ['GET, HEAD']])
    }
  })

  test.each(['/cdn-cgi/access/', '/cdn-cgi/access/certs/', '/cdn-cgi/access/login'])(
    'are all there is, besides the identity: %s',
    async (path) => {
      expect((await ask(pair(), path)).status).toBe(404)
    },
  )
})

describe('the keys at a host', () => {
  const kids = async (host: string) => (await certs(['Host', host])).keys.map(({ kid }) => kid)

  test("are those of all accounts that issue in its name, and elsewhere the application's", async () => {
    const [own] = await kids('anywhere.example')
    expect(await kids('TEAM.access.example:8443')).toEqual([own])
    const { id: account_id = '' } = await postern.client.accounts.create({ name: 'second', type: 'standard' })
    await postern.client.zeroTrust.access.keys.get({ account_id })
    const shared = await kids('team.access.example')
    expect([shared.length, shared.includes(own)]).toEqual([2, true])
    expect(await kids('anywhere.example')).toEqual([own])
    await postern.client.put(`/accounts/${account_id}/access/organizations`, { body: { auth_domain: 'second.example' } })
    expect(await kids('team.access.example')).toEqual([own])
    expect(await kids('second.example')).toEqual(shared.filter((kid) => kid !== own))
  })

  test('are found without going through all applications for each of those who ask', async () => {
    let looks = 0
    const replica = createReplica()
    const counted = Object.create(replica, {
      applications: {
        get() {
          looks++
          return replica.applications
        },
      },
    }) as typeof replica
    const gate = await startGate({ applications: [anApplication({ domain: 'app.example' })], replica: counted })
    try {
      for (const host of ['app.example', 'app.example', 'other.example', 'app.example.org']) {
        await send(gate.url, { path: certsPath, headers: ['Host', host] })
      }
      expect(looks).toBe(1)
    } finally {
      await gate.stop()
    }
  })

  test('are found by a host that its application writes in capitals, beside whoever issues in its name', async () => {
    const replica = createReplica()
    const stranger = aSigningKey({ accountId: 'b'.repeat(32), createdAt: 1 }, newKeyPair())
    replica.put('signing_key', stranger)
    replica.put('organization', newOrganization(stranger.accountId, 'Stranger', 'app.example', 0))
    const gate = await startGate({ applications: [anApplication({ domain: 'App.Example' })], replica })
    try {
      const { body } = await send(gate.url, { path: certsPath, headers: ['Host', 'app.example'] })
      expect((JSON.parse(body) as Certs).keys.map(({ kid }) => kid)).toEqual([stranger.id, aSigningKey().id])
    } finally {
      await gate.stop()
    }
  })

  test("are nobody's where nobody answers, and cannot be taken away by who issues in the name of another one's host", async () => {
    const replica = createReplica()
    const [accountId, own] = ['b'.repeat(32), aSigningKey().id]
    const stranger = aSigningKey({ accountId, createdAt: 1 }, newKeyPair())
    replica.put('signing_key', stranger)
    const organization = { ...newOrganization(accountId, 'Stranger', 'app.example', 0), revision: 1 }
    const applications = [anApplication({ domain: 'app.example' }), anApplication({ domain: 'part.example/api' })]
    const gate = await startGate({ applications, replica, organization })
    try {
      const at = async (host: string) => {
        const { status, body } = await send(gate.url, { path: certsPath, headers: ['Host', host] })
        return status === 200 ? (JSON.parse(body) as Certs).keys.map(({ kid }) => kid) : status
      }
      expect(await at('app.example')).toEqual([stranger.id, own])
      expect(await at('part.example')).toEqual([own])
      expect(await at('part.example.org')).toBe(404)
      expect(await at('')).toBe(404)
      // What has changed counts at once, however often was asked before.
      replica.put('application', anApplication({ domain: 'part.example.org' }))
      replica.remove('organization', accountId)
      replica.settle()
      expect(await at('part.example.org')).toEqual([own])
      expect(await at('app.example')).toEqual([own])
      replica.remove('application', 'part.example/api')
      replica.settle()
      expect(await at('part.example')).toBe(404)
    } finally {
      await gate.stop()
    }
  })
})

describe('who I am', () => {
  const who = async (headers: readonly string[]) => {
    const { status, body, values } = await ask(headers, identityPath)
    return { status, identity: status === 200 ? (JSON.parse(body) as object) : undefined, caching: values('cache-control') }
  }

  test('is told to a machine with its token, and with its session', async () => {
    const { accountId } = postern.bootstrap
    const { iat, exp, aud } = decodeJwt(await assertion())
    const identity = {
      ...{ id: '', name: '', email: '', user_uuid: '', idp: { id: '', type: '' }, account_id: accountId, iat, exp, aud, ip: '127.0.0.1' },
      ...{ type: 'app', auth_status: 'NONE', common_name: token.client_id, service_token_id: token.client_id, service_token_status: true },
      ...{ is_warp: false, is_gateway: false },
    }
    for (const headers of [pair(), ['Cookie', `CF_Authorization=${await assertion()}`]]) {
      expect(await who(headers)).toEqual({ status: 200, identity, caching: ['no-store'] })
    }
  })

  test('is told to nobody else', async () => {
    expect((await who([])).status).toBe(403)
    expect((await who(['Cookie', 'CF_Authorization=a.b.c'])).status).toBe(403)
    expect((await who(['CF-Access-Client-Id', token.client_id ?? '', 'CF-Access-Client-Secret', 'wrong'])).status).toBe(401)
    const { values, body } = await ask(['Accept', 'application/json'], identityPath)
    expect([values('cf-access-aud').length, JSON.parse(body)]).toEqual([1, expect.objectContaining({ status_code: 403 })])
  })

  test.each([
    ['403', false, 403],
    ['401 where the application asks for credentials', true, 401],
  ])('is answered with %s to who is let in without being anybody', async (_answer, asksForCredentials, status) => {
    const gate = await startGate({ applications: [anApplication({ domain: '*', policies: uses(bypass), asksForCredentials })] })
    try {
      expect((await send(gate.url, { path: identityPath })).status).toBe(status)
      expect((await send(gate.url, { path: identityPath, headers: credentials })).status).toBe(200)
    } finally {
      await gate.stop()
    }
  })
})
