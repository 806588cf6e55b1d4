import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { machineHeaders, type RunningPostern, startPostern } from '../fixtures.ts'

let postern: RunningPostern
let apps: string
let appId: string
let token: { readonly id: string; readonly client_id: string; readonly client_secret: string }
let policies: readonly { readonly id: string; readonly name: string }[]

async function api(method: string, path: string, body?: object) {
  const response = await fetch(`${postern.apiUrl}/client/v4${path}`, {
    method,
    headers: { authorization: `Bearer ${postern.bootstrap.apiToken}`, ...(body && { 'content-type': 'application/json' }) },
    ...(body && { body: JSON.stringify(body) }),
  })
  // biome-ignore lint/suspicious/noExplicitAny: whatever the route answers
  const answer = (await response.json()) as any
  return { status: response.status, ...answer }
}

const explain = (request: object) => api('POST', `${apps}/${appId}/explain`, request)

beforeAll(async () => {
  postern = await startPostern()
  const account = `/accounts/${postern.bootstrap.accountId}/access`
  apps = `${account}/apps`
  token = (await api('POST', `${account}/service_tokens`, { name: 'CI' })).result
  const office = { name: 'Office', include: [{ ip: { ip: '203.0.113.0/24' } }] }
  const group = (await api('POST', `${account}/groups`, office)).result
  const app = await api('POST', apps, {
    ...{ type: 'self_hosted', name: 'Orders', domain: 'orders.example/v1' },
    policies: [
      { name: 'Nobody', decision: 'deny', include: [{ everyone: {} }], precedence: 1 },
      {
        ...{ name: 'CI from the office', decision: 'non_identity', precedence: 2, require: [{ group: { id: group.id } }] },
        ...{ include: [{ service_token: { token_id: token.id } }], exclude: [{ ip: { ip: '203.0.113.9' } }] },
      },
    ],
  })
  expect(app).toMatchObject({ status: 201 })
  appId = app.result.id
  policies = app.result.policies
  expect(policies).toHaveLength(2)
  await api('POST', apps, { type: 'self_hosted', name: 'Admin', domain: 'orders.example/v1/admin', policies: [] })
})

afterAll(() => postern.stop())

const orders = { host: 'orders.example', path: '/v1/1' }

describe('what would become of a request', () => {
  test('that a policy lets in, and why', async () => {
    const { result } = await explain({ ...orders, token_id: token.id, ip: '203.0.113.7' })
    expect(result).toMatchObject({ allowed: true, status: 200, reason: 'admitted', policy: { name: 'CI from the office' } })
    expect(result.policies.map(({ name, applies }: { name: string; applies: boolean }) => [name, applies])).toEqual([
      ['CI from the office', true],
      ['Nobody', true],
    ])
  })

  test.each([
    ['from elsewhere', '198.51.100.1', /^It requires \{"group":\{"id":"[0-9a-f-]+"\}\}, which does not hold\.$/],
    ['from the one address that is excluded', '203.0.113.9', /^It excludes \{"ip":\{"ip":"203\.0\.113\.9"\}\}, which holds\.$/],
  ])('%s is a refusal that names the rule', async (_case, ip, message) => {
    const { result } = await explain({ ...orders, token_id: token.id, ip })
    expect(result).toMatchObject({ allowed: false, status: 403, reason: 'denied', policy: { name: 'Nobody' } })
    expect(result.policies[0]).toMatchObject({ applies: false, message: expect.stringMatching(message) })
  })

  test('without a token', async () => {
    const { result } = await explain({ ...orders, ip: '203.0.113.7' })
    expect(result).toMatchObject({ status: 403, reason: 'no_credentials' })
    expect(result.policies[0].message).toMatch(/only to a request with a valid service token/)
  })

  test('to another place: where another application answers, none does, or nobody can say', async () => {
    const at = async (request: object) => (await explain({ token_id: token.id, ip: '203.0.113.7', ...request })).result
    expect(await at({ host: 'orders.example', path: '/v1/admin' })).toMatchObject({
      ...{ allowed: false, reason: 'other_application', other_application: { name: 'Admin' } },
    })
    expect(await at({ host: 'ORDERS.example', path: '/v1/x' })).toMatchObject({ allowed: true })
    expect(await at({ host: 'orders.example', path: '/v1/../x' })).toMatchObject({ allowed: false, reason: 'ambiguous_path' })
    expect(await at({ host: 'elsewhere.example' })).toMatchObject({
      reason: 'other_application',
      other_application: { name: 'Default application' },
    })
  })

  test('with a token that is disabled', async () => {
    const path = `/accounts/${postern.bootstrap.accountId}/access/service_tokens/${token.id}`
    await api('PUT', path, { enabled: false })
    expect((await explain({ ...orders, token_id: token.id, ip: '203.0.113.7' })).result).toMatchObject({ status: 401, reason: 'disabled' })
    await api('PUT', path, { enabled: true })
  })

  test.each([
    [true, '203.0.113.7', '/v1/1'],
    [true, '198.51.100.1', '/v1/1'],
    [false, '203.0.113.7', '/v1/1'],
    [true, '203.0.113.7', '/v1/admin'],
    [true, '203.0.113.7', '/v1/../x'],
  ])('is what becomes of it at the gate: with a token %j, from %s, to %s', async (hasToken, ip, path) => {
    const { result } = await explain({ host: 'orders.example', path, ip, token_id: hasToken ? token.id : null })
    const { status } = await fetch(`${postern.gateUrl}/authorize`, {
      headers: {
        ...(hasToken && machineHeaders(token)),
        'x-forwarded-host': 'orders.example',
        'x-forwarded-uri': path,
        'x-forwarded-for': ip,
      },
    })
    // Another application may let in what this one refuses, but here none does.
    expect(status).toBe(result.status)
  })
})

test('whose token it is not, and what is no host, is said with the field', async () => {
  expect(await explain({ ...orders, token_id: '00000000-0000-4000-8000-000000000000' })).toMatchObject({
    ...{ status: 400, errors: [{ code: 12130, source: { pointer: '/token_id' } }] },
  })
  expect(await explain({ host: 'https://orders.example' })).toMatchObject({ status: 400, errors: [{ source: { pointer: '/host' } }] })
  expect(await explain({ host: 'orders.example', path: 'v1' })).toMatchObject({ status: 400, errors: [{ source: { pointer: '/path' } }] })
  expect(await explain({})).toMatchObject({ status: 400, errors: [{ source: { pointer: '/host' } }] })
})
