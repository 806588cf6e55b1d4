import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { groundOf, type Route } from '../../src/api/route.ts'
import { routes } from '../../src/api/routes.ts'
import { accountResource, zoneResource } from '../../src/domain/permission.ts'
import { movableClock } from '../fixtures.ts'
import { type Answer, type Call, type RawApi, startRawApi } from '../raw-api.ts'
import { everything, type FullTenant, furnish } from './full-tenant.ts'
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
  type Tenant,
  userOf,
} from './route-calls.ts'

let api: RawApi
let calls: RouteCalls
let alpha: FullTenant
let bravo: FullTenant

beforeAll(async () => {
  api = await startRawApi({ clock: movableClock('2026-03-01T12:00:00Z') })
  calls = createRouteCalls(api)
  alpha = await furnish(api, calls, 'alpha', 'a')
  bravo = await furnish(api, calls, 'bravo', 'b')
})
afterAll(() => api.stop())

const everyRoute = routes.map((route) => [`${route.method} ${route.path}`, route] as const)
const ofKind = (...grounds: readonly ReturnType<typeof groundOf>[]) => everyRoute.filter(([, route]) => grounds.includes(groundOf(route)))

/** Refused with one of these, without a word about a tenant that the request did not name itself, and without a trace in the database. */
async function expectNothing(call: Call, of: FullTenant, ...statuses: readonly number[]): Promise<Answer> {
  const before = await everything(api)
  const answer = await api.call(call)
  expect([call.method, call.path, answer.status]).toEqual([call.method, call.path, expect.toSatisfy((status) => statuses.includes(status))])
  expectNoWord(answer, call, of)
  expect(await everything(api)).toEqual(before)
  return answer
}

function expectNoWord(answer: Answer, call: Call, { marks }: FullTenant): void {
  expect(marks.length).toBeGreaterThan(20)
  const asked = call.path + JSON.stringify(call.body ?? {})
  const told = answer.text + JSON.stringify(answer.headers)
  expect(marks.filter((mark) => told.includes(mark) && !asked.includes(mark))).toEqual([])
}

const list = async (path: string, credentials: Credentials) => {
  const answer = await api.call({ method: 'GET', path, credentials })
  expect([path, answer.status]).toEqual([path, 200])
  return { answer, items: answer.envelope.result as unknown as readonly Readonly<Record<string, unknown>>[] }
}

// Before the others, which leave traces of refused attempts at what they name.
describe('lists show a tenant its own and nothing else', () => {
  test('of accounts and zones, whatever the filter, and the totals count no others', async () => {
    const { accountId, zoneId, otherZoneId, credentials } = alpha
    const own = { ofUser: [zoneId, otherZoneId], ofAccount: [zoneId, otherZoneId], ofZone: [zoneId] }
    for (const who of ['ofUser', 'ofAccount', 'ofZone'] as const) {
      const accounts = await list('/accounts', credentials[who])
      const zones = await list('/zones', credentials[who])
      expect([who, accounts.items.map(({ id }) => id)]).toEqual([who, who === 'ofZone' ? [] : [accountId]])
      expect([who, zones.items.map(({ id }) => id)]).toEqual([who, own[who]])
      expect(accounts.answer.envelope.result_info).toMatchObject({ total_count: accounts.items.length })
      expect(zones.answer.envelope.result_info).toMatchObject({ total_count: own[who].length })
      const filters = [`account.id=${bravo.accountId}`, 'account.name=bravo%20account', 'name=bravo-one.example']
      for (const filter of filters) expect((await list(`/zones?${filter}`, credentials[who])).answer.envelope).toMatchObject({ result: [] })
      expect((await list('/accounts?name=bravo', credentials[who])).answer.envelope).toMatchObject({ result: [] })
      for (const { answer } of [accounts, zones]) expectNoWord(answer, { method: 'GET', path: '/' }, bravo)
    }
  })

  test('of everything else', async () => {
    const account = `/accounts/${alpha.accountId}`
    const span = 'since=2020-01-01&before=2100-01-01'
    const services = [account, `/zones/${alpha.zoneId}`].map((place) => `${place}/access/service_tokens`)
    const paths = [
      `${account}/logs/audit?${span}`,
      `${account}/tokens`,
      '/user/tokens',
      `${account}/access/logs/access_requests`,
      ...services,
      ...[account, `/zones/${alpha.zoneId}`].flatMap((place) => [`${place}/access/apps`, `${place}/access/groups`]),
      `${account}/access/policies`,
      ...['destinations/webhooks', 'policies', 'history'].map((what) => `${account}/alerting/v3/${what}`),
    ]
    for (const path of paths) expectNoWord((await list(path, alpha.credentials.ofUser)).answer, { method: 'GET', path }, bravo)
    for (const filter of [`zone_id=${bravo.zoneId}`, 'account_name=bravo%20account', 'zone_name=bravo-one.example']) {
      expect((await list(`${account}/logs/audit?${span}&${filter}`, alpha.credentials.ofUser)).items).toEqual([])
    }
    expect((await list(`${account}/access/service_tokens?search=bravo`, alpha.credentials.ofUser)).items).toEqual([])
  })

  test('even to a token of every account that is denied this one', async () => {
    const grants = [grant('allow', [accountResource('*')], allGroups), grant('deny', [accountResource(bravo.accountId)], allGroups)]
    const { credentials } = await calls.apiToken(userOf(alpha), grants)
    for (const path of ['/accounts?per_page=50', '/zones?per_page=50']) {
      const { answer, items } = await list(path, credentials)
      expect(items.length).toBeGreaterThan(1)
      expectNoWord(answer, { method: 'GET', path }, bravo)
    }
  })
})

describe.each(ofKind('account', 'zone'))('%s', (_name, route) => {
  test("answers nobody of another tenant about this one's account and zone", async () => {
    const call = await calls.callOf(route, bravo)
    for (const credentials of Object.values(alpha.credentials)) await expectNothing({ ...call, credentials }, bravo, 403)
  })

  test("finds nothing of another tenant's below one's own account and zone", async () => {
    const call = await calls.callOf(route, bravo)
    const path = call.path.replace(bravo.accountId, alpha.accountId).replace(bravo.zoneId, alpha.zoneId)
    if (!/:(?!account_id|zone_id)/.test(route.path)) return
    for (const credentials of [alpha.credentials.ofUser, alpha.credentials.ofAccount]) {
      await expectNothing({ ...call, path, credentials }, bravo, 404)
    }
  })

  test('answers a token of one zone about neither its account nor the other zones', async () => {
    const elsewhere = { ...alpha, zoneId: alpha.otherZoneId }
    await expectNothing({ ...(await calls.callOf(route, elsewhere)), credentials: alpha.credentials.ofZone }, bravo, 403)
  })
})

describe.each(ofKind('user'))('%s', (_name, route) => {
  test("is not for an account's own token, and shows nobody what is another user's", async () => {
    const own = await calls.callOf(route, alpha)
    for (const who of ['ofAccount', 'ofZone'] as const) await expectNothing({ ...own, credentials: alpha.credentials[who] }, bravo, 403)
    if (!route.path.includes(':')) return
    await expectNothing({ ...(await calls.callOf(route, bravo)), credentials: alpha.credentials.ofUser }, bravo, 404)
  })
})

describe.each(ofKind('none'))('%s', (_name, route) => {
  test("tells and does nothing about another tenant's account, even where the body names it", async () => {
    const call = await calls.callOf(route, bravo)
    const isList = route.method === 'GET' && route.permission === 'signed_in'
    // To verify the user's own token is what that route is for.
    const isVerification = route.path === '/user/tokens/verify'
    const refused = route.permission === 'itself' ? 401 : 403
    for (const [who, credentials] of Object.entries(alpha.credentials)) {
      await expectNothing({ ...call, credentials }, bravo, isList || (isVerification && who !== 'ofAccount') ? 200 : refused)
    }
  })
})

describe.each(everyRoute.filter(([, { body }]) => body !== undefined))('%s', (_name, route) => {
  test("changes nothing of another tenant's when a body about one's own names it", async () => {
    const call = await calls.callOf(route, alpha)
    const body = JSON.parse(JSON.stringify(call.body).replaceAll(alpha.accountId, bravo.accountId))
    const ofBravo = async () => {
      const tables = Object.entries(await everything(api)).filter(([table]) => table !== 'change' && table !== 'change_head')
      const isOfBravo = ({ id, account_id }: Readonly<Record<string, unknown>>) =>
        bravo.marks.includes(String(id)) || account_id === bravo.accountId
      return tables.map(([table, rows]) => [table, rows.filter(isOfBravo)])
    }
    const before = await ofBravo()
    for (const credentials of Object.values(alpha.credentials)) {
      const answer = await api.call({ ...call, body, credentials })
      expectNoWord(answer, { ...call, body }, bravo)
    }
    expect(await ofBravo()).toEqual(before)
  })
})

async function expectDone(route: Route, tenant: Tenant, credentials: Credentials): Promise<void> {
  const answer = await api.call({ ...(await calls.callOf(route, tenant)), credentials })
  expect([answer.status, answer.envelope.errors]).toEqual([route.status ?? 200, []])
}

// Without these, all of the above could pass by everything being refused.
describe.each(everyRoute)('%s', (_name, route) => {
  test('works for whom it belongs to', async () => {
    const tenant = await calls.newTenant(route)
    const isOfInstallation = route.method === 'POST' && route.path === '/accounts'
    const isOfAccount = route.path === '/accounts/:account_id/tokens/verify'
    const owned = isOfAccount
      ? await calls.apiToken(accountOf(tenant), grantsIn(tenant, allGroups))
      : await calls.apiToken(userOf(tenant), grantsOn(tenant, allGroups))
    await expectDone(route, tenant, isOfInstallation ? calls.owner : owned.credentials)
  })
})

describe.each(ofKind('zone'))('%s', (_name, route) => {
  test('works for a token of that zone alone', async () => {
    const tenant = await calls.newTenant(route)
    const { credentials } = await calls.apiToken(userOf(tenant), [grant('allow', [zoneResource(tenant.zoneId)], allGroups)])
    await expectDone(route, tenant, credentials)
  })
})

// An account with a token of its own cannot be deleted.
describe.each(ofKind('account').filter(([, route]) => !isDeletionOf('/accounts/:account_id', route)))('%s', (_name, route) => {
  test("works for the account's own token", async () => {
    const tenant = await calls.newTenant(route)
    const { credentials } = await calls.apiToken(accountOf(tenant), grantsIn(tenant, allGroups))
    await expectDone(route, tenant, credentials)
  })
})
