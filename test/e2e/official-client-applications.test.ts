import Cloudflare from 'cloudflare'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { machineHeaders, movableClock, type Origin, type RunningPostern, startOrigin, startPostern } from '../fixtures.ts'
import { send } from '../raw-http.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
const noon = '2026-03-01T12:00:00Z'
const uuid = expect.stringMatching(/^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
let postern: RunningPostern
let origin: Origin
let access: Cloudflare['zeroTrust']['access']
let hosts = 0

beforeAll(async () => {
  origin = await startOrigin()
  postern = await startPostern({ clock })
  access = postern.client.zeroTrust.access
})
afterAll(async () => {
  await postern.stop()
  await origin.stop()
})

type ApplicationBody = Omit<Cloudflare.ZeroTrust.Access.ApplicationCreateParams.SelfHostedApplication, 'type'>
type Shown = Cloudflare.ZeroTrust.Access.ApplicationGetResponse.SelfHostedApplication & { readonly id: string }

const inAccount = () => ({ account_id: postern.bootstrap.accountId })
const inZone = () => ({ zone_id: postern.bootstrap.zoneId })
const newHost = () => `app-${hosts++}.access.localhost`
const any = [{ any_valid_service_token: {} }]
const everyone = [{ everyone: {} }]

async function create(
  body: Partial<ApplicationBody> & object,
  place: { account_id?: string; zone_id?: string } = inAccount(),
): Promise<Shown> {
  const domain = body.domain ?? newHost()
  return (await access.applications.create({ ...place, type: 'self_hosted', domain, ...body } as never)) as Shown
}

async function all<Item>(list: AsyncIterable<Item>): Promise<Item[]> {
  const items: Item[] = []
  for await (const item of list) items.push(item)
  return items
}

describe.each([
  ['an account', inAccount],
  ['a zone', inZone],
] as const)('in %s, with the official client,', (_name, place) => {
  test('applications are created with a policy, shown, listed, updated and deleted', async () => {
    const policy = { name: 'Deploy', decision: 'non_identity', include: any }
    const created = await create(
      { name: 'Orders', session_duration: '30m', policies: [policy as never], service_auth_401_redirect: true },
      place(),
    )
    expect(created).toMatchObject({
      ...{ id: uuid, aud: expect.stringMatching(/^[0-9a-f]{64}$/), type: 'self_hosted', name: 'Orders', session_duration: '30m' },
      ...{ destinations: [{ type: 'public', uri: created.domain }], self_hosted_domains: [created.domain] },
      policies: [
        {
          id: uuid,
          ...policy,
          require: [],
          exclude: [],
          session_duration: null,
          precedence: 1,
          reusable: false,
          created_at: noon,
          updated_at: noon,
        },
      ],
      service_auth_401_redirect: true,
    })
    expect(await access.applications.get(created.id, place())).toEqual(created)
    expect(await access.applications.get(created.aud as string, place())).toEqual(created)
    expect(await all(access.applications.list({ ...place(), name: 'Orders', exact: true, per_page: 1 }))).toEqual([created])
    const update = { ...created, ...place(), name: 'Invoices', type: 'self_hosted' as const }
    const updated = (await access.applications.update(created.id, update as never)) as Shown
    expect(updated).toEqual({ ...created, name: 'Invoices' })
    expect(await access.applications.delete(created.id, place())).toEqual({ id: created.id })
    await expect(access.applications.get(created.id, place())).rejects.toThrow(Cloudflare.NotFoundError)
    await expect(access.applications.delete(created.id, place())).rejects.toMatchObject({ status: 404, errors: [{ code: 11021 }] })
  })

  test('policies of an application are created, shown, listed, updated and deleted', async () => {
    const app_id = (await create({}, place())).id
    const { policies } = access.applications
    const chosen = { name: 'Deploy', decision: 'non_identity', include: any, session_duration: '1h' }
    const created = (await policies.create(app_id, { ...place(), ...chosen } as never)) as Cloudflare.ZeroTrust.Access.ApplicationPolicy
    const id = created.id as string
    const rest = { require: [], exclude: [], precedence: 1, reusable: false, created_at: noon, updated_at: noon }
    expect(created).toEqual({ id: uuid, ...chosen, ...rest })
    expect(await policies.get(id, { app_id, ...place() })).toEqual(created)
    expect(await all(policies.list(app_id, place()))).toEqual([created])
    const changes = { ...created, decision: 'deny', precedence: 4 }
    expect(await policies.update(id, { app_id, ...place(), ...changes } as never)).toEqual(changes)
    expect(await policies.delete(id, { app_id, ...place() })).toEqual({ id })
    await expect(policies.get(id, { app_id, ...place() })).rejects.toThrow(Cloudflare.NotFoundError)
  })

  test('groups are created, shown, listed, updated and deleted', async () => {
    const chosen = { name: 'Build servers', include: [{ ip: { ip: '203.0.113.0/24' } }], require: any, exclude: [] }
    const created = await access.groups.create({ ...place(), ...chosen })
    const id = created.id as string
    expect(created).toEqual({ id: uuid, ...chosen, created_at: noon, updated_at: noon })
    expect(await access.groups.get(id, place())).toEqual(created)
    expect(await all(access.groups.list({ ...place(), search: 'BUILD', per_page: 1 }))).toEqual([created])
    expect(await access.groups.update(id, { ...place(), ...chosen, name: 'Runners' })).toEqual({ ...created, name: 'Runners' })
    expect(await access.groups.delete(id, place())).toEqual({ id })
    await expect(access.groups.get(id, place())).rejects.toMatchObject({ status: 404, errors: [{ code: 12152 }] })
  })
})

test('reusable policies are created, attached, counted, updated and deleted, with the official client', async () => {
  const { policies } = access
  const chosen = { name: 'Shared', decision: 'non_identity' as const, include: any }
  const created = await policies.create({ ...inAccount(), ...chosen })
  const id = created.id as string
  const rest = { require: [], exclude: [], session_duration: null, reusable: true, app_count: 0, created_at: noon, updated_at: noon }
  expect(created).toEqual({ id: uuid, ...chosen, ...rest })
  const apps = [await create({ policies: [id] }), await create({ policies: [{ id, precedence: 4 }] }, inZone())]
  expect(apps.map(({ policies: shown }) => shown)).toMatchObject([[{ id, precedence: 1, reusable: true }], [{ id, precedence: 4 }]])
  expect(await policies.get(id, inAccount())).toEqual({ ...created, app_count: 2 })
  expect(await all(policies.list({ ...inAccount(), per_page: 1 }))).toEqual([{ ...created, app_count: 2 }])
  const updated = await policies.update(id, { ...inAccount(), ...chosen, decision: 'deny', include: everyone })
  expect(updated).toEqual({ ...created, decision: 'deny', include: everyone, app_count: 2 })
  await expect(policies.delete(id, inAccount())).rejects.toThrow(Cloudflare.BadRequestError)
  for (const app of apps) await access.applications.delete(app.id, app === apps[0] ? inAccount() : inZone())
  expect(await policies.delete(id, inAccount())).toEqual({ id })
  await expect(policies.get(id, inAccount())).rejects.toThrow(Cloudflare.NotFoundError)
})

test('refusals are errors of the official client, and name what is wrong', async () => {
  const taken = await create({})
  const refused = {
    status: 400,
    errors: [{ code: 11010, message: expect.stringContaining('access.api.error.application_already_exists') }],
  }
  await expect(create({ domain: taken.domain })).rejects.toThrow(Cloudflare.BadRequestError)
  await expect(create({ domain: taken.domain })).rejects.toMatchObject(refused)
  const email = { include: [{ email: { email: 'a@example.com' } }], name: 'People' }
  await expect(access.groups.create({ ...inAccount(), ...email })).rejects.toMatchObject({
    ...{ status: 400, errors: [{ code: 12130, source: { pointer: '/include/0/email' } }] },
  })
  const token = await access.serviceTokens.create({ ...inAccount(), name: 'named' })
  await create({ policies: [{ name: 'p', decision: 'non_identity', include: [{ service_token: { token_id: token.id } }] } as never] })
  await expect(access.serviceTokens.delete(token.id as string, inAccount())).rejects.toMatchObject({
    status: 400,
    errors: [{ code: 12139 }],
  })
})

describe('what is stored with the official client counts at the gate from the next request on:', () => {
  const statusFor = async (host: string, headers: Record<string, string> = {}, path = '/') =>
    (await fetch(`${postern.gateUrl}/authorize`, { headers: { 'x-forwarded-host': host, 'x-forwarded-uri': path, ...headers } })).status

  test('the policies of an application', async () => {
    const [ours, other] = [
      await access.serviceTokens.create({ ...inAccount(), name: 'ours' }),
      await access.serviceTokens.create({ ...inAccount(), name: 'other' }),
    ]
    const policy = { name: 'ours', decision: 'non_identity', include: [{ service_token: { token_id: ours.id } }] }
    const { id, domain, policies } = await create({ policies: [policy as never] })
    const both = async () => [await statusFor(domain, machineHeaders(ours)), await statusFor(domain, machineHeaders(other))]
    expect(await both()).toEqual([200, 403])
    const policyId = policies?.[0]?.id as string
    const changed = { name: 'other', decision: 'non_identity', include: [{ service_token: { token_id: other.id } }] }
    await access.applications.policies.update(policyId, { app_id: id, ...inAccount(), ...changed } as never)
    expect(await both()).toEqual([403, 200])
    await access.applications.policies.delete(policyId, { app_id: id, ...inAccount() })
    expect(await both()).toEqual([403, 403])
    const shared = await access.policies.create({ ...inAccount(), name: 'any', decision: 'non_identity', include: any })
    await access.applications.update(id, { ...inAccount(), type: 'self_hosted', domain, policies: [shared.id as string] })
    expect(await both()).toEqual([200, 200])
    await access.policies.update(shared.id as string, { ...inAccount(), name: 'none', decision: 'deny', include: everyone })
    expect(await both()).toEqual([403, 403])
    await access.applications.delete(id, inAccount())
    // The default application answers again.
    expect(await both()).toEqual([200, 200])
  })

  test('a group that a policy names', async () => {
    const group = await access.groups.create({ ...inAccount(), name: 'here', include: [{ ip: { ip: '203.0.113.0/24' } }] })
    const policy = { name: 'from here', decision: 'bypass', include: [{ group: { id: group.id } }] }
    const { domain } = await create({ policies: [policy as never] })
    expect(await statusFor(domain)).toBe(403)
    await access.groups.update(group.id as string, { ...inAccount(), name: 'here', include: [{ ip: { ip: '127.0.0.0/8' } }] })
    expect(await statusFor(domain)).toBe(200)
  })

  test('the settings of an application: its paths, its 401, its single header and its origin', async () => {
    const token = await access.serviceTokens.create({ ...inAccount(), name: 'settings' })
    const policies = [{ name: 'any', decision: 'non_identity', include: any } as never]
    const host = newHost()
    const settings = { service_auth_401_redirect: true, read_service_tokens_from_header: 'X-Service-Token', origin_url: origin.url }
    await create({ domain: `${host}/api`, policies, ...settings } as never)
    await create({ domain: host, policies: [{ name: 'all', decision: 'bypass', include: everyone } as never] })
    const single = {
      'x-service-token': JSON.stringify({ 'cf-access-client-id': token.client_id, 'cf-access-client-secret': token.client_secret }),
    }
    expect([await statusFor(host), await statusFor(host, {}, '/api/x'), await statusFor(host, single, '/api/x')]).toEqual([200, 401, 200])
    const headers = ['Host', host, ...Object.entries(machineHeaders(token)).flat()]
    const answer = await send(postern.gateUrl, { path: '/api/orders?n=1', headers })
    expect([answer.status, origin.received.at(-1)?.path]).toEqual([200, '/api/orders?n=1'])
  })
})
