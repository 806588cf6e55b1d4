import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { permissionGroups } from '../../src/domain/permission.ts'
import type { ApiToken } from '../../src/domain/principal.ts'
import { movableClock } from '../fixtures.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'
import { account, allow, type Change, deny, expectDone, expectRefused, grantsOf, type Policy, user } from './delegation-bench.ts'
import { accountOf, createRouteCalls, type MadeApiToken, type RouteCalls, type Tenant, userOf } from './route-calls.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
let api: RawApi
let calls: RouteCalls
let tenant: Tenant

beforeAll(async () => {
  api = await startRawApi({ clock })
  calls = createRouteCalls(api)
})
beforeEach(async () => {
  clock.set('2026-03-01T12:00:00Z')
  tenant = await calls.newTenant()
})
afterAll(() => api.stop())

const named = (name: string) => permissionGroups.find((group) => group.name === name)?.id as string
const [manage, look, read] = [named('API Tokens Write'), named('API Tokens Read'), named('Access: Service Tokens Read')]

const administration = () => [allow(user(tenant.userId), manage), allow(account(tenant.accountId), read)]
const make = (policies: readonly Policy[], more: Partial<ApiToken> = {}) => calls.apiToken(userOf(tenant), grantsOf(policies), more)
const administrator = (more: Partial<ApiToken> = {}) => make(administration(), more)

const path = ({ id }: MadeApiToken) => `/user/tokens/${id}`
const deletion = (token: MadeApiToken): Change => ({ method: 'DELETE', path: path(token) })
const update = (token: MadeApiToken, policies: readonly Policy[], more: object = {}): Change => {
  return { method: 'PUT', path: path(token), body: { name: 'changed', policies, ...more } }
}
const disabling = (token: MadeApiToken) => update(token, administration(), { status: 'disabled' })
const lasting = ['this is the last API token that can manage API tokens', 'X-Auth-Email']

const losses: readonly [what: string, (token: MadeApiToken) => Change][] = [
  ['deleted', deletion],
  ['disabled', disabling],
  ['left without the permission', (token) => update(token, [allow(account(tenant.accountId), read)])],
  ['left with reading', (token) => update(token, [allow(user(tenant.userId), look)])],
  ['denied it', (token) => update(token, [...administration(), deny(user(tenant.userId), manage)])],
  ['put off until later', (token) => update(token, administration(), { not_before: '2026-03-01T12:00:01Z' })],
]

describe.each(losses)('the last API token that can manage API tokens cannot be %s', (_what, loss) => {
  test('by itself, and the answer says what to do', async () => {
    const only = await administrator()
    await expectRefused(api, only, loss(only), 400, ...lasting)
  })

  test('while the others are of no use', async () => {
    const now = clock.now()
    for (const more of [{ disabled: true }, { expiresAt: now }, { notBefore: now + 1 }]) await administrator(more)
    await make([allow(user(tenant.userId), look), allow(account(tenant.accountId), manage)])
    await make([...administration(), deny(user(tenant.userId), manage)])
    await calls.apiToken(accountOf(tenant), grantsOf([allow(account(tenant.accountId), named('Account API Tokens Write'))]))
    const only = await administrator()
    await expectRefused(api, only, loss(only), 400, ...lasting)
  })

  test("while only another user's can manage theirs", async () => {
    const other = await calls.newTenant()
    await calls.apiToken(userOf(other), grantsOf([allow(user(other.userId), manage)]))
    const only = await administrator()
    await expectRefused(api, only, loss(only), 400, ...lasting)
  })

  test('but it can with another beside it, which is the last then', async () => {
    const [one, other] = [await administrator(), await administrator()]
    await expectDone(api, one, loss(one))
    await expectRefused(api, other, deletion(other), 400, ...lasting)
  })

  test('but it can by whoever comes with e-mail and key', async () => {
    const only = await administrator()
    const credentials = { 'x-auth-email': `${tenant.userId}@example.com`, 'x-auth-key': tenant.userId }
    await expectDone(api, { credentials }, loss(only))
    const again = { method: 'POST', path: '/user/tokens', body: { name: 'again', policies: administration() } }
    expect(await expectDone(api, { credentials }, again)).toHaveProperty('value')
  })
})

test('the last one can be renamed and rolled, but neither given an end nor tied to some address', async () => {
  const only = await administrator()
  await expectDone(api, only, update(only, administration()))
  await expectRefused(api, only, update(only, administration(), { expires_on: '2099-03-01T12:00:01Z' }), 400, ...lasting)
  await expectRefused(api, only, update(only, administration(), { condition: { request_ip: { in: ['203.0.113.9'] } } }), 400, ...lasting)
  // One that ends before it, or works from fewer places, is no replacement.
  await administrator({ expiresAt: clock.now() + 60_000 })
  await administrator({ location: { in: ['203.0.113.9'], notIn: [] } })
  const value = await expectDone(api, only, { method: 'PUT', path: `${path(only)}/value`, body: {} })
  await expectRefused(api, { credentials: { authorization: `Bearer ${value}` } }, deletion(only), 400, ...lasting)
})

test('tokens that never managed any come and go', async () => {
  const [only, plain] = [await administrator(), await make([allow(account(tenant.accountId), read)])]
  await expectDone(api, only, update(plain, [allow(account(tenant.accountId), read)], { status: 'disabled' }))
  await expectDone(api, only, deletion(plain))
})

describe('when administrators take each other away at once, one of them remains', () => {
  async function remaining(tokens: readonly MadeApiToken[]): Promise<number> {
    const answers = await Promise.all(tokens.map(({ credentials }) => api.call({ method: 'GET', path: '/user/tokens', credentials })))
    return answers.filter(({ status }) => status === 200).length
  }

  test.each<[string, (token: MadeApiToken) => Change]>([
    ['by deletion', deletion],
    ['by disabling', disabling],
  ])('%s', async (_what, loss) => {
    for (let round = 0; round < 10; round++) {
      tenant = await calls.newTenant()
      const tokens = await Promise.all(Array.from({ length: round % 2 === 0 ? 2 : 5 }, () => administrator()))
      const targets = tokens.map((_, index) => tokens.at(index - 1) as MadeApiToken)
      const answers = await Promise.all(
        targets.map((target, index) => api.call({ ...loss(target), credentials: (tokens[index] as MadeApiToken).credentials })),
      )
      expect(answers.map(({ status }) => status).filter((status) => ![200, 400, 401].includes(status))).toEqual([])
      expect(await remaining(tokens)).toBeGreaterThan(0)
    }
  })

  test('each by itself', async () => {
    const tokens = await Promise.all(Array.from({ length: 8 }, () => administrator()))
    const answers = await Promise.all(tokens.map((token) => api.call({ ...deletion(token), credentials: token.credentials })))
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 200, 200, 200, 200, 200, 200, 400])
    expect(await remaining(tokens)).toBe(1)
  })
})
