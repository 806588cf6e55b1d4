import { afterEach, beforeEach, expect, test } from 'vitest'
import { createDuty } from '../../src/authority/duty.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createStore } from '../../src/store/store.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { silent } from '../fixtures.ts'

let place: AnyDatabase
let database: Database

beforeEach(async () => {
  place = await anyDatabase()
  database = place.open()
  await migrate(database.patient)
})

afterEach(async () => {
  await database.close()
  await place.remove()
})

test('a node that leaves while it takes up a duty, or after, keeps no other from it', async () => {
  const store = createStore(database)
  const task = () => new Promise<void>((resolve) => setTimeout(resolve, 100))
  for (let attempt = 0; attempt < 20; attempt++) {
    const name = `duty ${attempt}`
    const duty = createDuty({ store, name, nodeId: 'one', task, intervalMs: 0, log: silent })
    const attended = duty.attend()
    await duty.leave()
    await duty.attend()
    expect(await store.takeLease(name, 'another', 60_000)).toBeDefined()
    await attended
  }
})
