import { Client, credentials as channel } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startExtAuthz } from '../../../src/gate/ext-authz/listener.ts'
import { silent, startPostern } from '../../fixtures.ts'
import { anApplication, bypass, credentials, startGate, uses } from '../../gate-fixtures.ts'
import { send } from '../../raw-http.ts'
import { checkOver, checkRequest } from './doors.ts'
import { valuesAt } from './protobuf.ts'

// Which request a question at `/authorize` is about, and who is believed about it. `open.example` is for everybody, its `/admin` and `closed.example` are not.

const applications = [
  anApplication({ domain: 'open.example', policies: uses(bypass) }),
  anApplication({ domain: 'open.example/admin' }),
  anApplication({ domain: 'whole.example', policies: uses(bypass) }),
  anApplication({ domain: 'closed.example' }),
]

type Gate = Awaited<ReturnType<typeof startGate>>

function asker(gate: () => Gate) {
  return async (headers: readonly string[], path = '/authorize') => (await send(gate().url, { path, headers })).status
}

describe('a proxy that is trusted', () => {
  let gate: Gate
  const ask = asker(() => gate)
  beforeAll(async () => {
    gate = await startGate({ applications, trusting: true })
  })
  afterAll(() => gate.stop())

  test.each([
    ['X-Forwarded-Uri', '/public'],
    ['X-Original-URI', '/public?x=/admin'],
    ['X-Original-URL', '/public'],
    ['X-Original-URL', 'https://open.example/public'],
    ['X-Original-URL', 'http://OPEN.example:8080/public'],
  ])('says the path in %s: %s', async (name, value) => {
    expect(await ask(['Host', 'open.example', name, value])).toBe(200)
    expect(await ask(['Host', 'open.example', name, value.replace('/public', '/admin')])).toBe(403)
    expect(await ask(['Host', 'open.example', name, value.replace('/public', '/admin'), ...credentials])).toBe(200)
  })

  test('says the path behind /authorize, as Envoy does, with all of its query', async () => {
    for (const path of ['/authorize/public', '/authorize/', '/authorize/public?x=/admin', '/authorize/x/admin']) {
      expect([path, await ask(['Host', 'open.example'], path)]).toEqual([path, 200])
    }
    for (const path of ['/authorize/admin', '/authorize/admin?x', '/authorize//admin', '/authorize/x/../admin', '/authorize/%2e%2e/x']) {
      expect([path, await ask(['Host', 'open.example'], path)]).toEqual([path, 403])
    }
  })

  test('that does not say the path is refused where paths matter, and only there', async () => {
    expect(await ask(['Host', 'open.example'])).toBe(403)
    expect(await ask(['Host', 'open.example', ...credentials])).toBe(403)
    expect(await ask(['Host', 'open.example'], '/authorize?/public')).toBe(403)
    expect(await ask(['Host', 'whole.example'])).toBe(200)
    expect(await ask(['Host', 'closed.example', ...credentials])).toBe(200)
  })

  test.each([
    ['two paths', ['X-Forwarded-Uri', '/public', 'X-Original-URI', '/admin']],
    ['two paths, one of them in a URL', ['X-Forwarded-Uri', '/public', 'X-Original-URL', 'http://open.example/admin']],
    ['a path twice', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Uri', '/public']],
    ['two paths in one header', ['X-Forwarded-Uri', '/public, /admin']],
    ['a URL for a path', ['X-Forwarded-Uri', 'http://open.example/public']],
    ['no path in its header', ['X-Forwarded-Uri', 'public']],
    ['an asterisk', ['X-Forwarded-Uri', '*']],
    ['another host', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Host', 'whole.example', 'X-Original-URL', 'http://open.example/public']],
    ['two hosts', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Host', 'open.example, whole.example']],
    ['a host twice', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Host', 'open.example', 'X-Forwarded-Host', 'open.example']],
    ['a host with a user', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Host', 'open.example@closed.example']],
    ['a host with an escape', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Host', 'open%2eexample']],
    ['two methods', ['X-Forwarded-Uri', '/public', 'X-Forwarded-Method', 'GET', 'X-Original-Method', 'POST']],
  ])('that contradicts itself gets 400: %s', async (_case, headers) => {
    expect(await ask(['Host', 'open.example', ...headers])).toBe(400)
  })

  test('that says the same in several ways is understood', async () => {
    const all = ['X-Forwarded-Uri', '/public', 'X-Original-URI', '/public', 'X-Original-URL', 'https://open.example/public']
    expect(await ask(['Host', 'gate.internal', 'X-Forwarded-Host', 'OPEN.example:443', ...all])).toBe(200)
  })

  test('and hands on what the client said about the path to Envoy is not understood', async () => {
    expect(await ask(['Host', 'open.example', 'X-Forwarded-Uri', '/public'], '/authorize/admin')).toBe(400)
    expect(await ask(['Host', 'closed.example', 'X-Forwarded-Host', 'open.example'], '/authorize/public')).toBe(400)
  })

  test('only /authorize itself, and what is below it, asks', async () => {
    expect(await ask(['Host', 'whole.example'], '/authorize')).toBe(200)
    // The reverse proxy's: this application has no origin.
    expect(await ask(['Host', 'whole.example'], '/authorized')).toBe(404)
  })

  test("learns from Envoy's form of the question what it has to take out", async () => {
    const removed = async (path: string) =>
      (await send(gate.url, { path, headers: ['Host', 'whole.example'] })).values('x-envoy-auth-headers-to-remove')
    expect(`${await removed('/authorize/')}`).toMatch(/^cf-access-client-id,cf-access-client-secret,.*,cf-access-jwt-assertion$/)
    expect(await removed('/authorize')).toEqual([])
  })
})

describe('who is not trusted', () => {
  let gate: Gate
  const ask = asker(() => gate)
  beforeAll(async () => {
    gate = await startGate({ applications })
  })
  afterAll(() => gate.stop())

  const claims = ['X-Forwarded-Uri', 'X-Original-URI', 'X-Original-URL', 'X-Rewrite-URL', 'X-Forwarded-Path']

  test.each(claims)('says nothing with %s', async (name) => {
    for (const value of ['/public', 'http://open.example/public']) {
      expect(await ask(['Host', 'open.example', name, value])).toBe(403)
      expect(await ask(['Host', 'closed.example', name, value])).toBe(403)
      expect(await ask(['Host', 'whole.example', name, value.replace('public', 'admin')])).toBe(200)
      expect(await ask(['Host', 'open.example', name, value], '/authorize/admin')).toBe(403)
    }
  })

  test.each(['X-Forwarded-Host', 'X-Host', 'X-Original-Host', 'X-Forwarded-Server', 'X-Original-URL'])(
    'is asked about its own Host, whatever %s says',
    async (name) => {
      expect(await ask(['Host', 'closed.example', name, 'whole.example'])).toBe(403)
      expect(await ask(['Host', 'closed.example', name, 'http://whole.example/'])).toBe(403)
      expect(await ask(['Host', 'whole.example', name, 'closed.example'])).toBe(200)
    },
  )

  test('learns at /authorize what the reverse proxy would have told it, and no more', async () => {
    for (const [host, path] of [
      ['open.example', '/public'],
      ['open.example', '/admin'],
      ['open.example', '//admin'],
      ['closed.example', '/x'],
      ['whole.example', '/x'],
    ] as const) {
      const [asked, proxied] = [await ask(['Host', host], `/authorize${path}`), await ask(['Host', host], path)]
      // 404: admitted, but there is no origin here.
      expect([host, path, asked]).toEqual([host, path, proxied === 404 ? 200 : proxied])
    }
  })

  test.each(['a b', 'open.example@closed.example', 'closed%2eexample', 'closed.example,open.example', 'closed.example:1:2', '*', 'a..b'])(
    'has to name its host plainly: %s is 400',
    async (host) => {
      for (const path of ['/authorize', '/authorize/x', '/x']) expect([path, await ask(['Host', host], path)]).toEqual([path, 400])
    },
  )
})

describe('Envoy over gRPC', () => {
  test('is believed where it is trusted, and not heard elsewhere', async () => {
    const gate = await startGate({ applications })
    for (const trusted of [true, false]) {
      const deps = { check: gate.check, isTrusted: () => trusted, rayIds: () => 'ray', log: silent }
      const extAuthz = await startExtAuthz(deps, { host: '127.0.0.1', port: 0, shutdownTimeoutMs: 1000 })
      const client = new Client(extAuthz.address, channel.createInsecure())
      const answer = checkOver(client, checkRequest({ host: 'whole.example' }))
      // PERMISSION_DENIED as the call's own status: Envoy refuses then.
      if (trusted) expect(valuesAt(await answer, 1, 1)).toEqual([0])
      else await expect(answer).rejects.toMatchObject({ code: 7 })
      client.close()
      await extAuthz.stop()
    }
    await gate.stop()
  })

  test('gets a refusal for what is no request, or names no host plainly', async () => {
    const gate = await startGate({ applications })
    const extAuthz = await startExtAuthz(
      { check: gate.check, isTrusted: () => true, rayIds: () => 'ray', log: silent },
      { host: '127.0.0.1', port: 0, shutdownTimeoutMs: 1000 },
    )
    const client = new Client(extAuthz.address, channel.createInsecure())
    const bad = [
      Buffer.alloc(0),
      checkRequest({ host: 'a@whole.example' }),
      checkRequest({ host: 'whole.example', path: 'http://whole.example/' }),
    ]
    for (const request of bad) expect(valuesAt(await checkOver(client, request), 2, 1, 1)).toEqual([400])
    // A CONNECT has no path: nothing is found where paths matter.
    expect(valuesAt(await checkOver(client, checkRequest({ host: 'open.example', path: '', method: 'CONNECT' })), 2, 1, 1)).toEqual([403])
    client.close()
    await extAuthz.stop()
    await gate.stop()
  })

  test('takes out the credentials, in every spelling, and the session', async () => {
    const gate = await startGate({ applications: [anApplication({ domain: 'closed.example', tokenHeader: 'x-service-token' })] })
    const extAuthz = await startExtAuthz(
      { check: gate.check, isTrusted: () => true, rayIds: () => 'ray', log: silent },
      { host: '127.0.0.1', port: 0, shutdownTimeoutMs: 1000 },
    )
    const client = new Client(extAuthz.address, channel.createInsecure())
    const others = ['cf_access_client_id', 'x', 'cf-access-authenticated-user-email', 'x', 'x_service_token', 'x', 'accept', '*/*']
    const ask = async (...headers: readonly string[]) =>
      checkOver(client, checkRequest({ host: 'closed.example', headers: [...credentials, ...others, ...headers] }))
    const answer = await ask('cookie', 'a=b; CF_Authorization=x; c=d')
    const removed = valuesAt(answer, 3, 5).map(String)
    expect(removed.sort()).toEqual([
      'cf-access-authenticated-user-email',
      'cf-access-client-id',
      'cf-access-client-secret',
      'cf_access_client_id',
      'x_service_token',
    ])
    const set = valuesAt(answer, 3, 2, 1).map((header) => `${valuesAt(header as Buffer, 1)[0]}: ${valuesAt(header as Buffer, 2)[0]}`)
    expect(set).toEqual([expect.stringMatching(/^cf-access-jwt-assertion: eyJ/), 'cookie: a=b; c=d'])
    expect(valuesAt(await ask('cookie', 'CF_Authorization=x'), 3, 5).map(String)).toContain('cookie')
    client.close()
    await extAuthz.stop()
    await gate.stop()
  })

  test('is answered where POSTERN_EXT_AUTHZ_LISTEN says, and nowhere by default', async () => {
    const quiet = await startPostern()
    expect(quiet.extAuthzAddress).toBeUndefined()
    await quiet.stop()
    const postern = await startPostern({ settings: { EXT_AUTHZ_LISTEN: '127.0.0.1:0' } })
    const client = new Client(postern.extAuthzAddress ?? '', channel.createInsecure())
    const answer = await checkOver(client, checkRequest({ host: 'any.example' }))
    expect(valuesAt(answer, 2, 1, 1)).toEqual([403])
    client.close()
    await postern.stop()
  })
})
