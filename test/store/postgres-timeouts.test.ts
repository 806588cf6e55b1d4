import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { isUnavailable } from '../../src/store/unavailable.ts'
import { silent } from '../fixtures.ts'
import { anAccount, anAuditEntry, hexId, insert } from './entities.ts'
import { startPostgres } from './postgres-server.ts'

const server = await startPostgres()
const database = openPostgres(server.url, silent, 1_000)
afterAll(async () => {
  await database.close()
  await server.stop()
})

/** More than there are connections. */
const numbers = (from: number) => Array.from({ length: 12 }, (_nothing, number) => from + number)

test('a commit that is not answered in time fails, and nothing of it is stored by whoever has the connection next', async () => {
  await migrate(database.db)
  const store = createStore(database)
  const add = (number: number) => store.commit([insert('account', anAccount(hexId(number)))], anAuditEntry())
  await add(1)
  const other = new pg.Client(server.url)
  await other.connect()
  await other.query('begin')
  // Of what a commit writes, this is the first.
  await other.query('lock table audit in exclusive mode')
  const late = await Promise.allSettled(numbers(10).map(add))
  for (const result of late) {
    expect(result.status).toBe('rejected')
    if (result.status === 'rejected') expect(isUnavailable(result.reason), String(result.reason)).toBe(true)
  }
  await other.query('rollback')
  const results = await Promise.all(numbers(30).map(add))
  expect(results).toEqual(new Array(12).fill(true))
  // Whoever has a connection with an open transaction next commits what that had done.
  const ids = [1, ...numbers(30)].map(hexId)
  expect((await store.read('account', '', 100)).map(({ id }) => id)).toEqual(ids)
  expect((await other.query('select id from audit')).rows).toHaveLength(ids.length)
  const open = `select pid from pg_stat_activity where state like 'idle in transaction%'`
  await expect.poll(async () => (await other.query(open)).rows).toEqual([])
  await other.end()
})
