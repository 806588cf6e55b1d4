import type Cloudflare from 'cloudflare'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import type { Log } from '../../src/authority/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { clientFor, type MovableClock, machineHeaders, movableClock } from '../fixtures.ts'
import { send } from '../raw-http.ts'

let database: AnyDatabase
let clock: MovableClock
let app: App
let account_id: string
let serviceTokens: Cloudflare.ZeroTrust.Access.ServiceTokens
let failures: string[]

const log: Log = { info: () => undefined, warn: () => undefined, error: (_fields, message) => void failures.push(message) }

/** Postern on this test's database, which a first start fills. */
async function start(apiToken = 't'.repeat(40)): Promise<void> {
  const environment = {
    POSTERN_DATABASE_URL: database.settings.DATABASE_URL,
    POSTERN_MASTER_KEY: database.settings.MASTER_KEY,
    POSTERN_BOOTSTRAP_API_TOKEN: apiToken,
    POSTERN_API_LISTEN: '127.0.0.1:0',
    POSTERN_GATE_LISTEN: '127.0.0.1:0',
  }
  app = await startApp({ config: loadConfig({ flags: {}, environment }), log, clock })
  account_id = app.bootstrap?.accountId ?? account_id
  serviceTokens = clientFor(app.apiUrl, apiToken).zeroTrust.access.serviceTokens
}

async function restart(): Promise<void> {
  await app.stop()
  await start()
}

beforeEach(async () => {
  database = await anyDatabase()
  clock = movableClock('2026-03-01T12:00:00Z')
  failures = []
  await start()
})
afterEach(async () => {
  await app.stop()
  await database.remove()
  expect(failures).toEqual([])
})

const create = (name: string) => serviceTokens.create({ account_id, name })
/** The fields that the official types forget. */
interface Times {
  readonly last_seen_at?: string
  readonly updated_at?: string
}
const get = async ({ id = '' }: { id?: string }) => (await serviceTokens.get(id, { account_id })) as Times
const seenOf = async (token: { id?: string }) => (await get(token)).last_seen_at

/** The machine shows its token at the gate. */
async function use(token: { client_id?: string; client_secret?: string }, path = '/authorize'): Promise<number> {
  return (await send(app.gateUrl, { path, headers: Object.entries(machineHeaders(token)).flat() })).status
}

describe('when a token was last seen', () => {
  test('is never lost by a clean stop', async () => {
    const [used, unused] = [await create('used'), await create('unused')]
    expect(await use(used)).toBe(200)
    clock.advance(21_000)
    expect(await use(used)).toBe(200)
    await restart()
    expect([await seenOf(used), await seenOf(unused)]).toEqual(['2026-03-01T12:00:21Z', undefined])
    const listed = (await serviceTokens.list({ account_id })).result
    expect(Object.fromEntries(listed.map((token) => [token.name, (token as Times).last_seen_at]))).toEqual({
      used: '2026-03-01T12:00:21Z',
      unused: undefined,
    })
  })

  test('outlives later starts in which it was not used, and moves on with the next use', async () => {
    const token = await create('used')
    await use(token)
    await restart()
    await restart()
    expect(await seenOf(token)).toBe('2026-03-01T12:00:00Z')
    clock.advance(1000)
    await use(token)
    await restart()
    expect(await seenOf(token)).toBe('2026-03-01T12:00:01Z')
  })

  test('never goes back, even when the clock does', async () => {
    const token = await create('used')
    await use(token)
    await restart()
    clock.set('2026-02-01T00:00:00Z')
    await use(token)
    await restart()
    expect(await seenOf(token)).toBe('2026-03-01T12:00:00Z')
  })

  test('counts uses through the reverse proxy, and those that no policy let in; refused credentials are no use', async () => {
    const [proxied, refused] = [await create('proxied'), await create('refused')]
    expect(await use(proxied, '/')).toBe(404)
    expect(await use({ ...refused, client_secret: 'wrong' })).toBe(401)
    await restart()
    expect([await seenOf(proxied), await seenOf(refused)]).toEqual(['2026-03-01T12:00:00Z', undefined])
  })

  test('is in the answers to get, list, update (also one that rotates) and refresh, and in no others', async () => {
    const created = await create('used')
    expect(created).not.toHaveProperty('last_seen_at')
    await use(created)
    await restart()
    const id = created.id ?? ''
    expect(await serviceTokens.rotate(id, { account_id })).not.toHaveProperty('last_seen_at')
    const seen = { last_seen_at: '2026-03-01T12:00:00Z' }
    expect(await serviceTokens.update(id, { account_id, client_secret_version: 7 })).toMatchObject(seen)
    expect(await serviceTokens.update(id, { account_id, name: 'renamed' })).toMatchObject(seen)
    expect(await serviceTokens.refresh(id, { account_id })).toMatchObject(seen)
    expect(await serviceTokens.delete(id, { account_id })).not.toHaveProperty('last_seen_at')
  })

  test('is kept for the others when one that was used is deleted before it is stored', async () => {
    const [deleted, kept] = [await create('deleted'), await create('kept')]
    await use(deleted)
    await use(kept)
    await serviceTokens.delete(deleted.id ?? '', { account_id })
    await restart()
    expect(await seenOf(kept)).toBe('2026-03-01T12:00:00Z')
    expect((await serviceTokens.list({ account_id })).result).toHaveLength(1)
  })

  test('is no change of the token', async () => {
    const created = await create('used')
    clock.advance(60_000)
    await use(created)
    await restart()
    expect((await get(created)).updated_at).toBe((created as Times).updated_at)
  })
})
