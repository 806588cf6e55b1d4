import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../fixtures.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
const noon = '2026-03-01T12:00:00Z'
let api: RawApi
let account: string
let zone: string

beforeAll(async () => {
  api = await startRawApi({ clock })
  account = `/accounts/${api.postern.bootstrap.accountId}`
  zone = `/zones/${api.postern.bootstrap.zoneId}`
})
afterAll(() => api.stop())

type Answer = Awaited<ReturnType<typeof call>>
type Fields = Readonly<Record<string, unknown>>

const call = (method: string, path: string, body?: object) => api.call({ method, path, ...(body && { body }) })
const create = (body: object, place = account) => call('POST', `${place}/access/apps`, { type: 'self_hosted', ...body })

async function made(body: object, place = account): Promise<Fields & { readonly id: string; readonly aud: string }> {
  const answer = await create(body, place)
  expect([answer.status, answer.envelope.errors]).toEqual([201, []])
  return answer.envelope.result as Fields & { readonly id: string; readonly aud: string }
}

function expectRefusal(answer: Answer, pointer: string, says: string, code = 12130, name = 'invalid_request'): void {
  const message = expect.stringContaining(`access.api.error.${name}: ${pointer} ${says}`)
  expect([answer.status, answer.envelope.errors]).toEqual([400, [{ code, message, source: { pointer: `/${pointer}` } }]])
}

/** As the API shows one, with what the test says about it. */
const shown = (fields: Fields) => ({
  ...{ id: expect.stringMatching(/^[0-9a-f-]{36}$/), aud: expect.stringMatching(/^[0-9a-f]{64}$/), type: 'self_hosted' },
  ...{ session_duration: '24h', policies: [], service_auth_401_redirect: false, origin_url: null, app_launcher_visible: true },
  ...{ allowed_idps: [], tags: [], auto_redirect_to_identity: false, enable_binding_cookie: false, options_preflight_bypass: false },
  ...{ path_cookie_attribute: false, created_at: noon, updated_at: noon, ...fields },
})

describe('an application', () => {
  test('needs no more than a type and a domain, by which it is called then', async () => {
    const domain = 'least.example.com/path'
    const destinations = [{ type: 'public', uri: domain }]
    expect(await made({ domain })).toEqual(shown({ name: domain, domain, destinations, self_hosted_domains: [domain] }))
  })

  test('is shown with all that was chosen, by its id and by its audience', async () => {
    const chosen = {
      ...{
        name: 'Orders',
        domain: '*.orders.example',
        destinations: [
          { type: 'public', uri: 'orders.example/api/*' },
          { type: 'public', uri: '*.orders.example' },
        ],
      },
      ...{ session_duration: '1h30m', service_auth_401_redirect: true, origin_url: 'https://10.0.0.7:8443/orders' },
    }
    const created = await made({ ...chosen, read_service_tokens_from_header: 'X-Service-Token' })
    const expected = {
      ...chosen,
      read_service_tokens_from_header: 'x-service-token',
      self_hosted_domains: ['orders.example/api/*', '*.orders.example'],
    }
    expect(created).toEqual(shown(expected))
    for (const id of [created.id, created.aud]) expect((await call('GET', `${account}/access/apps/${id}`)).envelope.result).toEqual(created)
  })

  test('is replaced by an update, but for its id, its audience and its policies', async () => {
    const policies = [{ name: 'Any', decision: 'non_identity', include: [{ any_valid_service_token: {} }] }]
    const created = await made({
      domain: 'replaced.example',
      name: 'Old',
      service_auth_401_redirect: true,
      session_duration: '1h',
      policies,
    })
    clock.advance(60_000)
    const path = `${account}/access/apps/${created.aud}`
    // All that was shown goes back, and changes nothing.
    expect((await call('PUT', path, created)).envelope.result).toEqual(created)
    const updated = await call('PUT', path, { type: 'self_hosted', domain: 'replaced.example' })
    const changes = {
      name: 'replaced.example',
      service_auth_401_redirect: false,
      session_duration: '24h',
      updated_at: '2026-03-01T12:01:00Z',
    }
    expect(updated.envelope.result).toEqual({ ...created, ...changes })
    const changed = { ...created, aud: 'f'.repeat(64) }
    expectRefusal(await call('PUT', path, changed), 'aud', 'is set by the server and cannot be changed')
    clock.set(noon)
  })

  test('is shown with the session duration of the organization where it has none of its own', async () => {
    const { id } = await made({ domain: 'duration.example' })
    await call('PUT', `${account}/access/organizations`, { session_duration: '12h' })
    expect((await call('GET', `${account}/access/apps/${id}`)).envelope.result).toMatchObject({ session_duration: '12h' })
    const list = (await call('GET', `${account}/access/apps?search=duration.example`)).envelope.result
    expect(list).toEqual([expect.objectContaining({ id, session_duration: '12h' })])
    await call('PUT', `${account}/access/organizations`, { session_duration: '24h' })
  })

  test('goes on having none of its own when what was shown comes back, and has one when another comes', async () => {
    const path = `${account}/access/apps/${(await made({ domain: 'inherits.example' })).id}`
    const durationWith = async (organizations: string) => {
      await call('PUT', `${account}/access/organizations`, { session_duration: organizations })
      return (await call('GET', path)).envelope.result?.['session_duration']
    }
    const { result: shown } = (await call('GET', path)).envelope
    await call('PUT', path, { ...shown, name: 'moved' })
    expect(await durationWith('2h')).toBe('2h')
    await call('PUT', path, { ...shown, session_duration: '3h' })
    expect([await durationWith('3h'), await durationWith('24h')]).toEqual(['3h', '3h'])
  })

  test('goes with the policies that are its own, and leaves the reusable ones', async () => {
    const rules = { decision: 'bypass', include: [{ everyone: {} }] }
    const shared = (await call('POST', `${account}/access/policies`, { name: 'shared', ...rules })).envelope.result?.['id'] as string
    const { id } = await made({ domain: 'gone.example', policies: [shared, { name: 'own', ...rules }] })
    expect(await call('DELETE', `${account}/access/apps/${id}`)).toMatchObject({ status: 202, envelope: { result: { id } } })
    const gone = await call('GET', `${account}/access/apps/${id}`)
    expect([gone.status, gone.envelope.errors]).toEqual([404, [{ code: 11021, message: 'access.api.error.unknown_application' }]])
    expect((await call('GET', `${account}/access/policies/${shared}`)).status).toBe(200)
    expect(await api.db.selectFrom('policy').select('name').where('application_id', '=', id).execute()).toEqual([])
    const trail = await call('GET', `${account}/logs/audit?since=2020-01-01&before=2100-01-01&resource_id=${id}`)
    const deeds = (trail.envelope.result as unknown as { action: { description: string } }[]).map(({ action }) => action.description)
    expect(deeds.toSorted()).toEqual(['Create application', 'Delete application'])
  })

  test('is found by parts of name and domain in any case, by the whole of them, and by its audience', async () => {
    const one = await made({ name: 'Föhn One', domain: 'one.found.access.localhost' }, zone)
    clock.advance(1000)
    const two = await made({ name: 'FÖHN two', domain: 'two.found.access.localhost/x' }, zone)
    const found = async (query: string) =>
      ((await call('GET', `${zone}/access/apps?${query}`)).envelope.result as unknown as { id: string }[]).map(({ id }) => id)
    expect(await found('')).toEqual([two.id, one.id])
    expect(await found('name=f%C3%B6hn')).toEqual([two.id, one.id])
    expect(await found('name=f%C3%B6hn%20one&exact=true')).toEqual([one.id])
    expect(await found('domain=found&exact=true')).toEqual([])
    expect(await found('domain=TWO.found')).toEqual([two.id])
    expect(await found(`aud=${one.aud}`)).toEqual([one.id])
    expect(await found('search=localhost/x')).toEqual([two.id])
    expect(await found('per_page=1&page=2')).toEqual([one.id])
    expect(await found('per_page=1&page=3')).toEqual([])
    clock.set(noon)
  })

  test('the default application is one like any other', async () => {
    const [found] = (await call('GET', `${account}/access/apps?domain=*&exact=true`)).envelope.result as unknown as (Fields & {
      id: string
    })[]
    expect(found).toMatchObject({
      name: 'Default application',
      domain: '*',
      policies: [{ name: 'Any valid service token', reusable: false }],
    })
    const path = `${account}/access/apps/${found?.id}`
    expect((await call('PUT', path, { ...found, name: 'Everything else' })).envelope.result).toEqual({ ...found, name: 'Everything else' })
  })
})

describe('an application is refused by the field that is wrong:', () => {
  test.each([
    ['type', { type: 'saas' }, 'type', 'must be "self_hosted"'],
    ['domain with a scheme', { domain: 'https://x.example' }, 'domain', 'must be without a scheme'],
    ['domain with a port', { domain: 'x.example:443' }, 'domain', 'must be without a port'],
    ['domain that is not among the destinations', { destinations: [{ uri: 'y.example' }] }, 'domain', 'must be one of the destinations'],
    ['no domain', { domain: undefined }, 'domain', 'is missing'],
    [
      'destinations of another type',
      { destinations: [{ type: 'private', cidr: '10.0.0.0/8' }] },
      'destinations/0/cidr',
      'is not known there',
    ],
    ['destinations that say nothing', { destinations: [{ type: 'public' }] }, 'destinations/0', 'must be an object like'],
    ['destinations without any', { destinations: [] }, 'destinations', 'must be a list of 1 to 100 objects'],
    [
      'a destination twice',
      { destinations: [{ uri: 'x.example' }, { uri: 'X.example/' }] },
      'destinations/1/uri',
      'must not be X.example/ a second time',
    ],
    [
      'older domains that say something else',
      { destinations: [{ uri: 'x.example' }], self_hosted_domains: ['y.example'] },
      'self_hosted_domains',
      'must be the same as destinations',
    ],
    ['session_duration', { session_duration: '0s' }, 'session_duration', 'must be a duration above zero'],
    [
      'a header that the gate needs',
      { read_service_tokens_from_header: 'CF-Access-Client-Id' },
      'read_service_tokens_from_header',
      'must be the name of a header',
    ],
    [
      'a header that connections need',
      { read_service_tokens_from_header: 'content_length' },
      'read_service_tokens_from_header',
      'must be the name of a header',
    ],
    ['no header at all', { read_service_tokens_from_header: 'x token' }, 'read_service_tokens_from_header', 'must be the name of a header'],
    ['an origin of another protocol', { origin_url: 'file:///etc/passwd' }, 'origin_url', 'must be an http or https URL'],
    ['an origin with a password', { origin_url: 'http://:secret@10.0.0.1' }, 'origin_url', 'must be an http or https URL'],
    ['an origin with an empty query', { origin_url: 'http://10.0.0.1/?' }, 'origin_url', 'must be an http or https URL'],
    ['what is about browsers', { cors_headers: { allow_all_origins: true } }, 'cors_headers', 'must be left out, or say nothing'],
    ['what is about people', { allowed_idps: ['699d98642c564d2e855e9661899b7252'] }, 'allowed_idps', 'must be left out, or say nothing'],
    ['what does not exist', { colour: 'red' }, 'colour', 'is not a field of this request, which may have'],
    ['policies', { policies: [7] }, 'policies/0', 'must be the id of a policy'],
  ])('%s', async (_what, wrong, pointer, says) => {
    expectRefusal(await create({ domain: 'x.example', ...wrong }), pointer, says)
  })
})

describe('what an application answers for', () => {
  test('may overlap with others of its account, but not be just the same', async () => {
    await made({ name: 'The first', domain: 'shared.example/a' })
    for (const domain of ['shared.example', '*.shared.example', 'shared.example/a/b', 'shared.example/A']) await made({ domain })
    const taken = ['domain', 'must be free: SHARED.example/a/ is what the application "The first" answers for'] as const
    expectRefusal(await create({ domain: 'SHARED.example/a/' }), ...taken, 11010, 'application_already_exists')
    const second = { domain: 'second.example', destinations: [{ uri: 'second.example' }, { uri: 'shared.example/a' }] }
    expectRefusal(await create(second), 'destinations/1/uri', 'must be free', 11010, 'application_already_exists')
  })

  test('is not a host of another account, whatever the path, and that is all there is to be learned', async () => {
    await made({ name: 'Secret plans', domain: 'api.taken.example/v1' })
    const other = `/accounts/${(await call('POST', '/accounts', { name: 'Another' })).envelope.result?.['id']}`
    for (const domain of ['api.taken.example', 'API.taken.example/v2', '*.taken.example', 'a*i.taken.example/x', '*']) {
      const host = domain.split('/')[0]?.toLowerCase()
      const answer = await create({ domain }, other)
      expectRefusal(answer, 'domain', `must be free: ${host} is taken`, 11010, 'application_already_exists')
      expect(answer.text).not.toMatch(/Secret|v1/)
    }
    await made({ domain: 'taken.example' }, other)
    await made({ domain: 'b*.taken.example' }, other)
    const { id } = await made({ domain: 'free.example' }, other)
    const moved = await call('PUT', `${other}/access/apps/${id}`, { type: 'self_hosted', domain: 'api.taken.example' })
    expectRefusal(moved, 'domain', 'must be free', 11010, 'application_already_exists')
  })

  test('goes to one of two accounts that claim it at once', async () => {
    const places = await Promise.all(
      ['One', 'Two'].map(async (name) => `/accounts/${(await call('POST', '/accounts', { name })).envelope.result?.['id']}`),
    )
    // The first application of an account makes its key, which takes longer than all the rest.
    for (const [index, place] of places.entries()) await made({ domain: `own-${index}.example` }, place)
    for (let round = 0; round < 10; round++) {
      const answers = await Promise.all(places.map((place) => create({ domain: `race-${round}.example` }, place)))
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 400])
    }
  })

  test('is not a host in the zone of another account, nor one of which another account has made a zone since', async () => {
    const other = String((await call('POST', '/accounts', { name: 'Neighbour' })).envelope.result?.['id'])
    const zoneOf = (id: string, name: string) => call('POST', '/zones', { account: { id }, name })
    await zoneOf(other, 'corner.example')
    await zoneOf(api.postern.bootstrap.accountId, 'pay.corner.example')
    for (const domain of [
      'corner.example',
      'CORNER.example/x',
      '*.corner.example',
      'pay.corner.example',
      'a.pay.corner.example',
      'corn*.example',
    ]) {
      const host = domain.split('/')[0]?.toLowerCase()
      expectRefusal(await create({ domain }), 'domain', `must be free: ${host} is taken`, 11010, 'application_already_exists')
    }
    for (const domain of ['pay.corner.example', '*.corner.example']) await made({ domain }, `/accounts/${other}`)
    await made({ domain: 'xcorner.example' })
  })

  test('in a zone, is not a host of another zone of the account', async () => {
    await call('POST', '/zones', { account: { id: api.postern.bootstrap.accountId }, name: 'sister.example' })
    expectRefusal(
      await create({ domain: 'a.sister.example' }, zone),
      'domain',
      'must be free: a.sister.example is taken',
      11010,
      'application_already_exists',
    )
    await made({ domain: 'a.sister.example' })
  })

  test('keeps its origin when an update does not speak of it, and loses it for null', async () => {
    const { id } = await made({ domain: 'kept.example', origin_url: 'http://127.0.0.1:9' })
    const update = async (body: object) =>
      (await call('PUT', `${account}/access/apps/${id}`, { type: 'self_hosted', domain: 'kept.example', ...body })).envelope.result?.[
        'origin_url'
      ]
    expect(await update({ name: 'renamed' })).toBe('http://127.0.0.1:9')
    expect(await update({ origin_url: 'http://127.0.0.1:10' })).toBe('http://127.0.0.1:10')
    expect(await update({ origin_url: null })).toBeNull()
    expect(await update({})).toBeNull()
  })

  test('in a zone, may lie over what the account answers for only within the name of the zone', async () => {
    await made({ domain: 'shop.example' })
    await made({ domain: 'shop.access.localhost' })
    for (const domain of ['access.localhost', 'a.b.ACCESS.localhost/x', 'shop.access.localhost/admin', 'free.alone.example'])
      await made({ domain }, zone)
    for (const domain of ['shop.example/admin', 'SHOP.example', '*.example']) {
      const host = domain.split('/')[0]?.toLowerCase()
      expectRefusal(await create({ domain }, zone), 'domain', `must be free: ${host} is taken`, 11010, 'application_already_exists')
    }
    expectRefusal(await create({ domain: '*' }, zone), 'domain', 'must name a host: every host is for applications of the account')
    // Not the other way round: the account is above its zones.
    await made({ domain: 'free.alone.example/admin' })
  })
})

test('an account with applications, policies or groups in it cannot be deleted', async () => {
  const id = (await call('POST', '/accounts', { name: 'Full' })).envelope.result?.['id']
  const place = `/accounts/${id}`
  const rules = { include: [{ everyone: {} }] }
  const app = await made({ domain: 'full.example', policies: [{ name: 'own', decision: 'bypass', ...rules }] }, place)
  const things = [`access/apps/${app.id}`]
  for (const kind of ['policies', 'policies', 'groups']) {
    const answer = await call('POST', `${place}/access/${kind}`, {
      name: 'in it',
      ...(kind === 'policies' && { decision: 'bypass' }),
      ...rules,
    })
    things.push(`access/${kind}/${answer.envelope.result?.['id']}`)
  }
  const refused = await call('DELETE', place)
  expect([refused.status, refused.envelope.errors[0]?.message]).toEqual([
    400,
    expect.stringContaining('1 application, 2 reusable policies, 1 group'),
  ])
  for (const path of things) expect((await call('DELETE', `${place}/${path}`)).status).toBe(202)
  expect((await call('DELETE', place)).status).toBe(200)
})
