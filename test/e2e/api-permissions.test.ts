import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { groundOf, type Route } from '../../src/api/route.ts'
import { routes } from '../../src/api/routes.ts'
import { accountResource, type Grant } from '../../src/domain/permission.ts'
import { movableClock } from '../fixtures.ts'
import { type Answer, type Call, json, type RawApi, startRawApi } from '../raw-api.ts'
import {
  accountOf,
  allGroups,
  type Credentials,
  createRouteCalls,
  grant,
  grantsIn,
  grantsOn,
  isDeletionOf,
  type RouteCalls,
  readGroups,
  type Tenant,
  userOf,
} from './route-calls.ts'

const start = '2026-03-01T12:00:00.000Z'
const clock = movableClock(start)
const missing = { accountId: 'd'.repeat(32), zoneId: 'd'.repeat(32), userId: 'd'.repeat(32) }
const nobody = { service_token_id: '00000000-0000-4000-8000-000000000000', token_id: 'd'.repeat(32) }
let api: RawApi
let calls: RouteCalls

beforeAll(async () => {
  api = await startRawApi({ clock })
  calls = createRouteCalls(api)
})
beforeEach(() => clock.set(start))
afterAll(() => api.stop())

/** The credentials of somebody who may do this with everything in a tenant. Accounts are made by those who may manage every one of them. */
async function permitted(route: Route, tenant: Tenant, groups: readonly string[]): Promise<Credentials> {
  if (route.path === '/accounts' && route.method === 'POST') {
    return (await calls.apiToken(userOf(tenant), [grant('allow', [accountResource('*')], groups)])).credentials
  }
  const isOfAccount = route.path === '/accounts/:account_id/tokens/verify'
  if (isOfAccount) return (await calls.apiToken(accountOf(tenant), grantsIn(tenant, groups))).credentials
  return (await calls.apiToken(userOf(tenant), grantsOn(tenant, groups))).credentials
}

function expectAuthenticationError(answer: Answer, status: 401 | 403): void {
  const errors = [{ code: 10000, message: 'Authentication error' }]
  expect([answer.status, answer.envelope]).toEqual([status, { result: null, success: false, errors, messages: [] }])
}

/** The same path with an id of nothing at the end. */
function ofNothing({ path }: Call, route: Route): string {
  const parameter = Object.keys(nobody).find((name) => route.path.includes(`:${name}`))
  if (parameter === undefined) return path
  const at = route.path.split('/').indexOf(`:${parameter}`)
  return path
    .split('/')
    .with(at, nobody[parameter as keyof typeof nobody])
    .join('/')
}

const broken = { body: '{"not": json', headers: json }
const everyRoute = routes.map((route) => [`${route.method} ${route.path}`, route] as const)
const ofKind = (...grounds: readonly ReturnType<typeof groundOf>[]) => everyRoute.filter(([, route]) => grounds.includes(groundOf(route)))

describe.each(everyRoute)('%s', (_name, route) => {
  test('a token that may only read gets 200 for what only reads, and 403 for everything else', async () => {
    const tenant = await calls.newTenant(route)
    const credentials = await permitted(route, tenant, readGroups)
    const call = await calls.callOf(route, tenant)
    const before = await api.written()
    const answer = await api.call({ ...call, credentials })
    const onlyReads = route.method === 'GET' || route.permission.endsWith(':read')
    if (onlyReads) expect([answer.status, answer.envelope.success]).toEqual([200, true])
    else expectAuthenticationError(answer, 403)
    expect(await api.written()).toEqual(before)
  })

  test('a token that may write may do it', async () => {
    const tenant = await calls.newTenant(route)
    const credentials = await permitted(route, tenant, allGroups)
    const answer = await api.call({ ...(await calls.callOf(route, tenant)), credentials })
    expect([answer.status, answer.envelope.success, answer.envelope.errors]).toEqual([route.status ?? 200, true, []])
  })

  test('without credentials it is 400/9106, and the body is not even read as JSON', async () => {
    const call = await calls.callOf(route, await calls.newTenant(route))
    const before = await api.written()
    for (const body of route.method === 'GET' ? [{}] : [{}, broken]) {
      const answer = await api.call({ ...call, ...body, credentials: {} })
      expect([answer.status, answer.envelope.errors[0]?.code]).toEqual([400, 9106])
    }
    expect(await api.written()).toEqual(before)
  })

  test('a disabled, expired, not yet valid or unknown API token gets the same 401', async () => {
    // What tells the state of a token has to answer those, too.
    if (route.permission === 'itself') return
    const tenant = await calls.newTenant(route)
    const call = await calls.callOf(route, tenant)
    const all = [grant('allow', [accountResource('*')], allGroups), ...grantsOn(tenant, allGroups)]
    const now = clock.now()
    const useless = [{ disabled: true }, { expiresAt: now }, { notBefore: now + 1 }, { notBefore: now, expiresAt: now }]
    const refused = await Promise.all(useless.map((more) => calls.apiToken(userOf(tenant), all, more)))
    const before = await api.written()
    for (const credentials of [...refused.map((token) => token.credentials), { authorization: `Bearer ${'x'.repeat(40)}` }]) {
      expectAuthenticationError(await api.call({ ...call, credentials }), 401)
    }
    expect(await api.written()).toEqual(before)
  })
})

describe.each(ofKind('account', 'zone'))('%s', (_name, route) => {
  test("another account's token gets the same 403, whether there is anything or not, and whatever it sends", async () => {
    const [home, other] = [await calls.newTenant(route), await calls.newTenant(route)]
    const { credentials } = await calls.apiToken(userOf(other), grantsOn(other, allGroups))
    const call = await calls.callOf(route, home)
    const nowhere = call.path.replace(home.accountId, missing.accountId).replace(home.zoneId, missing.zoneId)
    const paths = [call.path, ofNothing(call, route), nowhere, ofNothing({ ...call, path: nowhere }, route)]
    const before = await api.written()
    for (const path of paths) {
      for (const body of route.method === 'GET' ? [{}] : [{}, broken])
        expectAuthenticationError(await api.call({ ...call, ...body, path, credentials }), 403)
    }
    expect(await api.written()).toEqual(before)
  })

  test("what belongs to another account is not found below one's own", async () => {
    const [home, other] = [await calls.newTenant(route), await calls.newTenant(route)]
    const call = await calls.callOf(route, other)
    if (ofNothing(call, route) === call.path) return
    const { credentials } = await calls.apiToken(userOf(home), grantsOn(home, allGroups))
    const path = call.path.replace(other.accountId, home.accountId).replace(other.zoneId, home.zoneId)
    const before = await api.written()
    const answer = await api.call({ ...call, path, credentials })
    const isServiceToken = route.path.includes(':service_token_id')
    const error = isServiceToken
      ? { code: 12135, message: 'access.api.error.not_found' }
      : { code: 1003, message: 'There is no such API token' }
    expect([answer.status, answer.envelope.errors, await api.written()]).toEqual([404, [error], before])
  })
})

describe.each(ofKind('user'))('%s', (_name, route) => {
  test("needs a grant on the user, and an account's own token has none", async () => {
    const tenant = await calls.newTenant(route)
    const grants = [grant('allow', [accountResource('*'), accountResource(tenant.accountId)], allGroups)]
    const call = await calls.callOf(route, tenant)
    const tokens = [await calls.apiToken(userOf(tenant), grants), await calls.apiToken(accountOf(tenant), grantsOn(tenant, allGroups))]
    const before = await api.written()
    for (const { credentials } of tokens) expectAuthenticationError(await api.call({ ...call, credentials }), 403)
    expect(await api.written()).toEqual(before)
  })
})

const [readGroup, writeGroup] = allGroups as [string, string]

test('an API token works from its first millisecond to its last', async () => {
  const now = clock.now()
  const tenant = await calls.newTenant()
  const period = { notBefore: now + 1000, expiresAt: now + 2000 }
  const { credentials } = await calls.apiToken(userOf(tenant), grantsOn(tenant, [readGroup]), period)
  const path = `/accounts/${tenant.accountId}/access/service_tokens`
  const seen: number[] = []
  for (const step of [999, 1, 999, 1]) {
    clock.advance(step)
    seen.push((await api.call({ method: 'GET', path, credentials })).status)
  }
  expect(seen).toEqual([401, 200, 200, 401])
})

describe('of several grants', () => {
  let home: Tenant
  let other: Tenant
  beforeAll(async () => {
    home = await calls.newTenant()
    other = await calls.newTenant()
  })
  const on = (effect: Grant['effect'], accountId: string, ...groups: readonly string[]) =>
    grant(effect, [accountResource(accountId)], groups)
  const statuses = async (grants: readonly Grant[], { accountId } = home) => {
    const { credentials } = await calls.apiToken(userOf(home), grants)
    const path = `/accounts/${accountId}/access/service_tokens`
    const [get, post] = [{ method: 'GET' }, { method: 'POST', body: { name: 'granted' } }]
    return [(await api.call({ path, credentials, ...get })).status, (await api.call({ path, credentials, ...post })).status]
  }

  test('none is a refusal', async () => {
    expect(await statuses([])).toEqual([403, 403])
    expect(await statuses([on('allow', home.accountId)])).toEqual([403, 403])
    expect(await statuses([on('allow', home.accountId, 'f'.repeat(32))])).toEqual([403, 403])
  })

  test('one that denies beats any that allow, in either order and from either kind of resource', async () => {
    const allow = on('allow', home.accountId, readGroup, writeGroup)
    expect(await statuses([allow])).toEqual([200, 201])
    for (const accountId of [home.accountId, '*']) {
      const deny = on('deny', accountId, writeGroup)
      expect(await statuses([allow, deny])).toEqual([403, 403])
      expect(await statuses([deny, allow, allow])).toEqual([403, 403])
      expect(await statuses([allow, on('deny', accountId, readGroup)])).toEqual([403, 201])
    }
    expect(await statuses([on('deny', home.accountId, readGroup)])).toEqual([403, 403])
  })

  test('one about another account changes nothing here', async () => {
    const [here, there] = [on('allow', home.accountId, writeGroup), on('deny', other.accountId, writeGroup)]
    expect(await statuses([here, there])).toEqual([200, 201])
    expect(await statuses([here, there], other)).toEqual([403, 403])
    expect(await statuses([on('allow', '*', writeGroup), there])).toEqual([200, 201])
    expect(await statuses([on('allow', '*', readGroup)], other)).toEqual([200, 403])
  })
})

test('an owner may do everything in every account, but there is nothing in one that does not exist', async () => {
  const [home, other] = [await calls.newTenant(), await calls.newTenant()]
  for (const { accountId, zoneId } of [home, other]) {
    for (const place of [`/accounts/${accountId}`, `/zones/${zoneId}`]) {
      const path = `${place}/access/service_tokens`
      expect((await api.call({ method: 'POST', path, credentials: calls.owner, body: { name: 'owned' } })).status).toBe(201)
    }
  }
  for (const place of [`/accounts/${missing.accountId}`, `/zones/${missing.zoneId}`]) {
    expectAuthenticationError(await api.call({ method: 'GET', path: `${place}/access/service_tokens`, credentials: calls.owner }), 403)
    // Whoever may manage every account may learn that this one is gone.
    expect((await api.call({ method: 'GET', path: place, credentials: calls.owner })).status).toBe(404)
  }
  // The route that deletes an account finds it empty in all these tests.
  expect(routes.filter((route) => isDeletionOf('/accounts/:account_id', route))).toHaveLength(1)
})
