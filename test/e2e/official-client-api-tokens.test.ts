import Cloudflare from 'cloudflare'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { permissionGroups } from '../../src/domain/permission.ts'
import { clientFor, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

type Body = Cloudflare.User.TokenCreateParams
type Update = Cloudflare.User.TokenUpdateParams
type Query = Cloudflare.User.TokenListParams
type Token = Cloudflare.User.TokenCreateResponse

const clock = movableClock('2026-03-01T12:00:00.250Z')
const hex = expect.stringMatching(/^[0-9a-f]{32}$/)
const groups = { read: '91f7ce32fa614d73b7e1fc8f0e78582b', write: 'a1c0fec57cf94af79479a6d827fa518c' }
let postern: RunningPostern

beforeAll(async () => {
  postern = await startPostern({ clock })
})
afterAll(() => postern.stop())
beforeEach(() => clock.set('2026-03-01T12:00:00.250Z'))

/** The methods for a user's tokens and for an account's own, which differ in the account's id only. */
const kinds = {
  "a user's": {
    prefix: 'psu',
    create: (body: Body) => postern.client.user.tokens.create(body),
    list: (query: Query = {}) => postern.client.user.tokens.list(query),
    get: (id: string) => postern.client.user.tokens.get(id),
    update: (id: string, body: Update) => postern.client.user.tokens.update(id, body),
    delete: (id: string) => postern.client.user.tokens.delete(id),
    roll: (id: string) => postern.client.user.tokens.value.update(id, { body: {} }),
    verify: (client: Cloudflare) => client.user.tokens.verify(),
    groups: (query = {}) => postern.client.user.tokens.permissionGroups.list(query),
  },
  "an account's": {
    prefix: 'psa',
    create: (body: Body) => postern.client.accounts.tokens.create({ ...inAccount(), ...body }),
    list: (query: Query = {}) => postern.client.accounts.tokens.list({ ...inAccount(), ...query }),
    get: (id: string) => postern.client.accounts.tokens.get(id, inAccount()),
    update: (id: string, body: Update) => postern.client.accounts.tokens.update(id, { ...inAccount(), ...body }),
    delete: (id: string) => postern.client.accounts.tokens.delete(id, inAccount()),
    roll: (id: string) => postern.client.accounts.tokens.value.update(id, inAccount()),
    verify: (client: Cloudflare) => client.accounts.tokens.verify(inAccount()),
    groups: (query = {}) => postern.client.accounts.tokens.permissionGroups.list({ ...inAccount(), ...query }),
  },
}

const inAccount = () => ({ account_id: postern.bootstrap.accountId })
const policies = (group = groups.write): Body['policies'] => [
  {
    effect: 'allow',
    resources: { [`com.cloudflare.api.account.${postern.bootstrap.accountId}`]: '*' },
    permission_groups: [{ id: group }],
  },
]

/** Whether this value lets somebody in: 200, or the status of the refusal. */
async function status(value: string | undefined): Promise<number> {
  const path = `${postern.apiUrl}/client/v4/accounts/${postern.bootstrap.accountId}/access/service_tokens`
  return (await fetch(path, { headers: { authorization: `Bearer ${value}` } })).status
}

describe.each(Object.entries(kinds))('%s API tokens, with the official client', (_whose, tokens) => {
  const shownPolicies = () => [
    { id: hex, ...policies()[0], permission_groups: [{ id: groups.write, name: 'Access: Service Tokens Write' }] },
  ]

  test('a new token is shown with its value this one time, and lets its bearer in', async () => {
    const created = await tokens.create({ name: 'Deployments', policies: policies() })
    expect(created).toEqual({
      ...{ id: hex, name: 'Deployments', status: 'active', policies: shownPolicies() },
      ...{ issued_on: '2026-03-01T12:00:00Z', modified_on: '2026-03-01T12:00:00Z' },
      value: expect.stringMatching(new RegExp(`^${tokens.prefix}_[0-9A-Za-z]{40}[0-9a-f]{8}$`)),
    })
    const { value, ...shown } = created
    expect(await tokens.get(created.id as string)).toEqual(shown)
    const mine = clientFor(postern.apiUrl, value as string).zeroTrust.access.serviceTokens
    const made = await mine.create({ ...inAccount(), name: 'by a new token' })
    expect(await mine.delete(made.id as string, inAccount())).toMatchObject({ id: made.id })
    await expect(clientFor(postern.apiUrl, value as string).accounts.get(inAccount())).rejects.toThrow(Cloudflare.PermissionDeniedError)
  })

  test('a token may do what its policies say and nothing else', async () => {
    const { value } = await tokens.create({ name: 'reader', policies: policies(groups.read) })
    const mine = clientFor(postern.apiUrl, value as string).zeroTrust.access.serviceTokens
    expect((await mine.list(inAccount())).result).toBeInstanceOf(Array)
    await expect(mine.create({ ...inAccount(), name: 'not allowed' })).rejects.toThrow(Cloudflare.PermissionDeniedError)
    await expect(mine.list({ zone_id: 'e'.repeat(32) })).rejects.toThrow(Cloudflare.PermissionDeniedError)
  })

  test('every field comes back as it was chosen, and an update replaces them', async () => {
    const request_ip = { in: ['127.0.0.0/8', '2001:db8::/32'], not_in: ['127.9.0.1'] }
    const chosen = { name: 'all fields', policies: policies(), condition: { request_ip } }
    const period = { not_before: '2026-03-01T12:00:00Z', expires_on: '2026-03-02T00:00:00Z' }
    const created = await tokens.create({ ...chosen, ...period })
    expect(created).toMatchObject({ ...chosen, policies: shownPolicies(), ...period, status: 'active' })
    const { value, ...shown } = created
    expect(await status(value)).toBe(200)
    clock.advance(60_000)
    const later = { name: 'renamed', policies: policies(groups.read), expires_on: '2026-04-01T00:00:00Z', condition: {} }
    const updated = await tokens.update(created.id as string, later)
    const { condition: _condition, ...rest } = shown
    const group = { id: groups.read, name: 'Access: Service Tokens Read' }
    expect(updated).toEqual({
      ...{ ...rest, name: 'renamed', expires_on: '2026-04-01T00:00:00Z', modified_on: '2026-03-01T12:01:00Z' },
      policies: [{ ...shownPolicies()[0], permission_groups: [group] }],
    })
    expect(await tokens.get(created.id as string)).toEqual(updated)
  })

  test('a disabled token is refused until it is enabled again', async () => {
    const { id, value } = await tokens.create({ name: 'switched', policies: policies() })
    const update = { name: 'switched', policies: policies() }
    expect(await tokens.update(id as string, { ...update, status: 'disabled' })).toMatchObject({ id, status: 'disabled' })
    expect(await status(value)).toBe(401)
    expect(await tokens.verify(clientFor(postern.apiUrl, value as string))).toEqual({ id, status: 'disabled' })
    expect(await tokens.update(id as string, { ...update, status: 'active' })).toMatchObject({ id, status: 'active' })
    expect(await status(value)).toBe(200)
  })

  test('a token works from not_before until expires_on, and not a moment longer', async () => {
    const period = { not_before: '2026-03-01T13:00:00Z', expires_on: '2026-03-01T14:00:00Z' }
    const { id, value } = await tokens.create({ name: 'for an hour', policies: policies(), ...period })
    const seen: number[] = []
    for (const time of ['12:59:59.999', '13:00:00', '13:59:59.999', '14:00:00']) {
      clock.set(`2026-03-01T${time}Z`)
      seen.push(await status(value))
    }
    expect(seen).toEqual([401, 200, 200, 401])
    expect(await tokens.get(id as string)).toMatchObject({ status: 'expired' })
    expect(await tokens.verify(clientFor(postern.apiUrl, value as string))).toEqual({ id, status: 'expired', ...period })
    const kept = (await tokens.list({ include_expired: true } as Query)).result.map((token) => (token as Token).id)
    const current = (await tokens.list({ include_expired: false } as Query)).result.map((token) => (token as Token).id)
    expect([kept.includes(id), current.includes(id)]).toEqual([true, false])
  })

  test('a rolled token has a new value, and the old one is refused at once', async () => {
    const { id, value } = await tokens.create({ name: 'rolled', policies: policies() })
    const rolled = await tokens.roll(id as string)
    expect(rolled).toMatch(new RegExp(`^${tokens.prefix}_[0-9A-Za-z]{40}[0-9a-f]{8}$`))
    expect([rolled === value, await status(value), await status(rolled)]).toEqual([false, 401, 200])
    expect(await tokens.get(id as string)).not.toHaveProperty('value')
  })

  test('a deleted token is refused and not found', async () => {
    const { id, value } = await tokens.create({ name: 'gone', policies: policies() })
    expect(await status(value)).toBe(200)
    expect(await tokens.delete(id as string)).toEqual({ id })
    expect(await status(value)).toBe(401)
    await expect(tokens.get(id as string)).rejects.toThrow(Cloudflare.NotFoundError)
    await expect(tokens.verify(clientFor(postern.apiUrl, value as string))).rejects.toMatchObject({
      ...{ status: 401, errors: [{ code: 1000, message: 'Invalid API Token' }] },
    })
  })

  test('a token with an address condition works from there alone', async () => {
    const from = async (condition: Body['condition']) => {
      const { value } = await tokens.create({ name: 'placed', policies: policies(), ...(condition && { condition }) })
      return clientFor(postern.apiUrl, value as string).zeroTrust.access.serviceTokens.list(inAccount())
    }
    expect((await from({ request_ip: { in: ['127.0.0.1'] } })).result).toBeInstanceOf(Array)
    expect((await from({ request_ip: { in: ['127.0.0.0/8'], not_in: ['127.0.0.2/32', '::1'] } })).result).toBeInstanceOf(Array)
    const refused = { status: 403, errors: [{ code: 9109, message: 'Cannot use the access token from location: 127.0.0.1' }] }
    await expect(from({ request_ip: { in: ['203.0.113.0/24'] } })).rejects.toMatchObject(refused)
    await expect(from({ request_ip: { not_in: ['127.0.0.0/8'] } })).rejects.toMatchObject(refused)
    await expect(from({ request_ip: { in: ['127.0.0.0/8'], not_in: ['127.0.0.1'] } })).rejects.toMatchObject(refused)
  })

  test('lists newest first and pages to the end by itself, without a value', async () => {
    const made: (string | undefined)[] = []
    for (let number = 0; number < 12; number++) {
      clock.advance(1000)
      made.push((await tokens.create({ name: `listed ${number}`, policies: policies() })).id)
    }
    const listed: Token[] = []
    for await (const token of tokens.list({ per_page: 5 })) listed.push(token as Token)
    expect(listed.filter(({ name }) => name?.startsWith('listed')).map(({ id }) => id)).toEqual(made.toReversed())
    expect(new Set(listed.map(({ id }) => id)).size).toBe(listed.length)
    expect(JSON.stringify(listed)).not.toMatch(/"value"|ps[ua]_/)
    const oldest: Token[] = []
    for await (const token of tokens.list({ per_page: 5, direction: 'asc' })) oldest.push(token as Token)
    expect(oldest.filter(({ name }) => name?.startsWith('listed')).map(({ id }) => id)).toEqual(made)
    expect(new Set(oldest.map(({ id }) => id))).toEqual(new Set(listed.map(({ id }) => id)))
  })

  test('its last use is shown soon, and verifying is none', async () => {
    const [used, unused] = await Promise.all([1, 2].map(() => tokens.create({ name: 'used', policies: policies() })))
    clock.set('2026-03-01T15:00:00Z')
    expect(await status(used?.value)).toBe(200)
    expect(await tokens.verify(clientFor(postern.apiUrl, unused?.value as string))).toEqual({ id: unused?.id, status: 'active' })
    const isShown = async () => expect(await tokens.get(used?.id as string)).toHaveProperty('last_used_on', '2026-03-01T15:00:00Z')
    await vi.waitFor(isShown, { timeout: 15_000, interval: 200 })
    expect(await tokens.get(unused?.id as string)).not.toHaveProperty('last_used_on')
  })

  test('the permission groups can be found by name and scope', async () => {
    const all = (await tokens.groups()).result
    expect(all).toContainEqual({ id: groups.write, name: 'Access: Service Tokens Write', scopes: ['com.cloudflare.api.account'] })
    expect(all).toHaveLength(permissionGroups.length)
    const found = (await tokens.groups({ name: 'Access: Apps and Policies Read' })).result.map(({ id }) => id)
    expect(found).toEqual(['7ea222f6d5064cfa89ea366d7c1fee89', 'eb258a38ea634c86a0c89da6b27cb6b6'])
    const ofZones = { name: 'Access: Apps and Policies Read', scope: 'com.cloudflare.api.account.zone' }
    expect((await tokens.groups(ofZones)).result.map(({ id }) => id)).toEqual(['eb258a38ea634c86a0c89da6b27cb6b6'])
  })
})

test("a user's token is no account's: neither is found or verified below the other's path", async () => {
  const [user, account] = [kinds["a user's"], kinds["an account's"]]
  const [ofUser, ofAccount] = [
    await user.create({ name: 'mine', policies: policies() }),
    await account.create({ name: 'its', policies: policies() }),
  ]
  await expect(account.get(ofUser.id as string)).rejects.toThrow(Cloudflare.NotFoundError)
  await expect(user.get(ofAccount.id as string)).rejects.toThrow(Cloudflare.NotFoundError)
  await expect(account.verify(clientFor(postern.apiUrl, ofUser.value as string))).rejects.toMatchObject({ status: 401 })
  await expect(user.verify(clientFor(postern.apiUrl, ofAccount.value as string))).rejects.toMatchObject({ status: 401 })
  expect(await account.groups().then(({ result }) => result)).toEqual(
    await postern.client.accounts.tokens.permissionGroups.get(inAccount()),
  )
})
