import type Cloudflare from 'cloudflare'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { clientFor, machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

type AuditQuery = Omit<Cloudflare.Accounts.Logs.AuditListParams, 'account_id'>
type AuditEntry = Cloudflare.Accounts.Logs.AuditListResponse

const clock = movableClock('2026-03-01T00:00:00Z')
const hex = expect.stringMatching(/^[0-9a-f]{32}$/)
const uuid = expect.stringMatching(/^[0-9a-f-]{36}$/)
const today = { since: '2026-03-01', before: '2026-03-02' }
let postern: RunningPostern
let client: Cloudflare

beforeAll(async () => {
  postern = await startPostern({ clock })
  client = postern.client
})
afterAll(() => postern.stop())

const home = () => ({ account_id: postern.bootstrap.accountId })
const inZone = () => ({ zone_id: postern.bootstrap.zoneId })

async function audit(query: Partial<AuditQuery> = {}): Promise<AuditEntry[]> {
  const entries: AuditEntry[] = []
  for await (const entry of client.accounts.logs.audit.list({ ...home(), ...today, ...query })) entries.push(entry)
  return entries
}

const named = (entries: readonly AuditEntry[]) =>
  entries.map((entry) => (entry.resource?.response as { name?: string } | undefined)?.name ?? entry.action?.description)

describe('the audit log, with the official client', () => {
  const made: string[] = []
  let reader: { id: string; value: string }

  beforeAll(async () => {
    clock.set('2026-03-01T09:00:00Z')
    const policies = [
      {
        effect: 'allow' as const,
        resources: { [`com.cloudflare.api.account.${home().account_id}`]: '*' as const },
        permission_groups: [{ id: 'a1c0fec57cf94af79479a6d827fa518c' }],
      },
    ]
    reader = (await client.accounts.tokens.create({ ...home(), name: 'Deployer', policies })) as typeof reader
    for (let number = 0; number < 30; number++) {
      clock.advance(1000)
      const place = number % 3 === 0 ? inZone() : home()
      const by = number % 2 === 0 ? client : clientFor(postern.apiUrl, reader.value)
      const name = `token ${String(number).padStart(2, '0')}`
      // An account's own token with no more than the account reaches its zones as well.
      made.push((await by.zeroTrust.access.serviceTokens.create({ ...place, name })).id as string)
    }
    clock.advance(1000)
    await client.zeroTrust.access.serviceTokens.delete(made[1] as string, home())
  })

  test('an entry tells who did what, from where, to what, and what it became', async () => {
    const [entry] = await audit({ direction: 'asc', resource_id: [made[0]] } as unknown as AuditQuery)
    expect(entry).toEqual({
      id: uuid,
      account: { id: home().account_id, name: 'Default account' },
      action: { type: 'create', description: 'Create service token', result: 'success', time: '2026-03-01T09:00:01Z' },
      actor: {
        ...{ id: hex, type: 'user', context: 'api_token', email: postern.bootstrap.email, ip_address: '127.0.0.1' },
        ...{ token_id: hex, token_name: 'First API token' },
      },
      raw: {
        ...{ cf_ray_id: expect.stringMatching(/^[0-9a-f]{16}$/), method: 'POST', status_code: 201 },
        uri: `/client/v4/zones/${inZone().zone_id}/access/service_tokens`,
        user_agent: expect.stringMatching(/^Cloudflare\/JS /),
      },
      resource: {
        ...{ id: made[0], product: 'access', type: 'service_token', scope: 'zones' },
        response: {
          ...{ name: 'token 00', client_id: expect.stringMatching(/\.access$/), client_secret_version: 1 },
          ...{ duration: '8760h', enabled: true, expires_at: '2027-03-01T09:00:01Z' },
        },
      },
      zone: { id: inZone().zone_id, name: 'access.localhost' },
    })
    const [byAccount] = await audit({ actor_token_id: [reader.id], limit: 1 } as unknown as AuditQuery)
    expect(byAccount?.actor).toEqual({
      ...{ id: home().account_id, type: 'account', context: 'api_token', ip_address: '127.0.0.1' },
      ...{ token_id: reader.id, token_name: 'Deployer' },
    })
  })

  test('the client goes through all pages by itself, in either direction, and meets each entry once', async () => {
    const newest = await audit({ limit: 7 })
    // The start, the first signing key, the API token, thirty service tokens, and a deletion.
    expect(newest).toHaveLength(34)
    expect(new Set(newest.map(({ id }) => id)).size).toBe(34)
    expect(newest.map(({ action }) => action?.time)).toEqual(
      newest
        .map(({ action }) => action?.time)
        .toSorted()
        .toReversed(),
    )
    const oldest = await audit({ limit: 7, direction: 'asc' })
    expect(oldest).toEqual(newest.toReversed())
    expect(await audit()).toEqual(newest)
    expect(await audit({ limit: 34 })).toEqual(newest)
    expect(await audit({ limit: 1, since: '2026-03-01T09:00:28Z' } as AuditQuery)).toEqual(newest.slice(0, 4))
  })

  test('since counts, before does not', async () => {
    const at = (second: number) => `2026-03-01T09:00:${String(second).padStart(2, '0')}Z`
    expect(named(await audit({ since: at(5), before: at(8), direction: 'asc' }))).toEqual(['token 04', 'token 05', 'token 06'])
    expect(await audit({ since: at(5), before: at(5) })).toEqual([])
    expect(await audit({ since: '2026-03-02', before: '2026-03-03' })).toEqual([])
  })

  test('filters keep what they name, and with "not" everything else', async () => {
    const everything = await audit()
    const splits: readonly (readonly [filter: string, value: string, kept: (entry: AuditEntry) => boolean])[] = [
      ['zone_id', inZone().zone_id, ({ zone }) => zone?.id === inZone().zone_id],
      ['zone_name', 'access.localhost', ({ zone }) => zone !== undefined],
      ['account_name', 'Default account', () => true],
      ['action_type', 'delete', ({ action }) => action?.type === 'delete'],
      ['action_result', 'failure', () => false],
      ['actor_context', 'api_token', ({ actor }) => actor?.context === 'api_token'],
      ['actor_type', 'account', ({ actor }) => actor?.type === 'account'],
      ['actor_type', 'system', ({ actor }) => actor?.type === 'system'],
      ['actor_email', postern.bootstrap.email, ({ actor }) => actor?.email === postern.bootstrap.email],
      ['actor_ip_address', '127.0.0.1', ({ actor }) => actor?.ip_address === '127.0.0.1'],
      ['actor_token_id', reader.id, ({ actor }) => actor?.token_id === reader.id],
      ['actor_token_name', 'First API token', ({ actor }) => actor?.token_name === 'First API token'],
      ['raw_method', 'POST', ({ raw }) => raw?.method === 'POST'],
      ['raw_status_code', '201', ({ raw }) => raw?.status_code === 201],
      ['resource_id', made[1] as string, ({ resource }) => resource?.id === made[1]],
      ['resource_product', 'access', ({ resource }) => resource?.product === 'access'],
      ['resource_scope', 'zones', ({ resource }) => resource?.scope === 'zones'],
      ['resource_type', 'api_token', ({ resource }) => resource?.type === 'api_token'],
      ['id', everything[3]?.id as string, ({ id }) => id === everything[3]?.id],
    ]
    for (const [filter, value, kept] of splits) {
      const wanted = everything.filter(kept)
      expect([filter, await audit({ [filter]: [value], limit: 10 } as unknown as AuditQuery)]).toEqual([filter, wanted])
      const others = everything.filter((entry) => !kept(entry))
      expect([filter, await audit({ [filter]: { not: [value] }, limit: 10 } as unknown as AuditQuery)]).toEqual([filter, others])
    }
  })

  test('several values of a filter are any of them, and several filters are all of them', async () => {
    const [one, two] = [made[5] as string, made[6] as string]
    expect(named(await audit({ resource_id: [one, two], direction: 'asc' } as unknown as AuditQuery))).toEqual(['token 05', 'token 06'])
    const not = await audit({ resource_id: { not: [one, two] } })
    expect(not).toHaveLength(32)
    const both = {
      resource_type: ['service_token'],
      actor_type: { not: ['account'] },
      zone_id: [inZone().zone_id],
      raw_method: { not: ['GET'] },
    }
    const names = [0, 6, 12, 18, 24].map((number) => `token ${String(number).padStart(2, '0')}`)
    expect(named(await audit({ ...both, direction: 'asc' } as unknown as AuditQuery))).toEqual(names)
  })

  test('what is no filter, no time or no cursor is refused, and names the parameter', async () => {
    const bad = [
      { actor_type: ['robot'] },
      { since: 'yesterday' },
      { before: '2026-02-30' },
      { cursor: 'abc' },
      { limit: 0 },
      { limit: 1001 },
    ]
    for (const query of bad) {
      const name = Object.keys(query)[0] as string
      const refused = { status: 400, errors: [{ code: 12091, message: expect.stringContaining(name) }] }
      await expect(audit(query as unknown as AuditQuery)).rejects.toMatchObject(refused)
    }
  })
})

describe('the log of requests at the gate, with the official client', () => {
  const requests = (query: object = {}) => client.zeroTrust.access.logs.accessRequests.list({ ...home(), ...query })

  test('shows soon who was let in and who was not, newest first, page by page, and by filters', async () => {
    const tokens: { id: string; client_id: string; client_secret: string }[] = []
    for (const name of ['first', 'second', 'third']) {
      clock.set(`2026-04-0${tokens.length + 1}T10:00:00Z`)
      const token = (await client.zeroTrust.access.serviceTokens.create({ ...home(), name })) as (typeof tokens)[number]
      tokens.push(token)
      await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders(token) })
      clock.advance(1000)
      await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders({ ...token, client_secret: 'wrong' }) })
    }
    await vi.waitFor(async () => expect(await requests()).toHaveLength(6), { timeout: 15_000, interval: 200 })
    const shown = (await requests()) as {
      created_at: string
      allowed: boolean
      app_uid: string
      ray_id: string
      service_token_id: string
    }[]
    expect(shown.map(({ created_at, allowed }) => [created_at, allowed])).toEqual([
      ...[3, 2, 1].flatMap((day) => [
        [`2026-04-0${day}T10:00:01Z`, false],
        [`2026-04-0${day}T10:00:00Z`, true],
      ]),
    ])
    expect(shown[1]).toEqual({
      ...{ action: 'login', allowed: true, connection: 'service_token', created_at: '2026-04-03T10:00:00Z' },
      ...{ app_domain: '*', app_uid: uuid, app_name: 'Default application', ip_address: '127.0.0.1' },
      ...{ ray_id: expect.stringMatching(/^[0-9a-f]{16}$/), user_email: '', reason: expect.any(String) },
      ...{ service_token_id: tokens[2]?.id, service_token_name: 'third' },
    })
    expect(await requests({ direction: 'asc' })).toEqual(shown.toReversed())
    expect([await requests({ per_page: 4 }), await requests({ per_page: 4, page: 2 })].flat()).toEqual(shown)
    expect(await requests({ limit: 2, page: 4 })).toEqual([])
    const span = { since: '2026-04-02T00:00:00Z', until: '2026-04-02T23:59:59Z' }
    expect(await requests(span)).toEqual(shown.slice(2, 4))
    expect(await requests({ allowed: false, allowedOp: 'eq' })).toEqual(shown.filter(({ allowed }) => !allowed))
    expect(await requests({ allowed: false, allowedOp: 'neq' })).toEqual(shown.filter(({ allowed }) => allowed))
    const rayId = shown[3]?.ray_id
    expect(await requests({ ray_id: rayId, ray_idOp: 'eq' })).toEqual([shown[3]])
    expect(await requests({ ray_id: rayId, ray_idOp: 'neq' })).toEqual(shown.toSpliced(3, 1))
    expect(await requests({ app_uid: shown[0]?.app_uid })).toEqual(shown)
    expect(await requests({ fields: 'ray_id,allowed', limit: 1 })).toEqual([{ allowed: false, ray_id: shown[0]?.ray_id }])
    await expect(requests({ email: 'a@example.com' })).rejects.toMatchObject({ status: 400, errors: [{ code: 12091 }] })
    expect(JSON.stringify(shown)).not.toContain('pst_')
  })
})
