import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { type MovableClock, machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'
import { send } from '../raw-http.ts'

// The database "goes away" in that the change log is renamed by another process: every poll fails until it is back.

let database: AnyDatabase
let clock: MovableClock
let postern: RunningPostern
let otherProcess: Database
let credentials: readonly string[]
/** What was logged, in order. */
let lines: string[]

async function start(settings: Record<string, string> = {}): Promise<void> {
  const write = (_fields: object, message: string) => void lines.push(message)
  const small = { ...database.settings, STALENESS_BUDGET: '10s', POLL_INTERVAL: '5ms', ...settings }
  postern = await startPostern({ clock, log: { info: write, warn: write, error: write }, settings: small })
  otherProcess = database.open()
  const account_id = postern.bootstrap.accountId
  const token = await postern.client.zeroTrust.access.serviceTokens.create({ account_id, name: 'machine' })
  credentials = Object.entries(machineHeaders(token)).flat()
}

const logged = (text: string) => lines.filter((line) => line.includes(text)).length

async function databaseGoes(): Promise<void> {
  await otherProcess.db.schema.alterTable('change').renameTo('change_away').execute()
  await vi.waitFor(() => expect(logged('cannot read the change log')).toBe(1), 10_000)
}

async function databaseComesBack(): Promise<void> {
  await otherProcess.db.schema.alterTable('change_away').renameTo('change').execute()
}

const ask = (path = '/authorize', headers = credentials) => send(postern.gateUrl, { path, headers })
const statusOf = async (path?: string) => (await ask(path)).status

async function readiness(): Promise<{ readonly status: number; readonly body: unknown }> {
  const answer = await fetch(`${postern.apiUrl}/readyz`)
  return { status: answer.status, body: await answer.json() }
}

beforeEach(async () => {
  database = await anyDatabase()
  clock = movableClock('2026-03-01T12:00:00Z')
  lines = []
})
afterEach(async () => {
  await otherProcess.close()
  await postern.stop()
  await database.remove()
})

describe('while the database is away', () => {
  test('the gate answers until its knowledge is older than the staleness budget, and not a moment longer', async () => {
    await start()
    await databaseGoes()
    clock.advance(10_000)
    // The default application has no origin here: what is admitted to the reverse proxy ends in a 404.
    expect([await statusOf(), await statusOf('/'), (await ask('/authorize', [])).status]).toEqual([200, 404, 403])
    expect((await readiness()).status).toBe(200)
    clock.advance(1)
    expect([await statusOf(), await statusOf('/'), (await ask('/authorize', [])).status]).toEqual([503, 503, 503])
  })

  test('what it answers then is a refusal like any other, which says when to come back and nothing of the credentials', async () => {
    await start()
    await databaseGoes()
    clock.advance(10_001)
    const { status, values, body } = await ask('/authorize', [...credentials, 'Accept', 'application/json'])
    expect([status, values('retry-after'), values('cache-control')]).toEqual([503, ['5'], ['no-store']])
    const message = 'Service Unavailable. The gate has lost touch with its authority. Try again later.'
    expect(JSON.parse(body)).toEqual({ message, status_code: 503, aud: '', ray_id: values('cf-ray')[0] })
    const wrong = await ask('/authorize', ['CF-Access-Client-Id', 'x', 'Accept', 'application/json'])
    expect(wrong.body.replace(wrong.values('cf-ray')[0] ?? '', '')).toBe(body.replace(values('cf-ray')[0] ?? '', ''))
    expect((await ask()).body).toMatch(/^<!doctype html>.*503 Service Unavailable/s)
  })

  test('/readyz says so with 503, and /livez goes on: a restart would not help', async () => {
    await start()
    expect(await readiness()).toEqual({ status: 200, body: { status: 'ok', problems: [] } })
    await databaseGoes()
    clock.advance(12_000)
    const problems = ['the gate has not heard of the database for 12 seconds']
    expect(await readiness()).toEqual({ status: 503, body: { status: 'not ready', problems } })
    expect((await fetch(`${postern.apiUrl}/livez`)).status).toBe(200)
  })

  test('setting the time of day does not prolong or end the lease', async () => {
    await start()
    await databaseGoes()
    clock.set('2026-03-01T11:00:00Z')
    clock.advance(10_001)
    expect(await statusOf()).toBe(503)
    await databaseComesBack()
    await expect.poll(() => statusOf(), { timeout: 10_000 }).toBe(200)
    clock.set('2026-12-01T12:00:00Z')
    expect(await statusOf()).toBe(200)
  })

  test('it recovers by itself, and its first answer knows of what was changed meanwhile', async () => {
    await start()
    await databaseGoes()
    clock.advance(10_001)
    expect(await statusOf()).toBe(503)
    await otherProcess.db.updateTable('service_token').set({ enabled: 0 }).execute()
    const { id } = await otherProcess.db.selectFrom('service_token').select('id').executeTakeFirstOrThrow()
    const advance = otherProcess.db.updateTable('change_head').set((row) => ({ seq: row('seq', '+', 1) }))
    const { seq } = await advance.returning('seq').executeTakeFirstOrThrow()
    const away = 'change_away' as 'change'
    await otherProcess.db.insertInto(away).values({ seq, kind: 'service_token', id }).execute()
    await databaseComesBack()
    await expect.poll(() => statusOf(), { timeout: 10_000 }).not.toBe(503)
    expect(await statusOf()).toBe(401)
    expect((await readiness()).status).toBe(200)
    expect([logged('cannot read the change log'), logged('follows the change log again')]).toEqual([1, 1])
  })

  test('with on_stale "serve" the gate goes on with what it knows', async () => {
    await start({ ON_STALE: 'serve' })
    await databaseGoes()
    clock.advance(3_600_000)
    expect([await statusOf(), (await ask('/authorize', [])).status]).toEqual([200, 403])
    // It is stale all the same, and says so.
    expect((await readiness()).status).toBe(503)
    await expect.poll(() => logged('the staleness budget is used up'), { timeout: 10_000 }).toBe(1)
    await databaseComesBack()
    await expect.poll(() => logged('follows the change log again'), { timeout: 10_000 }).toBe(1)
    expect(await statusOf()).toBe(200)
  })
})

test('while another process holds the lock of the database, the gate answers, and a write waits for it', async () => {
  await start()
  const { client, bootstrap } = postern
  let release = () => {}
  let holding: Promise<void> | undefined
  await new Promise<void>((locked) => {
    holding = otherProcess.db.transaction().execute(async (transaction) => {
      // Where rows are locked and not files: the one that every write needs.
      await transaction
        .updateTable('change_head')
        .set((row) => ({ seq: row('seq', '+', 0) }))
        .execute()
      locked()
      await new Promise<void>((resolve) => {
        release = resolve
      })
    })
  })
  let created = false
  const creating = client.zeroTrust.access.serviceTokens.create({ account_id: bootstrap.accountId, name: 'waits' }).then(() => {
    created = true
  })
  // Were the process held up, no answer would come before the lock is given back, which happens only after them.
  for (let request = 0; request < 20; request++) expect(await statusOf()).toBe(200)
  expect(created).toBe(false)
  release()
  await holding
  await creating
})
