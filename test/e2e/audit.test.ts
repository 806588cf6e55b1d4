import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { Route } from '../../src/api/route.ts'
import { routes } from '../../src/api/routes.ts'
import { accountResource } from '../../src/domain/permission.ts'
import { digestOf } from '../../src/domain/secret.ts'
import { movableClock } from '../fixtures.ts'
import { type Answer, type Call, type RawApi, startRawApi } from '../raw-api.ts'
import { createTrails, type Trails } from './audit-trails.ts'
import {
  accountOf,
  allGroups,
  createRouteCalls,
  grant,
  grantsIn,
  grantsOn,
  isDeletionOf,
  type MadeApiToken,
  type RouteCalls,
  type Tenant,
  userOf,
} from './route-calls.ts'

const clock = movableClock('2026-03-01T12:00:00.250Z')
const agent = { 'user-agent': 'audit-test/1.0' }
let api: RawApi
let calls: RouteCalls
let trails: Trails

beforeAll(async () => {
  api = await startRawApi({ clock })
  calls = createRouteCalls(api)
  trails = createTrails(api, calls.owner)
})
beforeEach(() => clock.set('2026-03-01T12:00:00.250Z'))
afterAll(() => api.stop())

const isOn = (path: string, route: Route, method: string) => route.path === path && route.method === method
/** In whose trails a command stands: in the installation's where no account could show it, or where it is about more than accounts. */
function trailsOf(route: Route, { accountId }: Tenant, created: string | undefined): readonly string[] {
  if (isDeletionOf('/accounts/:account_id', route)) return ['*']
  if (isOn('/accounts', route, 'POST')) return [created ?? '']
  // These tokens are good for something of their user's, too.
  return route.path.startsWith('/user/tokens/:token_id') ? ['*', accountId] : [accountId]
}

const changesNothing = (route: Route) => isOn('/zones/:zone_id', route, 'PATCH') || route.path.endsWith('/explain')

/** No secret, in any form that it could have been stored in. */
function expectNoSecret(entries: readonly unknown[], secrets: readonly string[]): void {
  const text = JSON.stringify(entries)
  expect(secrets.length).toBeGreaterThan(0)
  for (const secret of secrets) {
    const digest = Buffer.from(digestOf(secret))
    for (const form of [secret.slice(4, 36), digest.toString('hex'), digest.toString('base64').slice(0, 40)])
      expect(text).not.toContain(form)
  }
  expect(text).not.toMatch(/"(?:digest|client_secret|value|secret|sealed_?\w*|\w*[dD]igest)":|PRIVATE KEY/)
}

const secretsIn = (answer: Answer) => answer.text.match(/ps[tuak]_[0-9A-Za-z]{48}/g) ?? []
const secretOf = ({ credentials }: MadeApiToken) => credentials['authorization']?.slice('Bearer '.length) as string

const commands = routes.filter(({ method }) => method !== 'GET').map((route) => [`${route.method} ${route.path}`, route] as const)

describe.each(commands)('%s', (_name, route) => {
  test('leaves exactly one entry in the right trail, with who, from where and what, and without a secret', async () => {
    const tenant = await calls.newTenant(route)
    const grants = isOn('/accounts', route, 'POST') ? [grant('allow', [accountResource('*')], allGroups)] : grantsOn(tenant, allGroups)
    const token = await calls.apiToken(userOf(tenant), grants, { name: 'The one who did it' })
    const call = await calls.callOf(route, tenant)
    const body = route.path.endsWith('/access/keys') ? { key_rotation_interval_days: 21 } : call.body
    const before = await trails.all()
    const answer = await api.call({ ...call, body, credentials: token.credentials, headers: agent })
    expect(answer.envelope.success).toBe(true)
    const added = trails.added(before, await trails.all())
    if (changesNothing(route)) return expect(added).toEqual([])
    const created = answer.envelope.result?.['id'] as string | undefined
    const subject = subjectOf(route, call, answer, tenant)
    // With an application come and go its policies, and with an account's first application a key: each has an entry of its own.
    const entries = route.path.includes('/apps') ? added.filter(({ resource_id }) => resource_id === subject) : added
    expect(new Set(added.map(({ resource_id, account_id }) => `${resource_id} ${account_id}`)).size).toBe(added.length)
    expect(entries.map(({ account_id }) => account_id).toSorted()).toEqual(trailsOf(route, tenant, created))

    for (const stored of entries) {
      // Whoever may read every trail sees the installation's in that of any account.
      const shown = await trails.shown(stored.account_id === '*' ? api.postern.bootstrap.accountId : stored.account_id, stored)
      expect(shown).toMatchObject({
        action: { result: 'success', time: '2026-03-01T12:00:00Z', description: expect.stringMatching(/^[A-Z][a-z]+ [a-z]/) },
        actor: {
          ...{ id: tenant.userId, type: 'user', context: 'api_token', email: `${tenant.userId}@example.com` },
          ...{ token_id: token.id, token_name: 'The one who did it', ip_address: '127.0.0.1' },
        },
        raw: {
          ...{ method: route.method, uri: `/client/v4${call.path}`, status_code: answer.status },
          ...{ user_agent: 'audit-test/1.0', cf_ray_id: answer.headers['cf-ray'] },
        },
        resource: { id: subject },
      })
      expect(shown?.resource).toHaveProperty(route.method === 'DELETE' ? 'request' : 'response')
      expect(shown?.zone?.id).toBe(route.path.includes('zone') ? (isOn('/zones', route, 'POST') ? created : tenant.zoneId) : undefined)
      expectNoSecret([stored, shown], [...secretsIn(answer), secretOf(token)])
    }
  })
})

/** The id of what a command was about. */
function subjectOf(route: Route, call: Call, answer: Answer, { accountId, zoneId }: Tenant): unknown {
  const parts = route.path.split('/')
  const item = parts.findLastIndex((part) => part.startsWith(':') && part !== ':account_id' && part !== ':zone_id')
  const isCreation = route.method === 'POST' && route.path.endsWith('/policies')
  if (item >= 0 && !isCreation) return call.path.split('/')[item]
  if (route.path.endsWith('/access/keys/rotate')) return expect.stringMatching(/^[0-9a-f]{64}$/)
  const created = answer.envelope.result?.['id']
  return route.method === 'POST' ? created : route.path.startsWith('/zones') ? zoneId : accountId
}

describe('an entry shows what it was and what it became', () => {
  let tenant: Tenant
  let token: MadeApiToken
  beforeEach(async () => {
    tenant = await calls.newTenant()
    token = await calls.apiToken(userOf(tenant), grantsOn(tenant, allGroups))
  })

  async function change(call: Call): Promise<{ readonly request?: unknown; readonly response?: unknown }> {
    const before = await trails.all()
    expect((await api.call({ credentials: token.credentials, ...call })).envelope.success).toBe(true)
    const [stored, ...more] = trails.added(before, await trails.all())
    expect(more).toEqual([])
    const { request, response } = (await trails.shown(tenant.accountId, stored))?.resource ?? {}
    return { request, response }
  }

  test('of a service token', async () => {
    const path = `/accounts/${tenant.accountId}/access/service_tokens`
    const created = (await api.call({ method: 'POST', path, body: { name: 'before' }, credentials: token.credentials })).envelope.result
    const item = `${path}/${created?.['id']}`
    const state = { name: 'before', client_id: created?.['client_id'], client_secret_version: 1, duration: '8760h', enabled: true }
    const first = { ...state, expires_at: '2027-03-01T12:00:00Z' }
    const second = { ...first, name: 'after', enabled: false }
    expect(await change({ method: 'PUT', path: item, body: { name: 'after', enabled: false } })).toEqual({
      request: first,
      response: second,
    })
    const third = { ...second, client_secret_version: 2, previous_client_secret_expires_at: '2026-03-01T13:00:00Z' }
    const rotation = { method: 'POST', path: `${item}/rotate`, body: { previous_client_secret_expires_at: '2026-03-01T13:00:00Z' } }
    expect(await change(rotation)).toEqual({ request: second, response: third })
    clock.advance(60_000)
    const fourth = { ...third, expires_at: '2027-03-01T12:01:00Z' }
    expect(await change({ method: 'POST', path: `${item}/refresh` })).toEqual({ request: third, response: fourth })
    expect(await change({ method: 'DELETE', path: item })).toEqual({ request: fourth, response: undefined })
  })

  test('of an account, its organization and its keys', async () => {
    const path = `/accounts/${tenant.accountId}`
    const names = { request: { name: `account ${tenant.accountId}` }, response: { name: 'Renamed' } }
    expect(await change({ method: 'PUT', path, body: { name: 'Renamed' } })).toEqual(names)
    const { request, response } = await change({ method: 'PUT', path: `${path}/access/organizations`, body: { session_duration: '1h' } })
    expect(response).toEqual({ ...(request as object), session_duration: '1h' })
    expect(request).toMatchObject({ session_duration: '24h', key_rotation_interval_days: 42 })
    await api.call({ method: 'GET', path: `${path}/access/keys`, credentials: token.credentials })
    const rotated = await change({ method: 'POST', path: `${path}/access/keys/rotate` })
    const kid = { kid: expect.stringMatching(/^[0-9a-f]{64}$/) }
    expect(rotated).toEqual({ request: kid, response: kid })
    expect(rotated.request).not.toEqual(rotated.response)
  })

  test('of an API token', async () => {
    const { id } = await calls.apiToken(accountOf(tenant), grantsIn(tenant, allGroups.slice(0, 1)), { name: 'before' })
    const policies = [
      { effect: 'allow', resources: { [accountResource(tenant.accountId)]: '*' }, permission_groups: [{ id: allGroups[0] }] },
    ]
    const body = {
      name: 'after',
      policies,
      status: 'disabled',
      expires_on: '2027-01-01T00:00:00Z',
      condition: { request_ip: { in: ['10.0.0.0/8'] } },
    }
    const shown = await change({ method: 'PUT', path: `/accounts/${tenant.accountId}/tokens/${id}`, body })
    expect(shown.request).toMatchObject({ name: 'before', disabled: false, expires_on: null })
    expect(shown.response).toMatchObject({
      name: 'after',
      disabled: true,
      expires_on: '2027-01-01T00:00:00Z',
      condition: { in: ['10.0.0.0/8'] },
    })
  })

  test('of an API token that reaches several accounts: to each of them its own part alone', async () => {
    const other = await calls.newTenant()
    const policies = [tenant, other].map(({ accountId }) => ({
      ...{ effect: 'allow', resources: { [accountResource(accountId)]: '*' }, permission_groups: [{ id: allGroups[0] }] },
    }))
    const before = await trails.all()
    await api.call({ method: 'POST', path: '/user/tokens', body: { name: 'wide', policies }, credentials: calls.owner })
    const rows = trails.added(before, await trails.all())
    expect(rows.map(({ account_id }) => account_id).toSorted()).toEqual(['*', tenant.accountId, other.accountId].toSorted())
    for (const row of rows) {
      const [own, others] = row.account_id === tenant.accountId ? [tenant, other] : [other, tenant]
      expect(JSON.stringify(row)).toContain(own.accountId)
      expect(JSON.stringify(row).includes(others.accountId)).toBe(row.account_id === '*')
    }
  })

  test('and who it was, by each way to sign in', async () => {
    const path = `/accounts/${tenant.accountId}/access/service_tokens`
    const itsOwn = await calls.apiToken(accountOf(tenant), grantsIn(tenant, allGroups), { name: 'Its own' })
    const keyOfUser = { 'x-auth-email': `${tenant.userId}@example.com`, 'x-auth-key': tenant.userId }
    const actors: unknown[] = []
    for (const credentials of [keyOfUser, itsOwn.credentials]) {
      const before = await trails.all()
      await api.call({ method: 'POST', path, body: { name: 'made' }, credentials })
      actors.push((await trails.shown(tenant.accountId, trails.added(before, await trails.all())[0]))?.actor)
    }
    expect(actors).toEqual([
      { id: tenant.userId, type: 'user', context: 'api_key', email: `${tenant.userId}@example.com`, ip_address: '127.0.0.1' },
      { id: tenant.accountId, type: 'account', context: 'api_token', token_id: itsOwn.id, token_name: 'Its own', ip_address: '127.0.0.1' },
    ])
  })
})
