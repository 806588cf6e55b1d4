import { join } from 'node:path'
import { sql } from 'kysely'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { createStore } from '../../src/store/store.ts'
import { temporaryFolder } from '../fixtures.ts'
import { anAccount, anApiToken, anAuditEntry, aServiceToken, here, insert, itself, saveOwners, uuid } from './entities.ts'

// What only SQLite has to be asked: there, commits that come at the same time share one transaction.

let folder: ReturnType<typeof temporaryFolder>
let database: Database
let store: Store

beforeEach(async () => {
  folder = temporaryFolder()
  database = openSqlite(join(folder.path, 'postern.db'))
  await migrate(database.db)
  store = createStore(database)
  await saveOwners(store)
})
afterEach(async () => {
  await database.close()
  folder.remove()
})

const create = (number: number, traits = {}) => store.commit([insert('service_token', aServiceToken(number, traits))], anAuditEntry())

test('when the disk is full, all commits of that moment fail and none is stored; once there is room, the next is', async () => {
  const { rows } = await sql<{ page_count: number }>`pragma page_count`.execute(database.db)
  await sql`pragma max_page_count = ${sql.raw(String((rows[0]?.page_count ?? 0) + 3))}`.execute(database.db)
  const name = 'x'.repeat(100_000)
  const outcomes = await Promise.allSettled([create(1), create(2, { name }), create(3)])
  expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected'])
  expect(await store.head()).toBe(4)
  expect(await store.countServiceTokens(here.accountId)).toBe(0)
  await sql`pragma max_page_count = 1000000`.execute(database.db)
  expect(await Promise.all([create(1), create(2, { name }), create(3)])).toEqual([true, true, true])
  expect((await store.changesSince(4, 10)).changes.map(({ id }) => id)).toEqual([1, 2, 3].map(uuid))
})

test('more commits at a time than share a transaction are all stored, in the order in which they came', async () => {
  const numbers = Array.from({ length: 200 }, (_, index) => index + 1)
  expect(await Promise.all(numbers.map((number) => create(number)))).toEqual(numbers.map(() => true))
  expect((await store.changesSince(4, 1000)).changes.map(({ id }) => id)).toEqual(numbers.map(uuid))
})

test('a commit waits for a transaction that is under way on its connection', async () => {
  let isOver = false
  const transaction = database.db.transaction().execute(async (trx) => {
    await trx.updateTable('account').set({ name: 'changed' }).execute()
    await new Promise((resolve) => setTimeout(resolve, 50))
    expect(await store.head()).toBe(4)
    isOver = true
  })
  expect(await create(1)).toBe(true)
  expect(isOver).toBe(true)
  await transaction
})

test('what has not been committed is not seen by those who look something up', async () => {
  const { accountId } = here
  await database.db.transaction().execute(async (trx) => {
    await trx.updateTable('account').set({ name: 'changed' }).execute()
    expect((await store.find('account', accountId))?.name).toBe('Account')
  })
  // Not the same store: what is stored behind its back by its own connection it need not notice.
  expect((await createStore(database).find('account', accountId))?.name).toBe('changed')
})

test('what is revoked, be it by this process or by another, is unknown from the moment on in which that is stored', async () => {
  const other = openSqlite(join(folder.path, 'postern.db'))
  const [own, there] = [store, createStore(other)]
  try {
    for (const [number, revoker] of [own, there, own, there].entries()) {
      const token = anApiToken(number + 1, { owner: itself(here) })
      expect(await there.commit([insert('api_token', token)], anAuditEntry())).toBe(true)
      for (let times = 0; times < 3; times++) expect((await own.findApiToken(token.digest))?.revision).toBe(1)
      const after = { ...token, revision: 1, disabled: true }
      const disabled = revoker.commit([{ kind: 'api_token', before: { ...token, revision: 1 }, after }], anAuditEntry())
      // Asked for all the time meanwhile, so that it would be remembered if anything were.
      let isOver = false
      const asking = (async () => {
        while (!isOver) {
          await own.findApiToken(token.digest)
          await new Promise((resolve) => setImmediate(resolve))
        }
      })()
      expect(await disabled).toBe(true)
      expect(await own.findApiToken(token.digest)).toMatchObject({ disabled: true, revision: 2 })
      expect(await revoker.commit([{ kind: 'api_token', before: { ...after, revision: 2 }, after: null }], anAuditEntry())).toBe(true)
      expect(await own.findApiToken(token.digest)).toBeUndefined()
      isOver = true
      await asking
    }
  } finally {
    await other.close()
  }
})

test('what is not there is found as soon as it is', async () => {
  const account = anAccount('7'.repeat(32))
  for (let times = 0; times < 3; times++) expect(await store.find('account', account.id)).toBeUndefined()
  const other = openSqlite(join(folder.path, 'postern.db'))
  try {
    expect(await createStore(other).commit([insert('account', account)], anAuditEntry())).toBe(true)
    expect(await store.find('account', account.id)).toMatchObject({ id: account.id })
  } finally {
    await other.close()
  }
})

test('the write-ahead log begins anew from time to time, even while one commit follows the other without a pause', async () => {
  const name = 'x'.repeat(100_000)
  const lengths = [0]
  for (let number = 1; (lengths.at(-1) ?? 0) >= Math.max(...lengths) && number < 4_000; number += 20) {
    await Promise.all(Array.from({ length: 20 }, (_, index) => create(number + index, { name })))
    const { rows } = await sql<{ log: number }>`pragma wal_checkpoint(noop)`.execute(database.db)
    lengths.push(rows[0]?.log ?? 0)
  }
  expect(lengths.at(-1)).toBeLessThan(Math.max(...lengths))
  // Which is far below what SQLite itself would let it come to here.
  expect(Math.max(...lengths)).toBeLessThan(60_000)
  expect(await store.countServiceTokens(here.accountId)).toBe(20 * (lengths.length - 1))
})
