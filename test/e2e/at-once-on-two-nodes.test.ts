import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { permissionGroups, userResource } from '../../src/domain/permission.ts'
import { type RunningPostern, silent, startPostern, unlimited } from '../fixtures.ts'
import { startPostgres } from '../store/postgres-server.ts'

// On SQLite a command is decided and stored before the next one is read; here they really come between each other.

const server = await startPostgres().catch((error: unknown) => String(error))
const manage = permissionGroups.find(({ name }) => name === 'API Tokens Write')?.id as string

describe.skipIf(typeof server === 'string')('two nodes on one PostgreSQL, when much happens at once', () => {
  let one: RunningPostern
  let other: App
  let owner: Readonly<Record<string, string>>
  let userId: string

  beforeAll(async () => {
    const url = typeof server === 'string' ? '' : server.url
    const settings = { DATABASE_URL: url, MASTER_KEY: 'c4'.repeat(32), API_LISTEN: '127.0.0.1:0', GATE_LISTEN: '127.0.0.1:0' }
    one = await startPostern({ settings })
    const environment = Object.fromEntries(Object.entries({ ...unlimited, ...settings }).map(([name, value]) => [`POSTERN_${name}`, value]))
    other = await startApp({ config: loadConfig({ flags: {}, environment }), log: silent })
    owner = { 'x-auth-email': one.bootstrap.email, 'x-auth-key': one.bootstrap.apiKey }
    userId = ((await send(0, 'GET', '/user')).result as { id: string }).id
    // From here on, the tests alone make administrators.
    for (const { id } of (await send(0, 'GET', '/user/tokens')).result as { id: string }[]) await send(0, 'DELETE', `/user/tokens/${id}`)
  })
  afterAll(async () => {
    await other?.stop()
    await one?.stop()
    if (typeof server !== 'string') await server.stop()
  })

  interface Answer {
    readonly status: number
    readonly text: string
    readonly etag: string | null
    readonly result: unknown
  }

  /** The calls go to one node and the other in turn. */
  async function send(index: number, method: string, path: string, body?: object, headers: object = {}): Promise<Answer> {
    const { apiUrl } = index % 2 === 0 ? one : other
    const content = body && { body: JSON.stringify(body) }
    const all = { ...('authorization' in headers ? {} : owner), ...(body && { 'content-type': 'application/json' }), ...headers }
    const response = await fetch(`${apiUrl}/client/v4${path}`, { method, headers: all, ...content })
    const text = await response.text()
    return { status: response.status, text, etag: response.headers.get('etag'), result: (JSON.parse(text) as { result: unknown }).result }
  }

  const times = (count: number) => Array.from({ length: count }, (_, index) => index)
  const services = () => `/accounts/${one.bootstrap.accountId}/access/service_tokens`

  async function administrators(count: number): Promise<readonly { readonly id: string; readonly value: string }[]> {
    const policies = [{ effect: 'allow', resources: { [userResource(userId)]: '*' }, permission_groups: [{ id: manage }] }]
    const made = await Promise.all(times(count).map((index) => send(index, 'POST', '/user/tokens', { name: 'administrator', policies })))
    return made.map(({ result }) => result as { id: string; value: string })
  }

  test.each([
    ['each other', 2, 1],
    ['each other in a ring', 6, 1],
    ['themselves', 6, 0],
  ])('administrators who delete %s leave one', async (_whom, count, step) => {
    for (let round = 0; round < 8; round++) {
      const tokens = await administrators(count)
      const answers = await Promise.all(
        tokens.map(({ value }, index) => {
          const target = tokens[(index + step) % count] as { id: string }
          return send(index, 'DELETE', `/user/tokens/${target.id}`, undefined, { authorization: `Bearer ${value}` })
        }),
      )
      expect(answers.map(({ status }) => status).filter((status) => ![200, 400, 401, 404].includes(status))).toEqual([])
      const left = (await send(round, 'GET', '/user/tokens?per_page=50')).result as { id: string }[]
      expect(left.length).toBeGreaterThan(0)
      for (const { id } of left) await send(0, 'DELETE', `/user/tokens/${id}`)
    }
  })

  test('of 20 requests with one Idempotency-Key one is done, and all are answered alike', async () => {
    const name = 'twenty at once'
    const answers = await Promise.all(times(20).map((index) => send(index, 'POST', services(), { name }, { 'idempotency-key': 'twenty' })))
    expect(new Set(answers.map(({ status, text }) => `${status} ${text}`)).size).toBe(1)
    expect(answers[0]?.status).toBe(201)
    expect((await send(1, 'GET', `${services()}?name=${encodeURIComponent(name)}`)).result).toHaveLength(1)
  })

  test('of 100 clients that change one token none undoes what another did', async () => {
    const created = (await send(0, 'POST', services(), { name: 'busy', duration: '8760h' })).result as { id: string }
    const item = `${services()}/${created.id}`
    // In turn, all say something else: a new secret, a name, a duration, or that it is on.
    const answers = await Promise.all(
      times(100).map((index) => {
        if (index % 4 === 0) return send(Math.floor(index / 4), 'POST', `${item}/rotate`, {})
        return send(index, 'PUT', item, [{ name: `name ${index}` }, { duration: `${1000 + index}h` }, { enabled: true }][(index % 4) - 1])
      }),
    )
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200]))
    const versions = answers.flatMap(({ result }, index) =>
      index % 4 === 0 ? (result as { client_secret_version: number }).client_secret_version : [],
    )
    expect(versions.toSorted((a, b) => a - b)).toEqual(times(25).map((index) => 2 + index))
    const { result, etag } = await send(1, 'GET', item)
    const shown = result as { name: string; duration: string; enabled: boolean; client_secret_version: number }
    expect([shown.name, shown.duration, shown.enabled, shown.client_secret_version]).toEqual([
      expect.stringMatching(/^name \d+$/),
      expect.stringMatching(/^1\d\d\dh$/),
      true,
      26,
    ])
    // Each of them saw another version, and the last one is what is there.
    const tags = answers.map((answer) => answer.etag)
    expect(new Set(tags).size).toBeGreaterThan(70)
    expect(tags).toContain(etag)
    const last = answers[versions.indexOf(26) * 4]?.result as { client_id: string; client_secret: string }
    const headers = { 'CF-Access-Client-Id': last.client_id, 'CF-Access-Client-Secret': last.client_secret }
    for (const { gateUrl } of [one, other]) {
      await expect.poll(async () => (await fetch(`${gateUrl}/authorize`, { headers })).status, { timeout: 10_000 }).toBe(200)
    }
  })

  test('of 20 changes of one version one wins', async () => {
    const created = await send(0, 'POST', services(), { name: 'contended' })
    const item = `${services()}/${(created.result as { id: string }).id}`
    const condition = { 'if-match': created.etag as string }
    const answers = await Promise.all(times(20).map((index) => send(index, 'PUT', item, { name: `by ${index}` }, condition)))
    const statuses = answers.map(({ status }) => status).toSorted()
    expect(statuses).toEqual([200, ...Array<number>(19).fill(412)])
    const winner = answers.findIndex(({ status }) => status === 200)
    const shown = await send(1, 'GET', item)
    expect([(shown.result as { name: string }).name, shown.etag]).toEqual([`by ${winner}`, answers[winner]?.etag])
  })
})

test.runIf(typeof server === 'string')('two nodes on one PostgreSQL are tested', () => {
  if (process.env['CI'] === 'true') throw new Error(`there is no PostgreSQL to test with: ${server}`)
  console.warn(`TWO NODES ON ONE POSTGRESQL ARE NOT TESTED: ${server}`)
})
