import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { Route } from '../../src/api/route.ts'
import { routes } from '../../src/api/routes.ts'
import { permissionGroups } from '../../src/domain/permission.ts'
import { anyOf, type Words } from '../any-of-schema.ts'
import { silent } from '../fixtures.ts'
import { type Answer, type Call, json, type RawApi, startRawApi } from '../raw-api.ts'

// Requests made of the routes themselves: every method, path, parameter and field that is documented, with values that are right, nearly right
// and wild. That no answer lies outside the document is seen to by the check on every answer of the test run.

const requestCount = 20_000
const concurrency = 16
const longestMs = 20_000
/** Things of each kind, so that some are left when others have been deleted. */
const population = 100
/** Of applications and what belongs to them: each takes longer to make. */
const fewer = 40

const faults: string[] = []
let api: RawApi
beforeAll(async () => {
  api = await startRawApi({ log: { ...silent, error: (fields, message) => faults.push(`${message} ${JSON.stringify(fields)}`) } })
})
afterAll(() => api.stop())

interface Planned {
  readonly route: Route
  readonly call: Call
}

interface World {
  readonly words: Words
  /** Ids of things that are there, by the names of path parameters. */
  readonly ids: Readonly<Record<string, readonly string[]>>
  /** Ids that belong together: few others lead to anything. */
  readonly wholePaths: readonly Readonly<Record<string, string>>[]
  /** Bodies for routes that take few others, by the ends of their paths. */
  readonly bodies: readonly (readonly [path: RegExp, body: fc.Arbitrary<object>])[]
  readonly credentials: readonly Readonly<Record<string, string>>[]
}

/** Fills the installation, and collects what can be said of it. */
async function fill(): Promise<World> {
  const { accountId, zoneId, email, apiKey, apiToken } = api.postern.bootstrap
  const create = async (path: string, body: object) => (await api.call({ method: 'POST', path, body })).envelope.result ?? {}
  const user = String((await api.call({ method: 'GET', path: '/user' })).envelope.result?.['id'])
  const groups = permissionGroups.filter(({ scope }) => scope === 'com.cloudflare.api.account').map(({ id }) => ({ id }))
  const resource = `com.cloudflare.api.account.${accountId}`
  const policies = [{ effect: 'allow', resources: { [resource]: '*' }, permission_groups: groups }]
  const found = { service_token_id: [] as string[], token_id: [] as string[], values: [] as string[] }
  for (let count = 0; count < population; count++) {
    for (const scope of [`/accounts/${accountId}`, `/zones/${zoneId}`]) {
      found.service_token_id.push(String((await create(`${scope}/access/service_tokens`, { name: 'subject' }))['id']))
    }
    for (const owner of ['/user', `/accounts/${accountId}`]) {
      const { id, value } = await create(`${owner}/tokens`, { name: 'subject', policies })
      found.token_id.push(String(id))
      found.values.push(String(value))
    }
  }
  const { wholePaths, ...others } = await fillApplications(create, accountId, zoneId)
  const ids = { account_id: [accountId], zone_id: [zoneId], service_token_id: found.service_token_id, token_id: found.token_id, ...others }
  const resources = ['account', 'account.zone', 'user'].flatMap((kind) =>
    [accountId, zoneId, user, '*'].map((id) => `com.cloudflare.api.${kind}.${id}`),
  )
  const moments = ['2030-01-31T12:00:00Z', '2001-01-01T00:00:00+02:00', '2030-01-31', '2100-01-01', '2020-13-01T00:00:00Z']
  const values =
    'forever 1h 8760h 0s -1h 24h 10.0.0.0/8 2001:db8::/32 10.0.0.0/33 true false 20 0 -1 1001 service_token_id,ray_id MCBh'.split(' ')
  const names = ['subject', 'example.com', 'access.localhost', 'ü', '%', "'; drop table audit; --", '\u202e', email]
  const known = Object.values(ids).flatMap((some) => some.slice(0, 2))
  const some = (name: string) => fc.constantFrom(...(ids[name as keyof typeof ids] ?? []))
  return {
    ...{ ids, wholePaths },
    bodies: [
      [/\/apps(?:\/:app_id)?$/, newHost.map((domain) => ({ type: 'self_hosted', domain }))],
      [/\/zones$/, newHost.map((name) => ({ account: { id: accountId }, name: name.replace('*', 'x').replace(/\/.*/, '') }))],
      [/\/tokens(?:\/:token_id)?$/, fc.constant({ name: 'subject', policies })],
    ],
    words: {
      any: [...known, ...resources, ...moments, ...values, ...names, ...groups.map(({ id }) => id)],
      byField: {
        resources: fc.constantFrom({ [resource]: '*' }, ...resources.map((name) => ({ [name]: '*' })), {
          [resource]: { 'com.cloudflare.api.account.zone.*': '*' },
        }),
        permission_groups: fc.constantFrom(groups, groups.slice(0, 1), [{ id: permissionGroups.at(-1)?.id }]),
        since: fc.constantFrom('2020-01-01', '2026-01-01T00:00:00Z', 'now'),
        before: fc.constantFrom('2100-01-01', '2027-01-01T00:00:00Z'),
        per_page: fc.constantFrom(5, 10, 50),
        ...rulesOf(some),
      },
    },
    credentials: [
      { authorization: `Bearer ${apiToken}` },
      { 'x-auth-email': email, 'x-auth-key': apiKey },
      { authorization: `Bearer ${found.values[1]}` },
    ],
  }
}

type Create = (path: string, body: object) => Promise<Readonly<Record<string, unknown>>>

/** Applications with policies, reusable policies and groups; webhooks and notification policies. */
async function fillApplications(create: Create, accountId: string, zoneId: string) {
  const rules = { include: [{ everyone: {} }] }
  const policy = { name: 'subject', decision: 'bypass', ...rules }
  const found = { app_id: [] as string[], policy_id: [] as string[], group_id: [] as string[], webhook_id: [] as string[] }
  const wholePaths: Record<string, string>[] = []
  for (let count = 0; count < fewer; count++) {
    for (const [scope, id] of [
      ['account', accountId],
      ['zone', zoneId],
    ] as const) {
      const place = `/${scope}s/${id}/access`
      const domain = `${scope}-${count}.access.localhost`
      const { id: app_id, policies } = await create(`${place}/apps`, {
        type: 'self_hosted',
        domain,
        policies: [policy, { ...policy, name: 'other' }],
      })
      for (const own of policies as { id: string }[]) wholePaths.push({ [`${scope}_id`]: id, app_id: String(app_id), policy_id: own.id })
      found.app_id.push(String(app_id))
      found.group_id.push(String((await create(`${place}/groups`, { name: 'subject', ...rules }))['id']))
    }
    found.policy_id.push(String((await create(`/accounts/${accountId}/access/policies`, policy))['id']))
    const alerting = `/accounts/${accountId}/alerting/v3`
    const { id: webhook } = await create(`${alerting}/destinations/webhooks`, { name: 'subject', url: 'https://alerts.example.com/' })
    found.webhook_id.push(String(webhook))
    const told = { name: 'subject', enabled: true, alert_type: 'expiring_service_token_alert', mechanisms: { webhooks: [{ id: webhook }] } }
    found.policy_id.push(String((await create(`${alerting}/policies`, told))['id']))
  }
  return { ...found, wholePaths }
}

const newHost = fc
  .nat(400)
  .map((number) => `${number % 3 === 0 ? 'account' : 'h'}-${number}.access.localhost${number % 5 === 0 ? '/a*' : ''}`)

/** Values for the fields of applications, policies, groups and alerts: hosts that are free and that are not, rules about things that are there. */
function rulesOf(some: (name: string) => fc.Arbitrary<string>): Words['byField'] {
  const rule = fc.oneof(
    fc.constantFrom({ everyone: {} }, { any_valid_service_token: {} }, { ip: { ip: '10.0.0.0/8' } }, { ip: { ip: '::/129' } }),
    some('service_token_id').map((token_id) => ({ service_token: { token_id } })),
    some('group_id').map((id) => ({ group: { id } })),
  )
  const rules = fc.array(rule, { minLength: 1, maxLength: 3 })
  return {
    ...{ domain: newHost, uri: newHost, include: rules, require: rules, exclude: rules },
    session_duration: fc.constantFrom('24h', '0s', 'forever', null),
    mechanisms: some('webhook_id').map((id) => ({ webhooks: [{ id }] })),
    url: fc.constantFrom('https://alerts.example.com/', 'http://169.254.169.254/', 'https://a:b@c.example', 'x'),
    origin_url: fc.constantFrom('http://127.0.0.1:1', 'ftp://x', null),
    read_service_tokens_from_header: fc.constantFrom('X-Token', 'Host', null),
  }
}

function plans({ words, ids, wholePaths, bodies, credentials: good }: World): fc.Arbitrary<Planned> {
  const bad = [{}, { authorization: 'Bearer x' }, { authorization: 'Basic x' }, { ...good[1], 'x-auth-key': 'wrong' }]
  const [token, key, own] = good
  const credentials = fc.oneof(
    { arbitrary: fc.constantFrom(token ?? {}, key ?? {}), weight: 40 },
    { arbitrary: fc.constant(own ?? {}), weight: 4 },
    { arbitrary: fc.constantFrom(...bad), weight: 1 },
  )
  const word = fc.constantFrom(...words.any)
  const extra = fc.oneof(
    { arbitrary: fc.constant({}), weight: 6 },
    {
      arbitrary: fc.constantFrom({ 'if-match': '"1"' }, { 'if-match': '*' }, { 'if-match': 'x' }, { 'idempotency-key': 'a b' }),
      weight: 1,
    },
    { arbitrary: fc.nat(50).map((number) => ({ 'idempotency-key': `key-${number}` })), weight: 1 },
  )
  const usual = (route: Route) => (route.path.includes('/keys') ? 1 : 20)

  const ofRoute = (route: Route): fc.Arbitrary<Planned> => {
    const names = [...route.path.matchAll(/:(\w+)/g)].map(([, name]) => name as string)
    const separately = fc.tuple(
      ...names.map((name) =>
        fc.oneof(
          { arbitrary: fc.constantFrom(...(ids[name] ?? [])), weight: 25 },
          { arbitrary: fc.string(), weight: 1 },
          { arbitrary: word, weight: 1 },
        ),
      ),
    )
    const whole = wholePaths.filter((path) => names.every((name) => name in path)).map((path) => names.map((name) => path[name] ?? ''))
    const params =
      names.includes('policy_id') && whole.length > 0
        ? fc.oneof({ arbitrary: fc.constantFrom(...whole), weight: 3 }, { arbitrary: separately, weight: 1 })
        : separately
    // Small pages, mostly: large ones take longest to check.
    const paged = 'per_page' in (route.query?.properties ?? {}) ? words.byField['per_page'] : undefined
    const query = fc
      .tuple(route.query ? anyOf(route.query, words) : fc.constant({}), paged ?? fc.constant(undefined))
      .map(([given, per_page]) => (typeof given === 'object' && per_page !== undefined ? { per_page, ...given } : given))
    const likely = bodies.flatMap(([path, some]) => (path.test(route.path) ? [some] : []))
    const body = route.body ? fc.oneof(anyOf(route.body, words), ...likely) : fc.constant(undefined)
    const method = fc.oneof(
      { arbitrary: fc.constant(route.method as string), weight: 40 },
      { arbitrary: fc.constantFrom('GET', 'HEAD', 'OPTIONS', 'POST', 'PUT', 'PATCH', 'DELETE', 'TRACE', 'PROPFIND'), weight: 1 },
    )
    const raw = fc.oneof(
      { arbitrary: fc.constant(undefined), weight: 30 },
      { arbitrary: fc.oneof(fc.string(), fc.json(), fc.uint8Array({ maxLength: 50 })), weight: 1 },
    )
    return fc.tuple(method, params, query, body, raw, credentials, extra).map(([method, given, query, body, raw, credentials, extra]) => {
      let path = route.path
      for (const [index, name] of names.entries()) path = path.replace(`:${name}`, encodeURIComponent(given[index] ?? ''))
      const call = { method, path: `${path}${search(query)}`, credentials }
      return { route, call: raw === undefined ? { ...call, headers: extra, body } : { ...call, headers: { ...json, ...extra }, body: raw } }
    })
  }
  return fc.oneof(...routes.map((route) => ({ arbitrary: ofRoute(route), weight: usual(route) })))
}

function search(query: unknown): string {
  if (typeof query !== 'object' || query === null) return ''
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().map((one) => [name, typeof one === 'object' ? JSON.stringify(one) : String(one)]),
  )
  const text = pairs.map(([name, value]) => `${encodeURIComponent(name ?? '')}=${encodeURIComponent(value ?? '')}`).join('&')
  return text === '' ? '' : `?${text}`
}

async function answerTo(call: Call): Promise<Answer> {
  const timer = new AbortController()
  const late = new Promise<never>((_resolve, reject) => {
    const timeout = setTimeout(() => reject(new Error(`no answer within ${longestMs} ms: ${JSON.stringify(call)}`)), longestMs)
    timer.signal.addEventListener('abort', () => clearTimeout(timeout))
  })
  try {
    return await Promise.race([api.call(call), late])
  } finally {
    timer.abort()
  }
}

function expectSound({ status, text, headers }: Answer, { call }: Planned): void {
  const about = `${call.method} ${call.path.slice(0, 300)}`
  expect([about, status]).toEqual([about, expect.toSatisfy((code: number) => code >= 200 && code < 500)])
  expect([about, headers['cf-ray']]).toEqual([about, expect.stringMatching(/^[0-9a-f]{16}$/)])
  if (call.method === 'HEAD' || status === 204) return
  const { success, errors, messages } = JSON.parse(text) as { [K in 'errors' | 'messages']: readonly { code: number }[] } & {
    success: boolean
  }
  // What still uses a service token that stays is said beside the error.
  const remarks = errors.some(({ code }) => code === 12139) ? 1 : 0
  expect([about, success, errors.length === 0, messages.length]).toEqual([about, status < 300, status < 300, remarks])
}

test(`of ${requestCount} requests none is a fault of the server or left without an answer, and every route has answered well`, {
  timeout: 600_000,
}, async () => {
  const world = await fill()
  const seed = Number(process.env['FUZZ_SEED'] ?? 20_261_122)
  const planned = fc.sample(plans(world), { numRuns: requestCount, seed })
  const succeeded = new Set<Route>()
  const statuses = new Map<number, number>()
  let next = 0
  const worker = async () => {
    for (let plan = planned[next++]; plan !== undefined; plan = planned[next++]) {
      const answer = await answerTo(plan.call)
      expectSound(answer, plan)
      if (answer.status < 300 && plan.call.method === plan.route.method) succeeded.add(plan.route)
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1)
    }
  }
  await Promise.all(Array.from({ length: concurrency }, worker))
  expect(faults).toEqual([])
  const never = routes.filter((route) => !succeeded.has(route)).map(({ method, path }) => `${method} ${path}`)
  // A zone or account that is there has something in it.
  expect(never.sort()).toEqual(['DELETE /accounts/:account_id', 'DELETE /zones/:zone_id'])
  console.log(
    `statuses: ${[...statuses]
      .sort()
      .map(([status, count]) => `${status}: ${count}`)
      .join(', ')}`,
  )
})
