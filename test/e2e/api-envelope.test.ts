import { METHODS } from 'node:http'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../src/api/routes.ts'
import type { Log } from '../../src/authority/ports.ts'
import { silent } from '../fixtures.ts'
import { type Answer, type Call, json, type RawApi, startRawApi } from '../raw-api.ts'
import { filledIn } from './route-calls.ts'

const nobody = '00000000-0000-4000-8000-000000000000'
let api: RawApi
/** The path of the account's service tokens, and that of the zone's. */
let ofAccount: string
let ofZone: string

beforeAll(async () => {
  api = await startRawApi()
  ofAccount = `/accounts/${api.postern.bootstrap.accountId}/access/service_tokens`
  ofZone = `/zones/${api.postern.bootstrap.zoneId}/access/service_tokens`
})
afterAll(() => api.stop())

async function create(name: string, at = ofAccount): Promise<string> {
  const { envelope } = await api.call({ method: 'POST', path: at, body: { name } })
  return envelope.result?.['id'] as string
}

const authenticationError = { code: 10000, message: 'Authentication error' }
const noRoute = { code: 7000, message: 'No route for that URI' }
const notFound = { code: 12135, message: 'access.api.error.not_found' }

function expectRefusal(answer: Answer, status: number, ...errors: readonly object[]): void {
  expect(answer.envelope).toEqual({ result: null, success: false, errors, messages: [] })
  expect(answer.status).toBe(status)
  expect(answer.headers).toMatchObject({
    ...{ 'content-type': expect.stringMatching(/^application\/json\b/), 'cf-ray': expect.stringMatching(/^[0-9a-f]{16}$/) },
    'cache-control': 'no-store',
  })
}

test.each<[string, Call['headers'] & object]>([
  ['none', {}],
  ['an e-mail address without a key', { 'x-auth-email': 'owner@access.localhost' }],
  ['a key without an e-mail address', { 'x-auth-key': 'k'.repeat(40) }],
  ['an empty key', { 'x-auth-email': 'owner@access.localhost', 'x-auth-key': '' }],
])('missing credentials are 400/9106: %s', async (_what, credentials) => {
  const message = 'Missing X-Auth-Key, X-Auth-Email or Authorization headers'
  expectRefusal(await api.call({ method: 'GET', path: ofAccount, credentials }), 400, { code: 9106, message })
})

test.each(['', 'Bearer', 'Bearer ', 'Bearer a b', 'Bearer a,b', 'Basic b3duZXI6a2V5', 'secret', 'Bearer=secret', 'Bearer "secret"'])(
  'a malformed Authorization header is 400/6003 with 6111 in the chain: "%s"',
  async (authorization) => {
    const chain = [{ code: 6111, message: 'Invalid format for Authorization header' }]
    const answer = await api.call({ method: 'GET', path: ofAccount, credentials: { authorization } })
    expectRefusal(answer, 400, { code: 6003, message: 'Invalid request headers', error_chain: chain })
  },
)

test('credentials that nobody has are 401/10000', async () => {
  const { email } = api.postern.bootstrap
  const all = [
    { authorization: `Bearer ${'x'.repeat(40)}` },
    { 'x-auth-email': email, 'x-auth-key': 'k'.repeat(40) },
    { 'x-auth-email': 'stranger@example.com', 'x-auth-key': api.postern.bootstrap.apiKey },
  ]
  for (const credentials of all) expectRefusal(await api.call({ method: 'GET', path: ofAccount, credentials }), 401, authenticationError)
})

test("another account's or zone's path is 403/10000", async () => {
  for (const place of [`/accounts/${'e'.repeat(32)}`, `/zones/${'e'.repeat(32)}`]) {
    expectRefusal(await api.call({ method: 'GET', path: `${place}/access/service_tokens` }), 403, authenticationError)
  }
})

describe('what leads nowhere is 404/7003 and 7000, names the path without its query, and needs no credentials', () => {
  const somewhere = `/accounts/${'a'.repeat(32)}/access/service_tokens`
  test.each([
    '/',
    '/account',
    '/accounts/',
    '/user/tokens/not-an-id',
    `/user/tokens/${nobody}`,
    `/accounts/${'a'.repeat(32)}/tokens/not-an-id`,
    '/nothing/at/all',
    '/accounts/short/access/service_tokens',
    `/accounts/${'A'.repeat(32)}/access/service_tokens`,
    `/accounts/${'g'.repeat(32)}/access/service_tokens`,
    '/zones/example.com/access/service_tokens',
    `${somewhere}/not-a-uuid`,
    `${somewhere}/${nobody}/rotate/again`,
    `${somewhere}/`,
    `${somewhere}/%`,
    `${somewhere}/%zz`,
    `${somewhere}/%00`,
    `${somewhere}/%c3%28`,
    `${somewhere}/..%2f..%2f..%2fetc%2fpasswd`,
    `${somewhere}/../../../../../etc/passwd`,
    '/accounts/%E0%A4%A/access/service_tokens',
  ])('%s', async (path) => {
    const answer = await api.call({ method: 'GET', path: `${path}?page=1`, credentials: {} })
    const message = `Could not route to /client/v4${path}, perhaps your object identifier is invalid?`
    expectRefusal(answer, 404, { code: 7003, message }, noRoute)
  })

  test('with a body too, which nobody reads', async () => {
    for (const path of ['/nothing', `${somewhere}/not-a-uuid/rotate`]) {
      const headers = { 'content-type': 'not a media type' }
      for (const more of [{ headers: json }, { headers }]) {
        const answer = await api.call({ method: 'POST', path, credentials: {}, body: '{"not": json', ...more })
        expectRefusal(answer, 404, { code: 7003, message: expect.stringContaining(path) }, noRoute)
      }
    }
  })

  test('an id of 10 000 characters, of which the answer repeats none', async () => {
    for (const length of [100, 101, 10_000]) {
      const answer = await api.call({ method: 'GET', path: `${somewhere}/${'a'.repeat(length)}` })
      const message = `Could not route to /client/v4${somewhere}/[…], perhaps your object identifier is invalid?`
      expectRefusal(answer, 404, { code: 7003, message }, noRoute)
    }
  })
})

test('a service token that does not exist is 404/12135 on every route, and so is one of the other scope', async () => {
  const ids = { [ofAccount]: [nobody, await create('of the zone', ofZone)], [ofZone]: [nobody, await create('of the account')] }
  for (const [collection, missing] of Object.entries(ids)) {
    for (const id of missing) {
      for (const method of ['GET', 'PUT', 'DELETE']) {
        expectRefusal(await api.call({ method, path: `${collection}/${id}`, ...(method === 'PUT' && { body: {} }) }), 404, notFound)
      }
      for (const operation of ['refresh', 'rotate']) {
        expectRefusal(await api.call({ method: 'POST', path: `${collection}/${id}/${operation}` }), 404, notFound)
      }
    }
  }
})

test('a bad body is 400/12130, with a pointer to the field and a text that says what would be right', async () => {
  const answer = await api.call({ method: 'POST', path: ofAccount, body: { name: 'x', enabled: 'yes' } })
  const message = 'access.api.error.invalid_request: enabled must be true or false'
  expectRefusal(answer, 400, { code: 12130, message, source: { pointer: '/enabled' } })
})

test.each([
  ['page', ['', '0', '-1', '1.5', '1e3', '+1', '%201', 'one', '99999999999999999999', '9007199254740992', '1&page=1']],
  ['per_page', ['', '0', '-1', '1.5', '1001', '1e3', 'all', '10&per_page=10']],
  ['name', ['%00', 'a%0Ab', 'n'.repeat(351), 'a&name=a']],
  ['search', ['%00', 's'.repeat(351), 'a&search=b']],
])('a bad %s in the query is 400/12091', async (name, values) => {
  for (const value of values) {
    const answer = await api.call({ method: 'GET', path: `${ofAccount}?${name}=${value}` })
    const message = expect.stringMatching(`^access\\.api\\.error\\.invalid_url_parameter_value: ${name} must be .*\\d`)
    expectRefusal(answer, 400, { code: 12091, message })
  }
})

test('a query parameter that nobody knows is left alone', async () => {
  const answer = await api.call({ method: 'GET', path: `${ofAccount}?direction=asc&__proto__=1&constructor=2&page=1` })
  expect(answer.status).toBe(200)
})

test('every other method on a path of the API is 405/10405 with Allow, whoever asks and whatever the body', async () => {
  for (const path of new Set(routes.map((route) => route.path))) {
    const known: readonly string[] = routes.filter((route) => route.path === path).map((route) => route.method)
    const allowed = [...known.flatMap((method) => (method === 'GET' ? ['GET', 'HEAD'] : [method])), 'OPTIONS']
    const concrete = filledIn(path)
    for (const method of METHODS.filter((each) => each !== 'CONNECT' && !allowed.includes(each))) {
      const answer = await api.call({
        method,
        path: concrete,
        credentials: {},
        ...(method !== 'HEAD' && { body: '{"not": json', headers: json }),
      })
      expect([method, path, answer.status, answer.headers.allow]).toEqual([method, path, 405, allowed.join(', ')])
      if (method === 'HEAD') expect(answer.text).toBe('')
      else expectRefusal(answer, 405, { code: 10405, message: 'This resource does not have that method' })
    }
  }
})

test('HEAD answers as GET would, without the body', async () => {
  const id = await create('looked at')
  const calls = [{ path: ofAccount }, { path: `${ofAccount}/${id}` }, { path: `${ofAccount}/${nobody}` }, { path: ofZone, credentials: {} }]
  for (const call of calls) {
    const [get, head] = [await api.call({ method: 'GET', ...call }), await api.call({ method: 'HEAD', ...call })]
    expect([head.status, head.headers['content-type'], head.headers['content-length'], head.text]).toEqual([
      ...[get.status, get.headers['content-type'], get.headers['content-length'], ''],
    ])
  }
})

test('every answer has a cf-ray of its own', async () => {
  const calls: readonly Call[] = [
    { method: 'GET', path: ofAccount },
    { method: 'GET', path: '/nothing' },
    { method: 'GET', path: '/%' },
    { method: 'PATCH', path: ofAccount },
    { method: 'POST', path: ofAccount, body: {} },
  ]
  const answers = await Promise.all([...calls, ...calls, ...calls].map((call) => api.call(call)))
  expect(new Set(answers.map(({ headers }) => headers['cf-ray'])).size).toBe(answers.length)
})

test('a fault of the server is a 500 that says nothing about it, and the log has the cause under the same cf-ray', async () => {
  const lines: (Parameters<Log['error']>[0] & { readonly ray?: string; readonly err?: Error })[] = []
  const broken = await startRawApi({ log: { ...silent, error: (fields) => lines.push(fields) } })
  await broken.db.schema.dropTable('audit').execute()
  const path = `/accounts/${broken.postern.bootstrap.accountId}/access/service_tokens`
  const answer = await broken.call({ method: 'POST', path, body: { name: 'unlucky' } })
  expectRefusal(answer, 500, { code: 10001, message: expect.stringMatching(/^Internal server error/) })
  expect(answer.text).not.toMatch(/audit|sqlite/i)
  expect(lines).toMatchObject([{ ray: answer.headers['cf-ray'], err: { message: expect.stringContaining('audit') } }])
  expect((await broken.call({ method: 'GET', path })).envelope.result).toEqual([])
  await broken.stop()
})
