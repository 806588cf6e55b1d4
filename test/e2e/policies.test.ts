import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { movableClock } from '../fixtures.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'

const clock = movableClock('2026-03-01T12:00:00Z')
const noon = '2026-03-01T12:00:00Z'
let api: RawApi
let account: string
let zone: string
let hosts = 0

beforeAll(async () => {
  api = await startRawApi({ clock })
  account = `/accounts/${api.postern.bootstrap.accountId}`
  zone = `/zones/${api.postern.bootstrap.zoneId}`
})
afterAll(() => api.stop())

type Answer = Awaited<ReturnType<typeof call>>
interface Shown {
  readonly id: string
  readonly name: string
  readonly precedence: number
}

const any = [{ any_valid_service_token: {} }]
const everyone = [{ everyone: {} }]
const call = (method: string, path: string, body?: object) => api.call({ method, path, ...(body && { body }) })
const resultOf = ({ envelope }: Answer) => envelope.result as unknown as Shown
const aPolicy = (name: string, more: object = {}) => ({ name, decision: 'non_identity', include: any, ...more })

/** The path of a new application with policies of these names. */
async function application(place: string, ...policies: readonly (object | string)[]): Promise<string> {
  const domain = `policies-${hosts++}.access.localhost`
  const answer = await call('POST', `${place}/access/apps`, { type: 'self_hosted', domain, policies })
  expect([answer.status, answer.envelope.errors]).toEqual([201, []])
  return `${place}/access/apps/${resultOf(answer).id}`
}

async function reusable(name: string): Promise<Shown> {
  return resultOf(await call('POST', `${account}/access/policies`, aPolicy(name)))
}

async function inOrder(path: string): Promise<readonly (readonly [number, string])[]> {
  const shown = (await call('GET', `${path}/policies`)).envelope.result as unknown as readonly Shown[]
  expect(((await call('GET', path)).envelope.result as unknown as { policies: unknown }).policies).toEqual(shown)
  return shown.map(({ precedence, name }) => [precedence, name])
}

function expectRefusal(answer: Answer, says: string, pointer?: string): void {
  const source = pointer === undefined ? {} : { source: { pointer } }
  const message = expect.stringContaining(`access.api.error.invalid_request: ${says}`)
  expect([answer.status, answer.envelope.errors]).toEqual([400, [{ code: 12130, message, ...source }]])
}

describe('a reusable policy', () => {
  test('is shown as it was made, replaced as a whole, and gone when it is deleted', async () => {
    const given = { ...aPolicy('Deploy'), require: [{ ip: { ip: '203.0.113.0/24' } }], session_duration: '30m' }
    // What Terraform sends of what it has no value for.
    const rest = { approval_groups: [], approval_required: false, isolation_required: false, purpose_justification_required: false }
    const made = await call('POST', `${account}/access/policies`, { ...given, ...rest, purpose_justification_prompt: null, mfa_config: {} })
    const { id } = resultOf(made)
    const created = { id, ...given, exclude: [], reusable: true, app_count: 0, created_at: noon, updated_at: noon }
    expect([made.status, made.envelope.result]).toEqual([201, created])
    const path = `${account}/access/policies/${id}`
    clock.advance(60_000)
    expect((await call('PUT', path, created)).envelope.result).toEqual(created)
    const replaced = { ...created, name: 'Anybody', decision: 'bypass', include: everyone, require: [], session_duration: null }
    const put = await call('PUT', path, { name: 'Anybody', decision: 'bypass', include: everyone })
    expect(put.envelope.result).toEqual({ ...replaced, updated_at: '2026-03-01T12:01:00Z' })
    expect(await call('DELETE', path)).toMatchObject({ status: 202, envelope: { result: { id } } })
    const gone = await call('GET', path)
    expect([gone.status, gone.envelope.errors]).toEqual([404, [{ code: 12135, message: 'access.api.error.not_found' }]])
    clock.set(noon)
  })

  test('stays while an application uses it, and the refusal says which', async () => {
    const { id } = await reusable('in use')
    const path = `${account}/access/policies/${id}`
    const app = await application(zone, id)
    expect((await call('GET', path)).envelope.result).toMatchObject({ app_count: 1 })
    expectRefusal(await call('DELETE', path), 'cannot delete the policy because it is used by the application "policies-')
    // Below the application it is to be seen, and no more.
    const { id: _, ...content } = { ...aPolicy('in use'), id }
    expect((await call('GET', `${app}/policies/${id}`)).envelope.result).toMatchObject({ id, reusable: true, precedence: 1 })
    expectRefusal(await call('PUT', `${app}/policies/${id}`, content), 'the policy "in use" is a reusable one')
    expectRefusal(await call('DELETE', `${app}/policies/${id}`), 'the policy "in use" is a reusable one')
    expect((await call('DELETE', app)).status).toBe(202)
    expect((await call('DELETE', path)).status).toBe(202)
  })

  test.each([
    ['decision', { decision: 'service_auth' }, '/decision', 'decision must be allow, deny, non_identity (which is Service Auth) or bypass'],
    ['include', { include: [] }, '/include', 'include must be a list of 1 to 1000 rules'],
    ['session_duration', { session_duration: 'forever' }, '/session_duration', 'session_duration must be a duration above zero'],
    ['precedence', { precedence: 1 }, '/precedence', 'precedence is not a field of this request'],
    ['approval_required', { approval_required: true }, '/approval_required', 'approval_required must be left out, or say nothing'],
    ['reusable', { reusable: false }, '/reusable', 'reusable must be true or left out'],
  ])('is refused by the field that is wrong: %s', async (_field, wrong, pointer, says) => {
    expectRefusal(await call('POST', `${account}/access/policies`, aPolicy('wrong', wrong)), says, pointer)
  })

  test('may name the service tokens of the account and of its zones, and groups of the account', async () => {
    const made = async (place: string) => resultOf(await call('POST', `${place}/access/service_tokens`, { name: 'named' })).id
    const tokens = await Promise.all([made(account), made(zone)])
    const include = tokens.map((token_id) => ({ service_token: { token_id } }))
    expect((await call('POST', `${account}/access/policies`, aPolicy('names tokens', { include }))).envelope.result).toMatchObject({
      include,
    })
    const group = resultOf(await call('POST', `${zone}/access/groups`, { name: 'of the zone', include: everyone })).id
    const ofZone = aPolicy('names a group', { include: [{ group: { id: group } }] })
    expectRefusal(
      await call('POST', `${account}/access/policies`, ofZone),
      'include/0/group/id must be the id of a group of this account',
      '/include/0/group/id',
    )
    await application(zone, ofZone)
  })
})

describe('the policies of an application', () => {
  test('stand in the order of their precedence; a new one comes last, or where there is room', async () => {
    const app = await application(account, aPolicy('first'), aPolicy('second', { precedence: 5 }), (await reusable('third')).id)
    expect(await inOrder(app)).toEqual([
      [1, 'first'],
      [5, 'second'],
      [6, 'third'],
    ])
    expect((await call('POST', `${app}/policies`, aPolicy('last'))).envelope.result).toMatchObject({ precedence: 7, reusable: false })
    expect((await call('POST', `${app}/policies`, aPolicy('between', { precedence: 3 }))).status).toBe(201)
    expect(await inOrder(app)).toEqual([
      [1, 'first'],
      [3, 'between'],
      [5, 'second'],
      [6, 'third'],
      [7, 'last'],
    ])
    const taken = 'policy precedences must be unique'
    expectRefusal(await call('POST', `${app}/policies`, aPolicy('in the way', { precedence: 5 })), taken)
    const { envelope } = await call('GET', `${app}/policies?per_page=2&page=2`)
    expect([envelope.result_info, (envelope.result as unknown as Shown[]).map(({ name }) => name)]).toEqual([
      ...[{ count: 2, page: 2, per_page: 2, total_count: 5, total_pages: 3 }],
      ...[['second', 'third']],
    ])
  })

  test('are replaced as a whole, moved, and deleted', async () => {
    const app = await application(zone, aPolicy('first'), aPolicy('second'))
    const [first, second] = (await call('GET', `${app}/policies`)).envelope.result as unknown as readonly Shown[]
    const moved = await call('PUT', `${app}/policies/${first?.id}`, { ...first, precedence: 9, decision: 'deny', include: everyone })
    expect(moved.envelope.result).toMatchObject({ id: first?.id, precedence: 9, decision: 'deny', include: everyone })
    expect(await inOrder(app)).toEqual([
      [2, 'second'],
      [9, 'first'],
    ])
    expectRefusal(await call('PUT', `${app}/policies/${first?.id}`, { ...first, precedence: 2 }), 'policy precedences must be unique')
    const kept = await call('PUT', `${app}/policies/${first?.id}`, aPolicy('renamed'))
    expect(kept.envelope.result).toMatchObject({ precedence: 9, name: 'renamed' })
    expect(await call('DELETE', `${app}/policies/${second?.id}`)).toMatchObject({ status: 202, envelope: { result: { id: second?.id } } })
    expect((await call('DELETE', `${app}/policies/${second?.id}`)).status).toBe(404)
    expect(await inOrder(app)).toEqual([[9, 'renamed']])
  })

  test('belong to it: other applications, and the list of reusable ones, know nothing of them', async () => {
    const [one, other] = [await application(account, aPolicy('own')), await application(account)]
    const [{ id } = { id: '' }] = (await call('GET', `${one}/policies`)).envelope.result as unknown as readonly Shown[]
    for (const path of [`${other}/policies/${id}`, `${account}/access/policies/${id}`]) expect((await call('GET', path)).status).toBe(404)
    const choice = await call('PUT', other, { type: 'self_hosted', domain: 'knows-nothing.example', policies: [id] })
    expectRefusal(choice, 'policies/0 must be the id of a reusable policy of this account, or of one of this application', '/policies/0')
    const all = (await call('GET', `${account}/access/policies`)).envelope.result as unknown as readonly Shown[]
    expect(all.map((policy) => policy.id)).not.toContain(id)
  })

  test('are chosen anew in an update of the application: kept, changed, added and dropped', async () => {
    const shared = await reusable('shared')
    const domain = 'chosen.example'
    const app = `${account}/access/apps/${resultOf(await call('POST', `${account}/access/apps`, { type: 'self_hosted', domain, policies: [aPolicy('a'), aPolicy('b'), aPolicy('c')] })).id}`
    const [a, b, c] = (await call('GET', `${app}/policies`)).envelope.result as unknown as readonly Shown[]
    const put = (policies?: unknown) => call('PUT', app, { type: 'self_hosted', domain, ...(policies !== undefined && { policies }) })
    // By its id, as it was shown, by its name, and by the id of a reusable one.
    await put(
      [{ id: c?.id, precedence: 10 }, { ...b, decision: 'deny' }, aPolicy('a', { include: everyone }), shared.id].map((one, at) =>
        typeof one === 'string' ? one : { ...one, precedence: 10 + at },
      ),
    )
    const after = (await call('GET', `${app}/policies`)).envelope.result as unknown as readonly (Shown & { decision: string })[]
    expect(after.map(({ id, precedence, decision }) => [id, precedence, decision])).toEqual([
      ...[
        [c?.id, 10, 'non_identity'],
        [b?.id, 11, 'deny'],
        [a?.id, 12, 'non_identity'],
        [shared.id, 13, 'non_identity'],
      ],
    ])
    // Left out or null, they stay.
    for (const policies of [undefined, null]) expect((await put(policies)).envelope.result).toMatchObject({ policies: after })
    expectRefusal(
      await put([{ ...shared, name: 'renamed' }]),
      'policies/0 is a reusable policy, which other applications may use',
      '/policies/0',
    )
    expectRefusal(await put([shared.id, shared.id]), 'policies/1 must not be a policy that is there already', '/policies/1')
    expectRefusal(
      await put([
        { id: a?.id, precedence: 2 },
        { id: b?.id, precedence: 2 },
      ]),
      'policy precedences must be unique',
    )
    expectRefusal(await put([{ precedence: 2 }]), 'policies/0/name is missing', '/policies/0/name')
    expectRefusal(
      await put([aPolicy('x', { include: [{ email: {} }] })]),
      'policies/0/include/0/email is not known there',
      '/policies/0/include/0/email',
    )
    expectRefusal(
      await put([aPolicy('x', { include: [{ ip: { ip: 'x' } }] })]),
      'policies/0/include/0/ip/ip must be an IPv4',
      '/policies/0/include/0/ip/ip',
    )
    expect((await put([])).envelope.result).toMatchObject({ policies: [] })
    expect((await call('GET', `${account}/access/policies/${shared.id}`)).envelope.result).toMatchObject({ app_count: 0 })
    const stored = await api.db
      .selectFrom('policy')
      .select('id')
      .where('application_id', '=', app.split('/').at(-1) ?? '')
      .execute()
    expect(stored).toEqual([])
  })
})
