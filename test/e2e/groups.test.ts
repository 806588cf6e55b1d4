import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
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

const everyone = [{ everyone: {} }]
const call = (method: string, path: string, body?: object) => api.call({ method, path, ...(body && { body }) })

/** A group of this name, with these rules. */
async function make(name: string, rules: object = { include: everyone }, place = account): Promise<string> {
  const answer = await call('POST', `${place}/access/groups`, { name, ...rules })
  expect([answer.status, answer.envelope.errors]).toEqual([201, []])
  return answer.envelope.result?.['id'] as string
}

const naming = (...ids: readonly string[]) => ({ include: ids.map((id) => ({ group: { id } })) })

async function expectObjection(answer: Awaited<ReturnType<typeof call>>, pointer: string, says: string): Promise<void> {
  const message = `access.api.error.invalid_request: ${pointer} ${says}`
  expect([answer.status, answer.envelope.errors]).toEqual([
    400,
    [{ code: 12130, message: expect.stringContaining(message), source: { pointer: `/${pointer}` } }],
  ])
}

describe('a rule is refused, by its place in the request,', () => {
  test.each([
    [
      'about a person',
      { email: { email: 'a@example.com' } },
      'include/0/email',
      'is not known there: include/0 must be one rule that a machine can meet',
    ],
    ['about a country', { geo: { country_code: 'US' } }, 'include/0/geo', 'is not known there'],
    ['that does not exist', { hostname: {} }, 'include/0/hostname', 'is not known there'],
    ['without anything in it', {}, 'include/0', 'must be one rule that a machine can meet'],
    ['of two kinds at once', { everyone: {}, any_valid_service_token: {} }, 'include/0', 'must be one rule'],
    ['that is a text', 'everyone', 'include/0', 'must be one rule'],
    ['of no address', { ip: { ip: '10.0.0.0/33' } }, 'include/0/ip/ip', 'must be an IPv4 or IPv6 address or range'],
    ['without an address', { ip: {} }, 'include/0/ip', 'must be {"ip": "<address or range>"}'],
    ['of more than everyone', { everyone: { but: 'me' } }, 'include/0/everyone', 'must be an empty object'],
    ['of no UUID', { group: { id: 'x' } }, 'include/0/group', 'must be {"id": "<UUID of a group>"}'],
    [
      ...['of no service token', { service_token: { token_id: '3537a672-e4d8-4d89-aab9-26cb622918a1' } }],
      ...['include/0/service_token/token_id', 'must be the id of a service token of this account'],
    ] as const,
    [
      'of no group',
      naming('3537a672-e4d8-4d89-aab9-26cb622918a1').include[0],
      'include/0/group/id',
      'must be the id of a group of this account',
    ],
  ] as const)('%s', async (_what, rule, pointer, says) => {
    await expectObjection(await call('POST', `${account}/access/groups`, { name: 'g', include: [rule] }), pointer, says)
    const second = { name: 'g', include: everyone, exclude: [{ ip: { ip: '::1' } }, rule] }
    await expectObjection(
      await call('POST', `${account}/access/groups`, second),
      pointer.replace('include/0', 'exclude/1'),
      says.replace('include/0', 'exclude/1'),
    )
  })
})

describe('a group', () => {
  test('is shown as it was made, replaced as a whole, and gone when it is deleted', async () => {
    const { status, envelope } = await call('POST', `${account}/access/groups`, {
      ...{ name: 'Build servers', include: [{ ip: { ip: '203.0.113.0/24' } }, ...everyone], require: [{ any_valid_service_token: {} }] },
      ...{ exclude: null, is_default: false },
    })
    const id = envelope.result?.['id'] as string
    const created = {
      ...{
        id,
        name: 'Build servers',
        include: [{ ip: { ip: '203.0.113.0/24' } }, ...everyone],
        require: [{ any_valid_service_token: {} }],
      },
      ...{ exclude: [], created_at: noon, updated_at: noon },
    }
    expect([status, envelope.result]).toEqual([201, created])
    expect((await call('GET', `${account}/access/groups/${id}`)).envelope.result).toEqual(created)

    clock.advance(60_000)
    // What it was shown goes back, and changes nothing.
    expect((await call('PUT', `${account}/access/groups/${id}`, created)).envelope.result).toEqual(created)
    const replaced = await call('PUT', `${account}/access/groups/${id}`, { name: 'Runners', include: everyone })
    const updated_at = '2026-03-01T12:01:00Z'
    expect(replaced.envelope.result).toEqual({ ...created, name: 'Runners', include: everyone, require: [], updated_at })
    await expectObjection(
      await call('PUT', `${account}/access/groups/${id}`, { ...created, id: id.replace(/^./, 'x') }),
      'id',
      'is set by the server',
    )

    expect(await call('DELETE', `${account}/access/groups/${id}`)).toMatchObject({ status: 202, envelope: { result: { id } } })
    const gone = await call('GET', `${account}/access/groups/${id}`)
    expect([gone.status, gone.envelope.errors]).toEqual([404, [{ code: 12152, message: 'access.api.error.unknown_group' }]])
    clock.set(noon)
  })

  test('is found by its name, or by a part of its name or id in any case, and listed with the newest first', async () => {
    const ids: string[] = []
    for (const name of ['Ä one', 'ä two', 'three']) {
      clock.advance(1000)
      ids.push(await make(name, { include: everyone }, zone))
    }
    const found = async (query: string) =>
      ((await call('GET', `${zone}/access/groups?${query}`)).envelope.result as unknown as { id: string }[]).map(({ id }) => id)
    expect(await found('')).toEqual(ids.toReversed())
    expect(await found('name=three')).toEqual([ids[2]])
    expect(await found('name=thre')).toEqual([])
    expect(await found('search=%C3%84')).toEqual([ids[1], ids[0]])
    expect(await found(`search=${ids[0]?.slice(0, 13).toUpperCase()}`)).toEqual([ids[0]])
    expect(await found('per_page=2&page=2')).toEqual([ids[0]])
    const { result_info } = (await call('GET', `${zone}/access/groups?per_page=2&page=2`)).envelope
    expect(result_info).toEqual({ count: 1, page: 2, per_page: 2, total_count: 3, total_pages: 2 })
    for (const id of ids) expect((await call('DELETE', `${zone}/access/groups/${id}`)).status).toBe(202)
    clock.set(noon)
  })

  test('of an account is for its zones too; one of a zone is for that zone alone', async () => {
    const ofAccount = await make('of the account')
    const ofZone = await make('of the zone', naming(ofAccount), zone)
    expect(await make('beside it', naming(ofZone), zone)).toBeDefined()
    await expectObjection(
      await call('POST', `${account}/access/groups`, { name: 'g', ...naming(ofZone) }),
      'include/0/group/id',
      'must be the id of a group',
    )
    const other = await call('POST', '/zones', { account: { id: api.postern.bootstrap.accountId }, name: 'other.example' })
    const elsewhere = `/zones/${other.envelope.result?.['id']}/access/groups`
    await expectObjection(
      await call('POST', elsewhere, { name: 'g', ...naming(ofZone) }),
      'include/0/group/id',
      'must be the id of a group of this zone or its account',
    )
  })

  test('cannot contain itself, by way of however many others, and the refusal shows how', async () => {
    const [c, b] = [await make('C'), await make('B')]
    const a = await make('A', naming(b))
    expect((await call('PUT', `${account}/access/groups/${b}`, { name: 'B', ...naming(c) })).status).toBe(200)
    const circular = await call('PUT', `${account}/access/groups/${c}`, { name: 'C', include: everyone, exclude: naming(a).include })
    await expectObjection(
      circular,
      'include',
      'and the other rules must not lead back to the group itself, as they do here: "C" → "A" → "B" → "C"',
    )
    const itself = await call('PUT', `${account}/access/groups/${a}`, { name: 'A', ...naming(a) })
    await expectObjection(itself, 'include', 'and the other rules must not lead back to the group itself, as they do here: "A" → "A"')
  })

  test('of two that are made to contain each other at once, one is refused', async () => {
    for (let round = 0; round < 10; round++) {
      const [one, other] = [await make('one'), await make('other')]
      const answers = await Promise.all([
        call('PUT', `${account}/access/groups/${one}`, { name: 'one', ...naming(other) }),
        call('PUT', `${account}/access/groups/${other}`, { name: 'other', ...naming(one) }),
      ])
      expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 400])
    }
  })

  test('leads to at most a hundred groups, counted as often as they are named', async () => {
    let last = await make('level 0')
    // 1, 3, 7, 15, 31, 63 groups: each level names the one below twice.
    for (let level = 1; level <= 5; level++) last = await make(`level ${level}`, { ...naming(last), require: naming(last).include })
    const refused = await call('POST', `${account}/access/groups`, { name: 'level 6', ...naming(last, last) })
    await expectObjection(refused, 'include', 'and the other rules must not lead to more than 100 groups')
    await make('level 6', naming(last))
    const inner = await make('inner')
    await make('outer', naming(...Array.from({ length: 60 }, () => inner)))
    const grown = await call('PUT', `${account}/access/groups/${inner}`, { name: 'inner', ...naming(await make('new')) })
    const says = 'and the other rules must not make "outer", which contains this group, lead to more than 100 groups'
    await expectObjection(grown, 'include', says)
  })

  test('stays while something names it, and the refusal says what', async () => {
    const named = await make('named')
    await make('naming', naming(named))
    const policy = await call('POST', `${account}/access/policies`, { name: 'shared', decision: 'bypass', ...naming(named) })
    expect(policy.status).toBe(201)
    const refused = await call('DELETE', `${account}/access/groups/${named}`)
    const message =
      'access.api.error.invalid_request: cannot delete the group because it is used by the group "naming", the policy "shared"; take it out of there first'
    expect([refused.status, refused.envelope.errors]).toEqual([400, [{ code: 12130, message }]])
    expect((await call('GET', `${account}/access/groups/${named}`)).status).toBe(200)
  })
})

describe('a service token that a rule names', () => {
  test('stays until no policy and no group names it, and the attempt is in the audit trail', async () => {
    const created = await call('POST', `${account}/access/service_tokens`, { name: 'named' })
    const id = created.envelope.result?.['id'] as string
    const token = `${account}/access/service_tokens/${id}`
    const group = await make('of a token', { include: [{ service_token: { token_id: id } }] })
    const refused = await call('DELETE', token)
    const message =
      'access.api.error.service_token_in_use: cannot delete service token because it is used by a policy, group, or app SCIM configuration.'
    expect([refused.status, refused.envelope.errors]).toEqual([400, [{ code: 12139, message }]])
    // Whoever means another version hears that first.
    expect((await api.call({ method: 'DELETE', path: token, headers: { 'if-match': '"7"' } })).status).toBe(412)
    expect((await call('GET', token)).status).toBe(200)
    expect((await call('DELETE', `${account}/access/groups/${group}`)).status).toBe(202)
    expect((await call('DELETE', token)).status).toBe(200)
    const refusals = `${account}/logs/audit?since=2020-01-01&before=2100-01-01&action_result=failure`
    const raw = expect.objectContaining({ method: 'DELETE', uri: `/client/v4${token}`, status_code: 400 })
    await vi.waitFor(
      async () => expect((await call('GET', refusals)).envelope.result).toContainEqual(expect.objectContaining({ raw })),
      5000,
    )
  })
})

test('what is done to groups is in the audit trail, with the rules before and after', async () => {
  const id = await make('audited', { include: [{ ip: { ip: '10.0.0.0/8' } }] }, zone)
  clock.advance(1000)
  await call('PUT', `${zone}/access/groups/${id}`, { name: 'audited', include: everyone })
  clock.advance(1000)
  await call('DELETE', `${zone}/access/groups/${id}`)
  const audit = await call('GET', `${account}/logs/audit?since=2020-01-01&before=2100-01-01&resource_id=${id}&direction=asc`)
  const entries = audit.envelope.result as unknown as {
    action: { description: string }
    resource: { request?: object; response?: object }
  }[]
  const [before, after] = [
    { name: 'audited', include: ['ip 10.0.0.0/8'], require: [], exclude: [] },
    { name: 'audited', include: ['everyone'], require: [], exclude: [] },
  ]
  expect(entries.map(({ action, resource }) => [action.description, resource.request, resource.response])).toEqual([
    ['Create group', undefined, before],
    ['Update group', before, after],
    ['Delete group', after, undefined],
  ])
})
