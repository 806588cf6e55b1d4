import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { accountResource, userResource } from '../../src/domain/permission.ts'
import { anyDatabase } from '../any-database.ts'
import { clientFor, movableClock, silent, startPostern, unlimited } from '../fixtures.ts'
import { type Answer, type Call, type RawApi, startRawApi } from '../raw-api.ts'
import { createTrails, type Trails } from './audit-trails.ts'
import {
  allGroups,
  createRouteCalls,
  grant,
  grantsOn,
  type MadeApiToken,
  type RouteCalls,
  readGroups,
  type Tenant,
  userOf,
} from './route-calls.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
let api: RawApi
let calls: RouteCalls
let trails: Trails
let tenant: Tenant
let token: MadeApiToken
let stranger: MadeApiToken

beforeAll(async () => {
  api = await startRawApi({ clock })
  calls = createRouteCalls(api)
  trails = createTrails(api, calls.owner)
})
beforeEach(async () => {
  tenant = await calls.newTenant()
  token = await calls.apiToken(userOf(tenant), grantsOn(tenant, allGroups), { name: 'Its token' })
  stranger = await calls.apiToken(userOf(tenant), grantsOn(await calls.newTenant(), allGroups), { name: 'A stranger' })
})
afterAll(() => api.stop())

const place = () => `/accounts/${tenant.accountId}`
const services = () => `${place()}/access/service_tokens`
const wrong = { authorization: `Bearer ${'x'.repeat(52)}` }
const nobody = '00000000-0000-4000-8000-000000000000'

/** What the trail of the account holds of refused attempts once all of these are stored; a last one marks the end. */
async function refusedOf(accountId: string, ...attempts: readonly Call[]): Promise<{ answers: readonly Answer[]; entries: unknown[] }> {
  const before = (await trails.of(accountId)).map(({ id }) => id)
  const answers: Answer[] = []
  for (const attempt of attempts) answers.push(await api.call({ credentials: token.credentials, ...attempt }))
  clock.advance(1000)
  const last = await api.call({ method: 'GET', path: services(), credentials: wrong, headers: { 'user-agent': 'the last' } })
  await vi.waitFor(
    async () => expect((await trails.of(tenant.accountId)).some(({ raw }) => raw?.cf_ray_id === last.headers['cf-ray'])).toBe(true),
    { timeout: 15_000, interval: 100 },
  )
  const entries = (await trails.of(accountId)).filter(({ id, raw }) => !before.includes(id) && raw?.user_agent !== 'the last')
  return { answers, entries: entries.toReversed() }
}

/** The entry of an attempt. */
function entryOf({ method, path }: Call, answer: Answer, error: string, actor: object): object {
  return {
    ...{ id: expect.any(String), account: expect.objectContaining({ id: expect.any(String) }) },
    action: { type: expect.any(String), description: `Refused ${method} request`, result: 'failure', time: expect.any(String) },
    actor: { ip_address: '127.0.0.1', ...actor },
    raw: {
      ...{ method, uri: `/client/v4${path}`, status_code: answer.status, user_agent: '', cf_ray_id: answer.headers['cf-ray'] },
    },
    resource: { product: 'api', type: 'request', scope: expect.any(String), response: { error } },
  }
}

const unknown = { type: 'system' }
const asUser = (by: MadeApiToken, name: string) => {
  return { id: tenant.userId, type: 'user', context: 'api_token', email: `${tenant.userId}@example.com`, token_id: by.id, token_name: name }
}

describe('a refused attempt appears in the trail of the account that it was about', () => {
  test('with who it was, as far as that is known, from where, and why', async () => {
    const item = `${services()}/${(await api.call({ method: 'POST', path: services(), credentials: token.credentials, body: { name: 'there' } })).envelope.result?.['id']}`
    const attempts: readonly (readonly [call: Call, status: number, error: string, actor: object])[] = [
      [{ method: 'GET', path: services(), credentials: wrong }, 401, 'not_authenticated', unknown],
      [{ method: 'DELETE', path: item, credentials: wrong }, 401, 'not_authenticated', unknown],
      [{ method: 'GET', path: place(), credentials: stranger.credentials }, 403, 'not_permitted', asUser(stranger, 'A stranger')],
      [{ method: 'POST', path: services(), credentials: stranger.credentials }, 403, 'not_permitted', asUser(stranger, 'A stranger')],
      [{ method: 'POST', path: services(), body: { name: '' } }, 400, 'invalid_request', asUser(token, 'Its token')],
      [{ method: 'DELETE', path: `${services()}/${nobody}` }, 404, 'service_token_not_found', asUser(token, 'Its token')],
      [{ method: 'DELETE', path: place() }, 400, 'not_empty', asUser(token, 'Its token')],
      [{ method: 'DELETE', path: item, headers: { 'if-match': '"99"' } }, 412, 'changed_meanwhile', asUser(token, 'Its token')],
      [{ method: 'GET', path: `${place()}/tokens/verify`, credentials: wrong }, 401, 'invalid_api_token', unknown],
    ]
    const { answers, entries } = await refusedOf(
      tenant.accountId,
      ...attempts.map(([call]) => ({ ...call, headers: { 'user-agent': '', ...call.headers } })),
    )
    expect(answers.map(({ status }) => status)).toEqual(attempts.map(([, status]) => status))
    const expected = attempts.map(([call, , error, actor], index) => entryOf(call, answers[index] as Answer, error, actor))
    // Those of one millisecond stand in no particular order.
    expect(entries).toHaveLength(expected.length)
    expect(entries).toEqual(expect.arrayContaining(expected))
    expect(JSON.stringify(entries)).not.toContain('x'.repeat(37))
  })

  test('of a zone, with the zone', async () => {
    const call = { method: 'POST', path: `/zones/${tenant.zoneId}/access/service_tokens`, credentials: stranger.credentials }
    const { entries } = await refusedOf(tenant.accountId, call)
    expect(entries).toMatchObject([{ zone: { id: tenant.zoneId }, resource: { scope: 'zones' }, action: { result: 'failure' } }])
  })

  test('and of what is nobody’s account, in the trail of the installation', async () => {
    const policies = [{ effect: 'allow', resources: { [accountResource('*')]: '*' }, permission_groups: [{ id: allGroups[0] }] }]
    const attempts: readonly Call[] = [
      { method: 'POST', path: '/user/tokens', body: { name: 'too much', policies } },
      { method: 'GET', path: '/user', credentials: wrong },
      { method: 'POST', path: '/accounts', body: { name: 'not mine to make' } },
      { method: 'POST', path: '/zones', body: { account: { id: api.postern.bootstrap.accountId }, name: 'not.mine' } },
    ]
    const { answers, entries } = await refusedOf(api.postern.bootstrap.accountId, ...attempts)
    expect(answers.map(({ status }) => status)).toEqual([403, 401, 403, 403])
    const errors = ['exceeds_maker', 'not_authenticated', 'not_permitted', 'not_permitted']
    const expected = attempts.map(({ method, path }, index) =>
      expect.objectContaining({
        raw: expect.objectContaining({ method, uri: `/client/v4${path}` }),
        resource: expect.objectContaining({ scope: 'user', response: { error: errors[index] } }),
      }),
    )
    expect(entries).toEqual(expect.arrayContaining(expected))
    expect(entries).toHaveLength(expected.length)
    // An account's own people do not see them.
    expect(JSON.stringify(await trails.of(tenant.accountId, token.credentials))).not.toContain('exceeds_maker')
  })
})

test('what only reads and succeeds, finds nothing or is asked wrongly leaves no trace, and what has no credentials or no place neither', async () => {
  const reads: readonly Call[] = [
    ...[services(), place(), '/user', '/accounts', '/zones', `/zones/${tenant.zoneId}`].map((path) => ({ method: 'GET', path })),
    { method: 'GET', path: `${services()}/${nobody}` },
    { method: 'GET', path: `${services()}?page=0` },
    { method: 'GET', path: services(), credentials: {} },
    { method: 'POST', path: services(), credentials: {}, body: { name: 'x' } },
    { method: 'POST', path: services(), credentials: { authorization: 'Basic x' }, body: { name: 'x' } },
    { method: 'POST', path: `/accounts/${'f'.repeat(32)}/access/service_tokens`, body: { name: 'x' } },
    { method: 'POST', path: '/nowhere', body: {} },
    { method: 'PATCH', path: services(), body: {} },
  ]
  const stored = (await trails.all()).length
  expect((await refusedOf(tenant.accountId, ...reads)).entries).toEqual([])
  // But for the one that marks the end.
  expect(await trails.all()).toHaveLength(stored + 1)
})

test('the trail of the installation is for those who may read the trail of every account', async () => {
  const ofUser = {
    effect: 'allow',
    resources: { [userResource(tenant.userId)]: '*' },
    permission_groups: [{ id: '8acbe5bb0d54464ab867149d7f7cf8ac' }],
  }
  const key = { 'x-auth-email': `${tenant.userId}@example.com`, 'x-auth-key': tenant.userId }
  const body = { name: 'reaches no account', policies: [ofUser] }
  const made = (await api.call({ method: 'POST', path: '/user/tokens', body, credentials: key })).envelope.result?.['id']
  const shownTo = async (credentials: Call['credentials']) => {
    const trail = await trails.of(tenant.accountId, credentials)
    return trail.some(({ resource }) => resource.id === made)
  }
  const reader = async (effect: 'allow' | 'deny', ...resources: readonly string[]) =>
    (await calls.apiToken(userOf(tenant), [...grantsOn(tenant, readGroups), grant(effect, resources, readGroups)])).credentials
  expect(await shownTo(calls.owner)).toBe(true)
  expect(await shownTo({ authorization: `Bearer ${api.postern.bootstrap.apiToken}` })).toBe(true)
  expect(await shownTo(await reader('allow', accountResource('*')))).toBe(true)
  expect(await shownTo(token.credentials)).toBe(false)
  expect(await shownTo(await reader('allow', accountResource(api.postern.bootstrap.accountId)))).toBe(false)
  const [shown] = (await trails.of(tenant.accountId)).filter(({ resource }) => resource.id === made)
  expect(shown).toMatchObject({ action: { description: 'Create api token' }, resource: { scope: 'user' } })
})

test('an attempt refused in the last moment is stored by a clean stop', async () => {
  const { settings, remove } = await anyDatabase()
  const first = await startPostern({ settings })
  const { accountId, apiToken } = first.bootstrap
  await expect(clientFor(first.apiUrl, 'y'.repeat(52)).accounts.get({ account_id: accountId })).rejects.toMatchObject({ status: 401 })
  await first.stop()
  const all = { ...unlimited, ...settings, API_LISTEN: '127.0.0.1:0', GATE_LISTEN: '127.0.0.1:0' }
  const environment = Object.fromEntries(Object.entries(all).map(([name, value]) => [`POSTERN_${name}`, value]))
  const second = await startApp({ config: loadConfig({ flags: {}, environment }), log: silent })
  const filter = { account_id: accountId, since: '2020-01-01', before: '2100-01-01', action_result: ['failure'] }
  const { result } = await clientFor(second.apiUrl, apiToken).accounts.logs.audit.list(filter as never)
  expect(result).toMatchObject([{ action: { result: 'failure' }, raw: { status_code: 401, method: 'GET' } }])
  await second.stop()
  await remove()
})
