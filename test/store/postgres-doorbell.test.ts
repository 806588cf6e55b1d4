import { afterEach, beforeAll, expect, test } from 'vitest'
import { watchDoorbell } from '../../src/store/doorbell.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { silent } from '../fixtures.ts'
import { type Way, wayTo } from '../nodes/cut.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

const closers: (() => unknown)[] = []
let server: PostgresServer
let way: Way
let rings: number

beforeAll(async () => {
  server = await startPostgres()
  return () => server.stop()
}, 60_000)

/** Listens by a way that can be cut, and rings by another. */
async function watch(checkEveryMs?: number): Promise<void> {
  const url = new URL(server.url)
  way = await wayTo(Number(url.port))
  url.port = String(way.port)
  rings = 0
  const ring = (message: string) => server.query(`select pg_notify('postern_change', '${message}')`)
  const deps = { connectionString: url.href, ring, log: silent, ...(checkEveryMs !== undefined && { checkEveryMs }) }
  const stop = watchDoorbell(deps, () => rings++)
  closers.push(() => way.close(), stop)
  await expect.poll(() => rings, { timeout: 10_000 }).toBe(1)
}
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

/** Whether what is rung is heard. */
async function hears(): Promise<boolean> {
  const before = rings
  await server.query("select pg_notify('postern_change', '')")
  return expect
    .poll(() => rings, { timeout: 1_000 })
    .toBeGreaterThan(before)
    .then(
      () => true,
      () => false,
    )
}

test('rings when somebody stores something', async () => {
  await watch()
  expect(await hears()).toBe(true)
  const database = openPostgres(server.url, silent)
  closers.push(() => database.close())
  const { ring } = database
  const before = rings
  if (ring) await database.record([ring])
  await expect.poll(() => rings).toBe(before + 1)
})

test('rings once it listens again after a break, as something may have been missed', async () => {
  await watch()
  way.cut()
  expect(await hears()).toBe(false)
  way.open()
  await expect.poll(() => rings, { timeout: 10_000 }).toBe(2)
  expect(await hears()).toBe(true)
})

test('finds out that its connection is dead where nobody says so, and takes another', async () => {
  await watch(200)
  await expect.poll(hears).toBe(true)
  way.strand()
  expect(await hears()).toBe(false)
  await expect.poll(hears, { timeout: 20_000 }).toBe(true)
}, 40_000)
