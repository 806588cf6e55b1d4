import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import { afterAll, expect, test } from 'vitest'
import type { Change } from '../../src/authority/ports.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { silent } from '../fixtures.ts'
import { anAccount, anAuditEntry, hexId, insert, stored, write } from './entities.ts'
import { startPostgres } from './postgres-server.ts'

const server = await startPostgres()
const nodes = [openPostgres(server.url, silent), openPostgres(server.url, silent)] as const
const somebody = new pg.Client(server.url)
afterAll(async () => {
  await somebody.end()
  for (const node of nodes) await node.close()
  await server.stop()
})

test('a commit that took its number first, and is stored last, is not passed over by who follows meanwhile', async () => {
  await migrate(nodes[0].patient)
  const [store, otherNode] = nodes.map((node) => createStore(node)) as [ReturnType<typeof createStore>, ReturnType<typeof createStore>]
  expect(await store.commit([insert('account', anAccount(hexId(1)))], anAuditEntry())).toBe(true)
  const before = await stored(store, 'account', hexId(1))

  // What the first commit writes after it has its number, somebody else holds.
  await somebody.connect()
  await somebody.query('begin')
  await somebody.query('select 1 from account where id = $1 for update', [hexId(1)])
  const late = store.commit([write('account', before, { ...before, name: 'changed' })], anAuditEntry())
  const waiting = "select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"
  await expect.poll(async () => (await server.query(waiting)).length).toBe(1)
  const others = [2, 3, 4].map((number) => otherNode.commit([insert('account', anAccount(hexId(number)))], anAuditEntry()))

  // As a gate: on from the newest that was seen.
  const seen: Change[] = []
  const follow = async () => {
    seen.push(...(await otherNode.changesSince(1 + seen.length, 100)).changes)
    return seen.length
  }
  for (let round = 0; round < 20; round++) {
    await follow()
    await sleep(20)
  }
  await somebody.query('commit')
  expect(await Promise.all([late, ...others])).toEqual([true, true, true, true])
  await expect.poll(follow).toBe(4)
  expect(seen.map(({ seq }) => seq)).toEqual([2, 3, 4, 5])
  expect(seen[0]).toEqual({ seq: 2, kind: 'account', id: hexId(1) })
  expect(new Set(seen.map(({ id }) => id))).toEqual(new Set([1, 2, 3, 4].map(hexId)))
})
