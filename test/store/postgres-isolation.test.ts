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

test.each(['repeatable read', 'serializable'])('commits wait for each other where the default of the database is %s', async (level) => {
  await server.empty()
  const name = new URL(server.url).pathname.slice(1)
  await server.query(`alter database ${name} set default_transaction_isolation = '${level}'`)
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
