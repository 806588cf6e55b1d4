import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Route } from '../../src/api/route.ts'
import { routes } from '../../src/api/server.ts'
import type { Write } from '../../src/authority/ports.ts'
import { accountResource, type Grant, permissionGroups } from '../../src/domain/permission.ts'
import type { ApiToken } from '../../src/domain/principal.ts'
import { digestOf } from '../../src/domain/secret.ts'
import { movableClock } from '../fixtures.ts'
import { type Answer, type Call, json, type RawApi, startRawApi } from '../raw-api.ts'

const start = '2026-03-01T12:00:00.000Z'
const clock = movableClock(start)
const other = { accountId: 'b'.repeat(32), zoneId: 'c'.repeat(32) }
const missing = { accountId: 'd'.repeat(32), zoneId: 'd'.repeat(32) }
const userId = 'e'.repeat(32)
const nobody = '00000000-0000-4000-8000-000000000000'
const [readGroup, writeGroup] = permissionGroups.map(({ id }) => id) as [string, string]
let api: RawApi
let home: typeof other

beforeAll(async () => {
  api = await startRawApi({ clock })
  const { accountId, zoneId } = api.postern.bootstrap
  home = { accountId, zoneId }
  const common = { name: 'Another', createdAt: 0, revision: 0 }
  await api.insert(
    {
      kind: 'user',
      before: null,
      after: { id: userId, email: 'another@example.com', keyDigest: digestOf('key'), createdAt: 0, revision: 0 },
    },
    { kind: 'account', before: null, after: { id: other.accountId, ...common } },
    { kind: 'zone', before: null, after: { id: other.zoneId, accountId: other.accountId, ...common } },
  )
})
beforeEach(() => clock.set(start))
afterAll(() => api.stop())

let made = 0
/** The credentials of a new API token. */
async function apiToken(grants: readonly Grant[], more: Partial<ApiToken> = {}): Promise<NonNullable<Call['credentials']>> {
  const value = `t${String(made++).padStart(43, '0')}`
  const times = { notBefore: null, expiresAt: null, createdAt: 0 }
  const after = { id: value, userId, name: value, digest: digestOf(value), grants, disabled: false, ...times, revision: 0, ...more }
  await api.insert({ kind: 'api_token', before: null, after } satisfies Write)
  return { authorization: `Bearer ${value}` }
}

const grant = (effect: Grant['effect'], accountId: string, ...groups: readonly string[]): Grant => {
  return { effect, resources: [accountResource(accountId)], permissionGroups: groups }
}

async function create(path: string): Promise<string> {
  const credentials = await apiToken([grant('allow', '*', writeGroup)])
  return (await api.call({ method: 'POST', path, credentials, body: { name: 'there' } })).envelope.result?.['id'] as string
}

function pathOf(route: Route, { accountId, zoneId }: typeof other, id: string): string {
  return route.path.replace(':account_id', accountId).replace(':zone_id', zoneId).replace(':service_token_id', id)
}

/** A new token in the scope that the route is about. */
function createFor(route: Route, place: typeof other): Promise<string> {
  return create(`${pathOf(route, place, '').split('/service_tokens')[0]}/service_tokens`)
}

function expectAuthenticationError(answer: Answer, status: 401 | 403): void {
  const errors = [{ code: 10000, message: 'Authentication error' }]
  expect([answer.status, answer.envelope]).toEqual([status, { result: null, success: false, errors, messages: [] }])
}

const everyRoute = routes.map((route) => [`${route.method} ${route.path}`, route] as const)
const goodBody = (route: Route) => (route.body ? { body: { ...('name' in route.body.properties && { name: 'new' }) } } : {})

describe.each(everyRoute)('%s', (_name, route) => {
  const { method } = route

  test('a token that may only read gets 200 for GET, and 403 for everything else', async () => {
    const credentials = await apiToken([grant('allow', home.accountId, readGroup)])
    const path = pathOf(route, home, await createFor(route, home))
    const before = await api.written()
    const answer = await api.call({ method, path, credentials, ...goodBody(route) })
    if (method === 'GET') expect(answer.status).toBe(200)
    else expectAuthenticationError(answer, 403)
    expect(await api.written()).toEqual(before)
  })

  test('a token that may write may do it', async () => {
    const credentials = await apiToken([grant('allow', home.accountId, writeGroup)])
    const answer = await api.call({ method, path: pathOf(route, home, await createFor(route, home)), credentials, ...goodBody(route) })
    expect(answer.envelope.success).toBe(true)
  })

  test("another account's token gets the same 403, whether there is anything or not, and whatever it sends", async () => {
    const credentials = await apiToken([grant('allow', other.accountId, readGroup, writeGroup)])
    const there = await createFor(route, home)
    const paths = [pathOf(route, home, there), pathOf(route, home, nobody), pathOf(route, missing, there), pathOf(route, missing, nobody)]
    const before = await api.written()
    const bodies: readonly Partial<Call>[] = method === 'GET' ? [{}] : [goodBody(route), { body: '{"not": json', headers: json }]
    for (const path of paths) {
      for (const body of bodies) expectAuthenticationError(await api.call({ method, path, credentials, ...body }), 403)
    }
    expect(await api.written()).toEqual(before)
  })

  test("another account's service token is not found below one's own", async () => {
    if (!route.path.includes(':service_token_id')) return
    const credentials = await apiToken([grant('allow', home.accountId, writeGroup)])
    const path = pathOf(route, home, await createFor(route, other))
    const before = await api.written()
    const answer = await api.call({ method, path, credentials, ...goodBody(route) })
    expect(answer.envelope.errors).toEqual([{ code: 12135, message: 'access.api.error.not_found' }])
    expect([answer.status, await api.written()]).toEqual([404, before])
  })

  test('without credentials it is 400/9106, and the body is not even read as JSON', async () => {
    const before = await api.written()
    for (const body of method === 'GET' ? [{}] : [goodBody(route), { body: '{"not": json', headers: json }]) {
      const answer = await api.call({ method, path: pathOf(route, home, nobody), credentials: {}, ...body })
      expect([answer.status, answer.envelope.errors[0]?.code]).toEqual([400, 9106])
    }
    expect(await api.written()).toEqual(before)
  })

  test('a disabled, expired, not yet valid or unknown API token gets the same 401', async () => {
    const all = [grant('allow', '*', readGroup, writeGroup)]
    const now = Date.parse(start)
    const useless = [{ disabled: true }, { expiresAt: now }, { notBefore: now + 1 }, { notBefore: now, expiresAt: now }]
    const refused = await Promise.all(useless.map((more) => apiToken(all, more)))
    const before = await api.written()
    for (const credentials of [...refused, { authorization: `Bearer ${'x'.repeat(40)}` }]) {
      const call = { method, path: pathOf(route, home, nobody), credentials, ...goodBody(route) }
      expectAuthenticationError(await api.call(call), 401)
    }
    expect(await api.written()).toEqual(before)
  })
})

test('an API token works from its first millisecond to its last', async () => {
  const now = clock.now()
  const credentials = await apiToken([grant('allow', home.accountId, readGroup)], { notBefore: now + 1000, expiresAt: now + 2000 })
  const path = `/accounts/${home.accountId}/access/service_tokens`
  const seen: number[] = []
  for (const step of [999, 1, 999, 1]) {
    clock.advance(step)
    seen.push((await api.call({ method: 'GET', path, credentials })).status)
  }
  expect(seen).toEqual([401, 200, 200, 401])
})

describe('of several grants', () => {
  const statuses = async (grants: readonly Grant[], { accountId } = home) => {
    const credentials = await apiToken(grants)
    const path = `/accounts/${accountId}/access/service_tokens`
    const [get, post] = [{ method: 'GET' }, { method: 'POST', body: { name: 'granted' } }]
    return [(await api.call({ path, credentials, ...get })).status, (await api.call({ path, credentials, ...post })).status]
  }

  test('none is a refusal', async () => {
    expect(await statuses([])).toEqual([403, 403])
    expect(await statuses([grant('allow', home.accountId)])).toEqual([403, 403])
    expect(await statuses([grant('allow', home.accountId, 'f'.repeat(32))])).toEqual([403, 403])
  })

  test('one that denies beats any that allow, in either order and from either kind of resource', async () => {
    const allow = grant('allow', home.accountId, readGroup, writeGroup)
    expect(await statuses([allow])).toEqual([200, 201])
    for (const accountId of [home.accountId, '*']) {
      const deny = grant('deny', accountId, writeGroup)
      expect(await statuses([allow, deny])).toEqual([403, 403])
      expect(await statuses([deny, allow, allow])).toEqual([403, 403])
      expect(await statuses([allow, grant('deny', accountId, readGroup)])).toEqual([403, 201])
    }
    expect(await statuses([grant('deny', home.accountId, readGroup)])).toEqual([403, 403])
  })

  test('one about another account changes nothing here', async () => {
    const [here, there] = [grant('allow', home.accountId, writeGroup), grant('deny', other.accountId, writeGroup)]
    expect(await statuses([here, there])).toEqual([200, 201])
    expect(await statuses([here, there], other)).toEqual([403, 403])
    expect(await statuses([grant('allow', '*', writeGroup), there])).toEqual([200, 201])
    expect(await statuses([grant('allow', '*', readGroup)], other)).toEqual([200, 403])
  })
})

test('an owner may do everything in every account, but there is nothing in one that does not exist', async () => {
  const { email, apiKey } = api.postern.bootstrap
  const credentials = { 'x-auth-email': email, 'x-auth-key': apiKey }
  for (const { accountId, zoneId } of [home, other]) {
    for (const place of [`/accounts/${accountId}`, `/zones/${zoneId}`]) {
      const created = await api.call({ method: 'POST', path: `${place}/access/service_tokens`, credentials, body: { name: 'owned' } })
      expect(created.status).toBe(201)
    }
  }
  for (const place of [`/accounts/${missing.accountId}`, `/zones/${missing.zoneId}`]) {
    expectAuthenticationError(await api.call({ method: 'GET', path: `${place}/access/service_tokens`, credentials }), 403)
  }
})
