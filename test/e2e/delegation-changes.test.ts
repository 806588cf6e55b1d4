import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { permissionGroups } from '../../src/domain/permission.ts'
import type { ApiToken } from '../../src/domain/principal.ts'
import { movableClock } from '../fixtures.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'
import { account, allow, type Change, deny, expectDone, expectRefused, grantsOf, type Policy, user, zone } from './delegation-bench.ts'
import { accountOf, createRouteCalls, type MadeApiToken, type RouteCalls, type Tenant, userOf } from './route-calls.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
let api: RawApi
let calls: RouteCalls
let alpha: Tenant
let bravo: Tenant

beforeAll(async () => {
  api = await startRawApi({ clock })
  calls = createRouteCalls(api)
  alpha = await calls.newTenant()
  bravo = await calls.newTenant()
})
afterAll(() => api.stop())

const named = (name: string) => permissionGroups.find((group) => group.name === name)?.id as string
const [read, write] = [named('Access: Service Tokens Read'), named('Access: Service Tokens Write')]
const [tokensOfUser, tokensOfAccount] = [named('API Tokens Write'), named('Account API Tokens Write')]
const [tokensReadOfUser, settings] = [named('API Tokens Read'), named('Account Settings Write')]

const mayMake = () => [allow(user(alpha.userId), tokensOfUser), allow(account(alpha.accountId), tokensOfAccount)]
const weak = () => [...mayMake(), allow(account(alpha.accountId), read)]
const strong = () => [...mayMake(), allow(account(alpha.accountId), read, write)]
const make = (policies: readonly Policy[], more: Partial<ApiToken> = {}) => calls.apiToken(userOf(alpha), grantsOf(policies), more)
const ofAccount = (policies: readonly Policy[], more: Partial<ApiToken> = {}) => calls.apiToken(accountOf(alpha), grantsOf(policies), more)

const update = ({ id }: MadeApiToken, policies: readonly Policy[], more: object = {}, at = '/user'): Change => {
  return { method: 'PUT', path: `${at}/tokens/${id}`, body: { name: 'renamed', policies, ...more } }
}
const roll = ({ id }: MadeApiToken, at = '/user'): Change => ({ method: 'PUT', path: `${at}/tokens/${id}/value`, body: {} })
const home = () => `/accounts/${alpha.accountId}`

const in8 = { in: ['127.0.0.0/8'], notIn: [] }
const request_ip = { in: ['127.0.0.0/8'] }
const tomorrow = '2026-03-02T12:00:00Z'

/** Changes by which a token of few rights would come to have more. */
const widenings: readonly [what: string, policies: () => readonly Policy[], more: object][] = [
  ['another permission', strong, {}],
  ['another account', () => [...weak(), allow(account(bravo.accountId), read)], {}],
  ['every account', () => [...weak(), allow(account('*'), read)], {}],
  ['another account’s zone', () => [...weak(), allow(zone(bravo.zoneId), read)], {}],
  ['a deny left out', weak, {}],
  ['an end that is later', () => denied(), { expires_on: '2026-03-02T12:00:01Z' }],
  ['no end', () => denied(), { expires_on: null }],
  ['no condition', () => denied(), { condition: null }],
  ['an empty condition', () => denied(), { condition: {} }],
  ['a condition with nothing in it', () => denied(), { condition: { request_ip: null } }],
  ['a wider condition', () => denied(), { condition: { request_ip: { in: ['0.0.0.0/0'] } } }],
  ['a condition that only denies', () => denied(), { condition: { request_ip: { not_in: ['10.0.0.0/8'] } } }],
]
/** With everything that can be widened. */
const denied = () => [...weak(), deny(zone(alpha.zoneId), read)]
const limits = { location: in8, expiresAt: Date.parse(tomorrow) }

describe('an update gives nobody more than its maker holds', () => {
  test.each(widenings)('not oneself: %s', async (_what, policies, more) => {
    const token = await make(denied(), limits)
    await expectRefused(api, token, update(token, policies(), more), 403)
    await expectRefused(api, token, update(token, policies(), { ...more, status: 'disabled' }), 403)
  })

  test.each(widenings)('not another token: %s', async (_what, policies, more) => {
    const [maker, other] = [await make(denied(), limits), await make(denied(), limits)]
    await expectRefused(api, maker, update(other, policies(), more), 403)
    const itsOwn = await ofAccount([allow(account(alpha.accountId), read), deny(zone(alpha.zoneId), read)], limits)
    const onAccount = policies().filter(({ resources }) => !JSON.stringify(resources).includes('api.user'))
    const isOutside = [bravo.accountId, bravo.zoneId, 'account.*'].some((name) => JSON.stringify(onAccount).includes(name))
    await expectRefused(api, maker, update(itsOwn, onAccount, more, home()), isOutside ? 400 : 403)
  })

  test('what leaves it as it was, or takes something away, is done', async () => {
    const token = await make(denied(), limits)
    const same = { expires_on: tomorrow, condition: { request_ip } }
    expect(await expectDone(api, token, update(token, denied(), same))).toMatchObject({ name: 'renamed', ...same })
    expect(await expectDone(api, token, update(token, denied()))).toMatchObject(same)
    const narrower = { expires_on: '2026-03-02T00:00:00Z', condition: { request_ip: { in: ['127.0.0.0/16'], not_in: ['127.0.0.9'] } } }
    expect(await expectDone(api, token, update(token, denied(), narrower))).toMatchObject(narrower)
    // And cannot be taken back by whoever it was taken from.
    await expectRefused(api, token, update(token, denied(), same), 403)
  })

  test('a stronger token can be renamed and disabled, but not enabled or moved in time by a weaker one', async () => {
    const [maker, other] = [await make(weak()), await make(strong())]
    await expectDone(api, maker, update(other, strong()))
    await expectDone(api, maker, update(other, strong(), { status: 'disabled' }))
    await expectRefused(api, maker, update(other, strong(), { status: 'active' }), 403, 'service_tokens:write')
    const expired = await make(strong(), { expiresAt: clock.now() })
    await expectRefused(api, maker, update(expired, strong(), { expires_on: null }), 403, 'service_tokens:write')
    await expectRefused(api, maker, update(expired, strong(), { expires_on: tomorrow }), 403, 'service_tokens:write')
    const future = await make(strong(), { notBefore: clock.now() + 1000 })
    await expectRefused(api, maker, update(future, strong(), { not_before: '2026-03-01T12:00:00Z' }), 403, 'service_tokens:write')
    await expectRefused(api, maker, update(future, strong(), { not_before: null }), 403, 'service_tokens:write')
    const placed = await make(strong(), { location: { in: ['203.0.113.0/24'], notIn: [] } })
    await expectRefused(api, maker, update(placed, strong(), { condition: null }), 403, 'service_tokens:write')
    // Down to what the weaker one holds, it may.
    await expectDone(api, maker, update(other, weak(), { status: 'active' }))
  })

  test('a token that may only read tokens changes none', async () => {
    const reader = await make([allow(user(alpha.userId), tokensReadOfUser), allow(account(alpha.accountId), read)])
    for (const change of [update(reader, weak()), roll(reader)]) await expectRefused(api, reader, change, 403)
    await expectRefused(api, reader, { method: 'DELETE', path: `/user/tokens/${reader.id}` }, 403)
  })

  test('ids of policies cannot be taken from another token', async () => {
    const token = await make(weak())
    const [policy] = grantsOf(strong())
    const policies = weak().map((one) => ({ ...one, id: 'f'.repeat(32) }))
    const result = await expectDone(api, token, update(token, policies))
    expect(JSON.stringify(result)).not.toContain('f'.repeat(32))
    const twice = weak().map((one) => ({ ...one, id: policy?.id }))
    const ids = ((await expectDone(api, token, update(token, twice)))['policies'] as { id: string }[]).map(({ id }) => id)
    expect(new Set(ids).size).toBe(3)
  })
})

describe('to learn the value of a token is to hold what it holds', () => {
  test('a weaker token cannot roll a stronger one, of whatever kind it is stronger', async () => {
    const maker = await make(denied(), limits)
    const stronger = [
      await make([...denied(), allow(account(alpha.accountId), settings)], limits),
      await make(weak(), limits),
      await make([...denied(), allow(account(bravo.accountId), read)], limits),
      await make(denied(), { ...limits, expiresAt: null }),
      await make(denied(), { ...limits, expiresAt: limits.expiresAt + 1 }),
      await make(denied(), { ...limits, location: { in: [], notIn: [] } }),
      await make(denied(), { ...limits, location: { in: ['127.0.0.0/8', '10.0.0.0/8'], notIn: [] } }),
      // It works again once somebody enables it.
      await make(strong(), { ...limits, disabled: true }),
    ]
    for (const token of stronger) await expectRefused(api, maker, roll(token), 403)
    const accounts = await ofAccount([allow(account(alpha.accountId), settings)], limits)
    await expectRefused(api, maker, roll(accounts, home()), 403, 'accounts:')
  })

  test('but itself, one like it, and a weaker one', async () => {
    const maker = await make(denied(), limits)
    for (const policies of [denied(), [allow(user(alpha.userId), tokensReadOfUser)]]) {
      expect(await expectDone(api, maker, roll(await make(policies, limits)))).toMatch(/^psu_/)
    }
    const value = await expectDone(api, maker, roll(maker))
    await expectRefused(api, maker, roll(maker), 401)
    expect(await expectDone(api, { credentials: { authorization: `Bearer ${value}` } }, roll(maker))).toMatch(/^psu_/)
  })

  test('who comes with e-mail and key can do all of it', async () => {
    const owner = { credentials: { 'x-auth-email': `${alpha.userId}@example.com`, 'x-auth-key': alpha.userId } }
    const token = await make(strong(), { disabled: true, expiresAt: limits.expiresAt })
    const everything = [...strong(), allow(account('*'), settings)]
    await expectDone(api, owner, update(token, everything, { status: 'active', expires_on: null, condition: null }))
    expect(await expectDone(api, owner, roll(token))).toMatch(/^psu_/)
  })
})
