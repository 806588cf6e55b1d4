import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { permissionGroups } from '../../src/domain/permission.ts'
import type { ApiToken } from '../../src/domain/principal.ts'
import { movableClock } from '../fixtures.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'
import {
  account,
  allow,
  type Change,
  deny,
  expectDone,
  expectRefused,
  grantsOf,
  type Policy,
  user,
  zone,
  zoneIn,
} from './delegation-bench.ts'
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
const [tokensOfUser, detailsOfUser, tokensOfAccount] = [
  named('API Tokens Write'),
  named('User Details Read'),
  named('Account API Tokens Write'),
]

/** The right to make API tokens of alpha's user and account, and nothing else. */
const mayMake = () => [allow(user(alpha.userId), tokensOfUser), allow(account(alpha.accountId), tokensOfAccount)]
const maker = (policies: readonly Policy[], more: Partial<ApiToken> = {}) =>
  calls.apiToken(userOf(alpha), grantsOf([...mayMake(), ...policies]), more)
const creation = (policies: readonly Policy[], more: object = {}): Change => {
  return { method: 'POST', path: '/user/tokens', body: { name: 'made', policies, ...more } }
}
const ofAccount = (policies: readonly Policy[], more: object = {}): Change => {
  return { ...creation(policies, more), path: `/accounts/${alpha.accountId}/tokens` }
}

describe('a new API token holds no more than its maker', () => {
  let onAlpha: MadeApiToken
  beforeAll(async () => {
    onAlpha = await maker([allow(account(alpha.accountId), read, write)])
  })

  test('what the maker holds can be handed on, whole or in part, in any form', async () => {
    const { accountId, zoneId } = alpha
    const parts = [account(accountId), zone(zoneId), zoneIn(accountId, '*'), zoneIn(accountId, zoneId), zoneIn('*', zoneId)]
    for (const resources of parts) {
      const { value } = await expectDone(api, onAlpha, creation([allow(resources, write), deny(resources, read)]))
      expect(value).toMatch(/^psu_/)
    }
    await expectDone(api, onAlpha, creation([...mayMake(), allow(account(accountId), read)]))
    await expectDone(api, onAlpha, ofAccount([allow(account(accountId), read, tokensOfAccount)]))
  })

  const elsewhere: readonly [what: string, resources: () => Policy['resources'], named: () => string][] = [
    ['another account', () => account(bravo.accountId), () => `account ${bravo.accountId}`],
    ['every account', () => account('*'), () => 'every account'],
    ['a zone of another account', () => zone(bravo.zoneId), () => `zone ${bravo.zoneId}`],
    ['every zone', () => zone('*'), () => 'every zone of every account'],
    ['every zone of another account', () => zoneIn(bravo.accountId, '*'), () => `every zone of account ${bravo.accountId}`],
    ['every zone of every account', () => zoneIn('*', '*'), () => 'every zone of every account'],
    ['a zone in no account by name', () => zoneIn('*', bravo.zoneId), () => `zone ${bravo.zoneId}`],
    ['a zone that is not there yet', () => zone('f'.repeat(32)), () => `zone ${'f'.repeat(32)}`],
    [
      'its own account and another',
      () => ({ ...account(alpha.accountId), ...account(bravo.accountId) }),
      () => `account ${bravo.accountId}`,
    ],
  ]
  test.each(elsewhere)('not on %s', async (_what, resources, name) => {
    await expectRefused(api, onAlpha, creation([allow(resources(), read)]), 403, 'yours does not hold service_tokens:read', name())
    // Behind policies that are all right, of which one denies something else.
    const before = [...mayMake(), deny(zone(alpha.zoneId), tokensOfAccount)]
    await expectRefused(api, onAlpha, creation([...before, allow(resources(), read)]), 403, name())
  })

  test('not with a permission that the maker does not hold there', async () => {
    const reader = await maker([allow(account(alpha.accountId), read)])
    const writer = await maker([allow(account(bravo.accountId), write), allow(account(alpha.accountId), read)])
    for (const one of [reader, writer]) {
      await expectRefused(api, one, creation([allow(account(alpha.accountId), write)]), 403, 'service_tokens:write', alpha.accountId)
      await expectRefused(api, one, ofAccount([allow(account(alpha.accountId), write)]), 403, 'service_tokens:write', alpha.accountId)
    }
    await expectRefused(api, reader, creation([allow(user(alpha.userId), detailsOfUser)]), 403, 'user:read', `user ${alpha.userId}`)
    const ofZone = await maker([allow(zone(alpha.zoneId), read)])
    await expectRefused(api, ofZone, creation([allow(account(alpha.accountId), read)]), 403, `account ${alpha.accountId}`)
    await expectRefused(api, ofZone, creation([allow(zoneIn(alpha.accountId, '*'), read)]), 403, `every zone of account ${alpha.accountId}`)
    await expectDone(api, ofZone, creation([allow(zone(alpha.zoneId), read)]))
  })

  test('not without what its maker is denied', async () => {
    const cases: readonly [held: Policy, kept: Policy, lost: Policy[], named: string][] = [
      [deny(zone(alpha.zoneId), write), deny(zone(alpha.zoneId), write), [], `zone ${alpha.zoneId}`],
      [deny(zoneIn(alpha.accountId, '*'), write), deny(zone('*'), write), [deny(zone(alpha.zoneId), write)], 'every zone of account'],
      [
        deny(zoneIn(alpha.accountId, alpha.zoneId), read),
        deny(account('*'), read),
        [deny(account(alpha.accountId), tokensOfAccount)],
        'zone',
      ],
    ]
    for (const [held, kept, lost, name] of cases) {
      const denied = await maker([allow(account(alpha.accountId), read, write), held])
      const wanted = allow(account(alpha.accountId), read, write)
      await expectRefused(api, denied, creation([wanted, ...lost]), 403, name)
      await expectDone(api, denied, creation([wanted, kept]))
    }
    const almostAll = await maker([allow(account('*'), read), deny(account(bravo.accountId), read)])
    await expectRefused(api, almostAll, creation([allow(account('*'), read)]), 403, `account ${bravo.accountId}`)
    await expectRefused(api, almostAll, creation([allow(zone(bravo.zoneId), read)]), 403, `zone ${bravo.zoneId}`)
    await expectRefused(api, almostAll, creation([allow(account('*'), read), deny(zone(bravo.zoneId), read)]), 403, bravo.accountId)
    await expectDone(api, almostAll, creation([allow(account('*'), read), deny(account(bravo.accountId), read)]))
  })

  test('not for longer', async () => {
    const expiresAt = Date.parse('2026-03-02T12:00:00Z')
    const brief = await maker([allow(account(alpha.accountId), read)], { expiresAt })
    const policies = [allow(account(alpha.accountId), read)]
    for (const more of [{}, { expires_on: null }, { expires_on: '2026-03-02T12:00:01Z' }, { expires_on: '9999-12-31T23:59:59Z' }]) {
      for (const change of [creation(policies, more), ofAccount(policies, more)]) await expectRefused(api, brief, change, 403, 'expires_on')
    }
    for (const expires_on of ['2026-03-02T12:00:00Z', '2026-03-02T13:00:00+01:00', '2026-03-01T12:00:01Z']) {
      await expectDone(api, brief, creation(policies, { expires_on }))
    }
  })

  test('not from more addresses', async () => {
    const location = { in: ['127.0.0.0/8', '2001:db8::/32'], notIn: ['127.0.0.9', '127.1.0.0/16'] }
    const placed = await maker([allow(account(alpha.accountId), read)], { location })
    const policies = [allow(account(alpha.accountId), read)]
    const denied = ['127.0.0.9/32', '127.1.0.0/16']
    const wider: readonly (object | null | undefined)[] = [
      ...[undefined, null, {}, { request_ip: null }, { request_ip: {} }, { request_ip: { in: [], not_in: denied } }],
      ...[{ request_ip: { not_in: denied } }, { request_ip: { in: ['127.0.0.0/7'], not_in: denied } }],
      ...[{ request_ip: { in: ['0.0.0.0/0'], not_in: denied } }, { request_ip: { in: ['127.0.0.0/8', '::/0'], not_in: denied } }],
      ...[{ request_ip: { in: ['127.0.0.0/8'] } }, { request_ip: { in: ['127.0.0.0/8'], not_in: null } }],
      ...[
        { request_ip: { in: ['127.0.0.0/8'], not_in: ['127.0.0.9'] } },
        { request_ip: { in: ['127.0.0.0/8'], not_in: ['127.1.0.0/17'] } },
      ],
    ]
    for (const condition of wider) {
      for (const change of [creation(policies, { condition }), ofAccount(policies, { condition })])
        await expectRefused(api, placed, change, 403, 'condition/request_ip')
    }
    for (const request_ip of [
      { in: ['127.0.0.0/8'], not_in: denied },
      { in: ['127.2.0.0/16'], not_in: ['127.0.0.0/15'] },
      { in: ['127.0.0.1', '2001:db8:1::/48'], not_in: denied },
    ]) {
      await expectDone(api, placed, creation(policies, { condition: { request_ip } }))
    }
  })
})

describe('what a token cannot mean is refused, whoever asks, and the answer names the place', () => {
  let full: MadeApiToken
  beforeEach(async () => {
    full = await maker([allow(account('*'), ...permissionGroups.map(({ id }) => id)), allow(user(alpha.userId), detailsOfUser)])
  })

  const keyOfAlpha = () => ({ 'x-auth-email': `${alpha.userId}@example.com`, 'x-auth-key': alpha.userId })
  const senseless = (): readonly (readonly [policy: Policy, words: readonly string[]])[] => [
    [allow(user(bravo.userId), detailsOfUser), [`policies/0/resources/com.cloudflare.api.user.${bravo.userId}`, 'must be the user']],
    [allow(zoneIn(alpha.accountId, bravo.zoneId), read), [bravo.zoneId, 'no part of that account']],
    [allow(account(alpha.accountId), 'f'.repeat(32)), ['policies/0/permission_groups/0/id', 'is not a permission group']],
    [allow(account(alpha.accountId), read, 'f'.repeat(32)), ['policies/0/permission_groups/1/id']],
    [allow(account(alpha.accountId), detailsOfUser), ['User Details Read', 'has no effect']],
    [deny(account(alpha.accountId), read), ['policies/0', 'denies nothing']],
    [allow(user(alpha.userId), read), ['Access: Service Tokens Read', 'has no effect']],
    [allow({ [`com.cloudflare.api.account.${alpha.accountId.toUpperCase()}`]: '*' }, read), ['is not a resource']],
    [allow({ 'com.cloudflare.api.user.*': '*' }, detailsOfUser), ['is not a resource']],
    [allow({ '*': '*' }, read), ['is not a resource']],
    [allow({ '': '*' }, read), ['is not a resource']],
    [allow({ 'com.cloudflare.api.account.': '*' }, read), ['is not a resource']],
    [
      allow({ [`com.cloudflare.api.account.${alpha.accountId}`]: { [`com.cloudflare.api.account.${bravo.accountId}`]: '*' } }, read),
      ['is not'],
    ],
    [allow({ [`com.cloudflare.api.account.${alpha.accountId}`]: { [`com.cloudflare.api.user.${alpha.userId}`]: '*' } }, read), ['is not']],
  ]

  test('in a token of a user', async () => {
    for (const [policy, words] of senseless()) {
      for (const caller of [full, { credentials: keyOfAlpha() }]) {
        await expectRefused(api, caller, creation([policy]), 400, ...words)
      }
    }
  })

  test('in a token of an account, which reaches nothing outside', async () => {
    const outside = [account(bravo.accountId), account('*'), zone(bravo.zoneId), zone('*'), zoneIn(bravo.accountId, '*'), zoneIn('*', '*')]
    for (const caller of [full, { credentials: calls.owner }]) {
      for (const resources of outside) {
        await expectRefused(api, caller, ofAccount([allow(resources, read)]), 400, 'must lie in the account that the token belongs to')
        const behind = [allow(account(alpha.accountId), read), deny(resources, read)]
        await expectRefused(api, caller, ofAccount(behind), 400, 'policies/1/resources')
      }
      await expectRefused(api, caller, ofAccount([allow(user(alpha.userId), detailsOfUser)]), 400, 'must be the user')
    }
    const own = await calls.apiToken(accountOf(alpha), grantsOf([allow(account(alpha.accountId), read, tokensOfAccount)]))
    await expectRefused(api, own, ofAccount([allow(account(alpha.accountId), write)]), 403, 'service_tokens:write')
    await expectRefused(api, own, ofAccount([allow(account(bravo.accountId), read)]), 400, bravo.accountId)
    await expectRefused(api, own, creation([allow(account(alpha.accountId), read)]), 403)
    await expectDone(api, own, ofAccount([allow(zone(alpha.zoneId), read)]))
  })
})
