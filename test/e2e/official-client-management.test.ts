import Cloudflare from 'cloudflare'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

const clock = movableClock('2026-03-01T12:00:00.250Z')
const hex = expect.stringMatching(/^[0-9a-f]{32}$/)
const noon = '2026-03-01T12:00:00Z'
let postern: RunningPostern
let client: Cloudflare

beforeAll(async () => {
  postern = await startPostern({ clock })
  client = postern.client
})
afterAll(() => postern.stop())
beforeEach(() => clock.set('2026-03-01T12:00:00.250Z'))

const home = () => ({ account_id: postern.bootstrap.accountId })
const asAccount = (id: string, name: string) => ({
  ...{ id, name, type: 'standard', created_on: noon },
  settings: { enforce_twofactor: false, abuse_contact_email: null },
})

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}

test('the signed-in user is shown to their API token, and to their e-mail and key', async () => {
  const { email, apiKey } = postern.bootstrap
  const user = await client.user.get()
  expect(user).toEqual({
    ...{ id: hex, email, created_on: noon },
    ...{ first_name: null, last_name: null, telephone: null, country: null, zipcode: null, suspended: false, betas: [], organizations: [] },
    ...{ two_factor_authentication_enabled: false, two_factor_authentication_locked: false },
    ...{ has_pro_zones: false, has_business_zones: false, has_enterprise_zones: false },
  })
  const byKey = new Cloudflare({ baseURL: `${postern.apiUrl}/client/v4`, apiEmail: email, apiKey, apiToken: null })
  expect(await byKey.user.get()).toEqual(user)
})

describe('accounts, with the official client', () => {
  test('are created, shown, renamed and deleted', async () => {
    const created = await client.accounts.create({ name: 'Payments', type: 'standard' })
    expect(created).toEqual(asAccount(created.id, 'Payments'))
    expect(created.id).toEqual(hex)
    const path = { account_id: created.id }
    expect(await client.accounts.get(path)).toEqual(created)
    // Everything that the official client has the user send.
    const renamed = await client.accounts.update({ ...path, id: created.id, name: 'Payments and billing', type: 'standard' })
    expect(renamed).toEqual(asAccount(created.id, 'Payments and billing'))
    expect(await client.accounts.update({ ...path, ...created, name: 'Billing' })).toEqual(asAccount(created.id, 'Billing'))
    expect(await client.accounts.delete(path)).toEqual({ id: created.id })
    // Whoever may manage every account learns that it is gone, so that clients can forget it.
    await expect(client.accounts.get(path)).rejects.toThrow(Cloudflare.NotFoundError)
  })

  test('are listed page by page, in the order of their making, and found by a part of the name in any case', async () => {
    const made: string[] = []
    for (let number = 0; number < 12; number++) {
      clock.advance(1000)
      made.push((await client.accounts.create({ name: `Tenant Ä ${number}` })).id)
    }
    expect((await all(client.accounts.list({ name: 'tenant ä', per_page: 5 }))).map(({ id }) => id)).toEqual(made)
    const newest = await all(client.accounts.list({ per_page: 5, direction: 'desc' }))
    expect(newest.slice(0, 12).map(({ id }) => id)).toEqual(made.toReversed())
    expect(newest.at(-1)).toEqual(asAccount(postern.bootstrap.accountId, 'Default account'))
    expect((await client.accounts.list({ name: 'no such' })).result).toEqual([])
    for (const account_id of made) await client.accounts.delete({ account_id })
  })

  test('cannot be deleted with something in them, and the last one never', async () => {
    const { id } = await client.accounts.create({ name: 'full' })
    const path = { account_id: id }
    const token = await client.zeroTrust.access.serviceTokens.create({ ...path, name: 'in it' })
    const zone = await client.zones.create({ account: { id }, name: 'in-it.example' })
    const refusal = { status: 400, message: expect.stringContaining('1 zone, 1 service token') }
    await expect(client.accounts.delete(path)).rejects.toMatchObject(refusal)
    expect(await client.accounts.get(path)).toMatchObject({ id })
    await client.zeroTrust.access.serviceTokens.delete(token.id as string, path)
    await client.zones.delete({ zone_id: zone.id })
    expect(await client.accounts.delete(path)).toEqual({ id })
    await expect(client.accounts.delete(home())).rejects.toMatchObject({ status: 400 })
    expect((await client.accounts.list()).result).toHaveLength(1)
  })
})

describe('zones, with the official client', () => {
  const asZone = (id: string, name: string) => {
    const account = { id: postern.bootstrap.accountId, name: 'Default account' }
    return {
      ...{ id, name, account, owner: { ...account, type: 'organization' }, created_on: noon, modified_on: noon, activated_on: noon },
      ...{ status: 'active', paused: false, type: 'full', development_mode: 0, name_servers: [] },
      ...{ original_name_servers: null, original_registrar: null, original_dnshost: null },
      meta: expect.objectContaining({ page_rule_quota: 0 }),
      plan: expect.objectContaining({ legacy_id: 'free' }),
    }
  }

  test('are created, shown, edited to what they are, and deleted', async () => {
    const created = await client.zones.create({ account: { id: postern.bootstrap.accountId }, name: 'shop.example', type: 'full' })
    expect(created).toEqual(asZone(created.id, 'shop.example'))
    const path = { zone_id: created.id }
    expect(await client.zones.get(path)).toEqual(created)
    clock.advance(60_000)
    expect(await client.zones.edit({ ...path, paused: false, type: 'full' })).toEqual(created)
    await expect(client.zones.edit({ ...path, paused: true })).rejects.toThrow(Cloudflare.BadRequestError)
    const again = client.zones.create({ account: { id: postern.bootstrap.accountId }, name: 'shop.example' })
    await expect(again).rejects.toMatchObject({ status: 400, errors: [{ code: 1061 }] })
    const token = await client.zeroTrust.access.serviceTokens.create({ ...path, name: 'in it' })
    await expect(client.zones.delete(path)).rejects.toMatchObject({ status: 400, message: expect.stringContaining('1 service token') })
    await client.zeroTrust.access.serviceTokens.delete(token.id as string, path)
    expect(await client.zones.delete(path)).toEqual({ id: created.id })
    await expect(client.zones.get(path)).rejects.toThrow(Cloudflare.NotFoundError)
  })

  test('are listed page by page, and found by name, account and state', async () => {
    const account = await client.accounts.create({ name: 'Zoned' })
    const names = Array.from({ length: 11 }, (_, number) => `z${String(number).padStart(2, '0')}.example`)
    for (const name of names.toReversed()) await client.zones.create({ account: { id: account.id }, name })
    const listed = async (query: Cloudflare.Zones.ZoneListParams) =>
      (await all(client.zones.list({ per_page: 5, ...query }))).map(({ name }) => name)
    expect(await listed({ account: { id: account.id } })).toEqual(names)
    expect(await listed({ account: { name: 'Zoned' }, direction: 'desc' })).toEqual(names.toReversed())
    expect((await listed({})).toSorted()).toEqual([...names, 'access.localhost'].toSorted())
    expect(await listed({ name: 'z07.example' })).toEqual(['z07.example'])
    expect(await listed({ account: { id: account.id }, status: 'pending' })).toEqual([])
    expect(await listed({ account: { id: account.id }, status: 'active', type: ['full'] })).toEqual(names)
    for (const zone of await all(client.zones.list({ account: { id: account.id } }))) await client.zones.delete({ zone_id: zone.id })
    await client.accounts.delete({ account_id: account.id })
  })
})

describe('the organization, with the official client', () => {
  test('has defaults at first, and keeps what an update does not name', async () => {
    const { organizations } = client.zeroTrust
    const first = {
      ...{ auth_domain: 'access.localhost', name: 'Default account', session_duration: '24h', strict_service_token_auth: true },
      service_token_inactivity: { enabled: false, inactivity_threshold_days: 90, action: 'disable' },
      ...{ is_ui_read_only: false, allow_authenticate_via_warp: false, auto_redirect_to_identity: false, login_design: {} },
      ...{ created_at: noon, updated_at: noon },
    }
    expect(await organizations.list(home())).toEqual(first)
    clock.set('2026-03-01T13:00:00Z')
    const service_token_inactivity = { enabled: true, inactivity_threshold_days: 30, action: 'delete' }
    const changes = { auth_domain: 'sso.example.com', session_duration: '30m', strict_service_token_auth: false, service_token_inactivity }
    const updated = await organizations.update({ ...home(), ...changes } as Cloudflare.ZeroTrust.OrganizationUpdateParams)
    expect(updated).toEqual({ ...first, ...changes, updated_at: '2026-03-01T13:00:00Z' })
    expect(await organizations.list(home())).toEqual(updated)
    const renamed = await organizations.update({ ...home(), name: 'Machines' })
    expect(renamed).toEqual({ ...updated, name: 'Machines' })
    // Terraform sends back all that it was shown.
    expect(await organizations.update({ ...home(), ...renamed } as Cloudflare.ZeroTrust.OrganizationUpdateParams)).toEqual(renamed)
    await expect(organizations.update({ ...home(), session_duration: 'forever' })).rejects.toThrow(Cloudflare.BadRequestError)
    expect(await organizations.list(home())).toEqual(renamed)
  })
})

describe('the signing keys, with the official client', () => {
  test('are made when somebody asks, replaced when somebody says so, and by themselves in the interval', async () => {
    const { keys } = client.zeroTrust.access
    const first = { key_rotation_interval_days: 42, last_key_rotation_at: noon, days_until_next_rotation: 42 }
    expect(await keys.get(home())).toEqual(first)
    clock.set('2026-03-11T12:00:00.250Z')
    expect(await keys.get(home())).toEqual({ ...first, days_until_next_rotation: 32 })
    expect(await keys.update({ ...home(), key_rotation_interval_days: 21 })).toEqual({
      ...{ ...first, key_rotation_interval_days: 21, days_until_next_rotation: 11 },
    })
    const rotated = { key_rotation_interval_days: 21, last_key_rotation_at: '2026-03-11T12:00:00Z', days_until_next_rotation: 21 }
    expect(await keys.rotate(home())).toEqual(rotated)
    expect(await keys.get(home())).toEqual(rotated)
    for (const days of [20, 366, 21.5]) {
      const update = keys.update({ ...home(), key_rotation_interval_days: days })
      await expect(update).rejects.toMatchObject({ status: 400, message: expect.stringContaining('21 to 365') })
    }
    expect(await keys.get(home())).toEqual(rotated)
  })
})

test('a service token of another account does not pass an application of this one', async () => {
  const account = await client.accounts.create({ name: 'At once' })
  const token = await client.zeroTrust.access.serviceTokens.create({ account_id: account.id, name: 'first' })
  // The default application belongs to the first account.
  expect((await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders(token) })).status).not.toBe(200)
  const ours = await client.zeroTrust.access.serviceTokens.create({ ...home(), name: 'ours' })
  expect((await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders(ours) })).status).toBe(200)
})
