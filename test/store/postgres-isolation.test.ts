import { sql } from 'kysely'
import { afterAll, expect, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { createStore } from '../../src/store/store.ts'
import { silent } from '../fixtures.ts'
import { anAccount, anAuditEntry, hexId, insert } from './entities.ts'
import { startPostgres } from './postgres-server.ts'

const server = await startPostgres()
afterAll(() => server.stop())

const levels = ['repeatable read', 'serializable']

async function defaultTo(level: string): Promise<void> {
  await server.empty()
  const name = new URL(server.url).pathname.slice(1)
  await server.query(`alter database ${name} set default_transaction_isolation = '${level}'`)
}

test.each(levels)('commits wait for each other where the default of the database is %s', async (level) => {
  await defaultTo(level)
  const database = openPostgres(server.url, silent)
  try {
    expect((await sql`show transaction_isolation`.execute(database.db)).rows).toEqual([{ transaction_isolation: level }])
    await migrate(database.patient)
    const store = createStore(database)
    const numbers = Array.from({ length: 40 }, (_nothing, number) => number)
    const stored = await Promise.all(numbers.map((number) => store.commit([insert('account', anAccount(hexId(number)))], anAuditEntry())))
    expect(stored).toEqual(numbers.map(() => true))
    expect((await store.changesSince(0, 100)).changes.map(({ seq }) => seq)).toEqual(numbers.map((number) => number + 1))
  } finally {
    await database.close()
  }
})

test.each(levels)('nodes start together, and their records wait for each other, where the default of the database is %s', async (level) => {
  await defaultTo(level)
  const databases = [openPostgres(server.url, silent), openPostgres(server.url, silent)]
  try {
    await Promise.all(databases.map(({ patient }) => migrate(patient)))
    const [hour, subjectId] = [3_600_000, hexId(1)]
    const count = { hour, subjectId, allowed: 1, refused: 0, previousSecret: 0 }
    const stores = databases.map((database) => createStore(database))
    await Promise.all(Array.from({ length: 50 }, () => stores.map((store) => store.recordActivity([count]))).flat())
    expect(await stores[0]?.listActivity(subjectId, [hour])).toEqual([expect.objectContaining({ allowed: 100 })])
  } finally {
    await Promise.all(databases.map((database) => database.close()))
  }
})
