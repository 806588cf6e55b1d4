import Cloudflare from 'cloudflare'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { clientFor, machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

type ServiceToken = Cloudflare.ZeroTrust.Access.ServiceToken
interface Secret {
  readonly client_secret?: string
}

const clock = movableClock('2026-03-01T12:00:00.250Z')
let postern: RunningPostern

beforeAll(async () => {
  postern = await startPostern({ clock })
})
afterAll(() => postern.stop())

/** What the gate answers to a machine with these credentials. */
async function gateStatus(token: { client_id?: string; client_secret?: string }): Promise<number> {
  return (await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders(token) })).status
}

const places = {
  account: () => ({ account_id: postern.bootstrap.accountId }),
  zone: () => ({ zone_id: postern.bootstrap.zoneId }),
}

describe.each(Object.entries(places))('the official client, unchanged, on the %s', (_scope, place) => {
  const tokens = () => postern.client.zeroTrust.access.serviceTokens

  /** The client's own methods for rotate and refresh know accounts only; for a zone its generic `post` says the same. */
  async function post(id: string | undefined, operation: 'rotate' | 'refresh'): Promise<ServiceToken & Secret> {
    const { account_id, zone_id } = place() as { account_id?: string; zone_id?: string }
    if (account_id !== undefined) return (await tokens()[operation](id as string, { account_id })) as ServiceToken & Secret
    const answer = await postern.client.post(`/zones/${zone_id}/access/service_tokens/${id}/${operation}`)
    return (answer as { result: ServiceToken & Secret }).result
  }

  beforeEach(() => clock.set('2026-03-01T12:00:00.250Z'))

  test('creates a token with every default, and shows the secret this one time', async () => {
    const created = await tokens().create({ ...place(), name: 'CI/CD token' })
    expect(created).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/),
      client_id: expect.stringMatching(/^[0-9a-f]{32}\.access$/),
      client_secret: expect.stringMatching(/^pst_[0-9A-Za-z]{40}[0-9a-f]{8}$/),
      name: 'CI/CD token',
      enabled: true,
      duration: '8760h',
      client_secret_version: 1,
      created_at: '2026-03-01T12:00:00Z',
      updated_at: '2026-03-01T12:00:00Z',
      expires_at: '2027-03-01T12:00:00Z',
    })
    const { client_secret: _secret, ...shown } = created
    expect(await tokens().get(created.id as string, place())).toEqual(shown)
  })

  test('takes every field at creation, and keeps the duration as it was entered', async () => {
    const fields = { name: 'all fields', duration: '1h30m', enabled: false, client_secret_version: 2 }
    const created = await tokens().create({ ...place(), ...fields, previous_client_secret_expires_at: '2030-01-01T00:00:00Z' })
    expect(created).toMatchObject({ ...fields, expires_at: '2026-03-01T13:30:00Z' })
    expect(created).not.toHaveProperty('previous_client_secret_expires_at')
    const forever = await tokens().create({ ...place(), name: 'without end', duration: 'forever' })
    expect(forever).toMatchObject({ duration: 'forever', expires_at: '9999-12-31T23:59:59Z' })
  })

  test('updates only what it is given', async () => {
    const { client_secret: _secret, ...before } = await tokens().create({ ...place(), name: 'before', duration: '60m' })
    clock.advance(1000)
    const renamed = await tokens().update(before.id as string, { ...place(), name: 'after' })
    expect(renamed).toEqual({ ...before, name: 'after', updated_at: '2026-03-01T12:00:01Z' })
    const longer = await tokens().update(before.id as string, { ...place(), duration: '2h' })
    expect(longer).toMatchObject({ name: 'after', duration: '2h' })
    expect(Date.parse(longer.expires_at as string)).toBe(Math.floor((clock.now() + 7_200_000) / 1000) * 1000)
  })

  test('rotates by raising the version: the answer has the new secret, and a jump sets that version', async () => {
    const created = await tokens().create({ ...place(), name: 'by version' })
    const same = await tokens().update(created.id as string, { ...place(), client_secret_version: 1 })
    expect(same).not.toHaveProperty('client_secret')
    const raised = (await tokens().update(created.id as string, { ...place(), client_secret_version: 5 })) as ServiceToken & Secret
    expect(raised).toMatchObject({ client_secret_version: 5, client_id: created.client_id, client_secret: expect.stringMatching(/^pst_/) })
    expect(raised.client_secret).not.toBe(created.client_secret)
    const lower = tokens().update(created.id as string, { ...place(), client_secret_version: 4 })
    await expect(lower).rejects.toThrow(Cloudflare.BadRequestError)
  })

  test('rotates, refreshes and deletes', async () => {
    const created = await tokens().create({ ...place(), name: 'moves on', duration: '1h' })
    const rotated = await post(created.id, 'rotate')
    expect(rotated).toMatchObject({ client_id: created.client_id, client_secret_version: 2, client_secret: expect.stringMatching(/^pst_/) })
    clock.advance(10 * 60_000)
    const refreshed = await post(created.id, 'refresh')
    expect(Date.parse(refreshed.expires_at as string)).toBe(Math.floor((clock.now() + 3_600_000) / 1000) * 1000)
    expect(refreshed).not.toHaveProperty('client_secret')
    const deleted = await tokens().delete(created.id as string, place())
    expect(deleted).toMatchObject({ id: created.id, name: 'moves on' })
    expect(deleted).not.toHaveProperty('client_secret')
    await expect(tokens().get(created.id as string, place())).rejects.toThrow(Cloudflare.NotFoundError)
  })

  test('lists newest first, pages to the end by itself, and finds by name and by a part of it', async () => {
    const made: string[] = []
    for (let number = 0; number < 7; number++) {
      clock.advance(1000)
      made.push((await tokens().create({ ...place(), name: `listed ${number}` })).id as string)
    }
    const listed: string[] = []
    for await (const token of tokens().list({ ...place(), per_page: 3, search: 'LISTED' })) listed.push(token.id as string)
    expect(listed).toEqual(made.reverse())
    const exact = await tokens().list({ ...place(), name: 'listed 3' })
    expect(exact.result.map(({ name }) => name)).toEqual(['listed 3'])
    const past = await tokens().list({ ...place(), page: 1000 })
    expect(past.result).toEqual([])
    for (const token of (await tokens().list(place())).result) expect(token).not.toHaveProperty('client_secret')
  })

  test('throws the class that belongs to each status', async () => {
    const nobody = '00000000-0000-4000-8000-000000000000'
    await expect(tokens().get(nobody, place())).rejects.toThrow(Cloudflare.NotFoundError)
    await expect(tokens().create({ ...place(), name: '' })).rejects.toThrow(Cloudflare.BadRequestError)
    const stranger = clientFor(postern.apiUrl, 'a'.repeat(40))
    await expect(stranger.zeroTrust.access.serviceTokens.get(nobody, place())).rejects.toThrow(Cloudflare.AuthenticationError)
  })
})

test('a token of an account is not found on its zone, nor the other way', async () => {
  const { serviceTokens } = postern.client.zeroTrust.access
  const ofAccount = await serviceTokens.create({ ...places.account(), name: 'account' })
  const ofZone = await serviceTokens.create({ ...places.zone(), name: 'zone' })
  await expect(serviceTokens.get(ofAccount.id as string, places.zone())).rejects.toThrow(Cloudflare.NotFoundError)
  await expect(serviceTokens.delete(ofZone.id as string, places.account())).rejects.toThrow(Cloudflare.NotFoundError)
})

test('e-mail and key sign in as well, and the client may send every credential at once', async () => {
  const { email: apiEmail, apiKey, apiToken } = postern.bootstrap
  const baseURL = `${postern.apiUrl}/client/v4`
  for (const credentials of [
    { apiEmail, apiKey, apiToken: null },
    { apiEmail, apiKey, apiToken },
  ]) {
    const client = new Cloudflare({ baseURL, ...credentials })
    expect((await client.zeroTrust.access.serviceTokens.list(places.account())).result).toBeInstanceOf(Array)
  }
  const wrong = new Cloudflare({ baseURL, apiEmail, apiKey: 'k'.repeat(40), apiToken: null, maxRetries: 0 })
  await expect(wrong.zeroTrust.access.serviceTokens.list(places.account())).rejects.toThrow(Cloudflare.AuthenticationError)
})

describe('what the client does is in force at the gate when it answers', () => {
  const { account } = places

  test('rotation without grace ends the old secret at once', async () => {
    const { serviceTokens } = postern.client.zeroTrust.access
    const created = await serviceTokens.create({ ...account(), name: 'rotated' })
    expect(await gateStatus(created)).toBe(200)
    const rotated = await serviceTokens.rotate(created.id as string, account())
    expect(await gateStatus(created)).toBe(401)
    expect(await gateStatus(rotated)).toBe(200)
  })

  test('rotation with grace keeps both secrets until the given second, which an update can move', async () => {
    const { serviceTokens } = postern.client.zeroTrust.access
    clock.set('2026-04-01T00:00:00Z')
    const created = await serviceTokens.create({ ...account(), name: 'in grace' })
    const rotated = await serviceTokens.rotate(created.id as string, {
      ...account(),
      previous_client_secret_expires_at: '2026-04-01T01:00:00Z',
    })
    expect([await gateStatus(created), await gateStatus(rotated)]).toEqual([200, 200])
    await serviceTokens.update(created.id as string, { ...account(), previous_client_secret_expires_at: '2026-04-01T02:00:00Z' })
    clock.set('2026-04-01T01:59:59.999Z')
    expect(await gateStatus(created)).toBe(200)
    clock.set('2026-04-01T02:00:00Z')
    expect([await gateStatus(created), await gateStatus(rotated)]).toEqual([401, 200])
  })

  test('a disabled token is refused with both secrets, and comes back when it is enabled', async () => {
    const { serviceTokens } = postern.client.zeroTrust.access
    const created = await serviceTokens.create({ ...account(), name: 'switched' })
    const until = new Date(clock.now() + 3_600_000).toISOString()
    const rotated = await serviceTokens.rotate(created.id as string, { ...account(), previous_client_secret_expires_at: until })
    await serviceTokens.update(created.id as string, { ...account(), enabled: false })
    expect([await gateStatus(created), await gateStatus(rotated)]).toEqual([401, 401])
    await serviceTokens.update(created.id as string, { ...account(), enabled: true })
    expect([await gateStatus(created), await gateStatus(rotated)]).toEqual([200, 200])
  })

  test('an expired token is refused from that millisecond on, and refresh revives it', async () => {
    const { serviceTokens } = postern.client.zeroTrust.access
    const created = await serviceTokens.create({ ...account(), name: 'short', duration: '300ms' })
    clock.advance(299)
    expect(await gateStatus(created)).toBe(200)
    clock.advance(1)
    expect(await gateStatus(created)).toBe(401)
    await serviceTokens.refresh(created.id as string, account())
    expect(await gateStatus(created)).toBe(200)
  })

  test('a deleted token is refused', async () => {
    const { serviceTokens } = postern.client.zeroTrust.access
    const created = await serviceTokens.create({ ...account(), name: 'gone' })
    expect(await gateStatus(created)).toBe(200)
    await serviceTokens.delete(created.id as string, account())
    expect(await gateStatus(created)).toBe(401)
  })
})
