import { describe, expect, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { createStore } from '../../src/store/store.ts'
import { emptyDatabase } from './empty-database.ts'
import { anAccount, aServiceToken, here, insert, save, saveOwners, uuid } from './entities.ts'
import type { TestDatabase } from './store-under-test.ts'

/** Guarantees about the database as a whole: its schema and its restarts. */
export function describeDatabase(nodes: number, open: () => Promise<TestDatabase>): void {
  describe('a database', () => {
    test('can be migrated again, which changes nothing', async () => {
      const connect = await emptyDatabase(open)
      const rows = connect()
      await migrate(rows)
      await saveOwners(createStore(rows))
      await migrate(rows)
      await migrate(connect())
      expect(await createStore(rows).head()).toBe(4)
    })

    if (nodes > 1) {
      test('is migrated once, when several nodes start on it at the same time', async () => {
        const connect = await emptyDatabase(open)
        await Promise.all(Array.from({ length: 5 }, () => migrate(connect())))
        expect(await connect().selectFrom('change_head').selectAll().execute()).toEqual([{ id: 1, seq: 0 }])
      })
    }

    test('of a newer Postern is left alone, with an error that says so', async () => {
      const rows = (await emptyDatabase(open))()
      await migrate(rows)
      const migrations = rows.withTables<{ kysely_migration: { name: string; timestamp: string } }>()
      await migrations.insertInto('kysely_migration').values({ name: '9999-future', timestamp: '2030-01-01' }).execute()
      const error: unknown = await migrate(rows).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ message: expect.stringContaining('could not be brought to the present schema') })
      expect(String((error as Error).cause)).toContain('9999-future')
    })

    test('whose migration fails is as it was, and the next start tries again', async () => {
      const rows = (await emptyDatabase(open))()
      // The last table of the first migration is in the way.
      await rows.schema.createTable('audit').addColumn('id', 'text').execute()
      await expect(migrate(rows)).rejects.toThrow('0001-foundation')
      const tables = (await rows.introspection.getTables()).map((table) => table.name)
      expect(tables).toEqual(['audit'])
      await rows.schema.dropTable('audit').execute()
      await migrate(rows)
      expect(await createStore(rows).head()).toBe(0)
    })

    test('survives a restart: everything is there, and the change log goes on where it was', async () => {
      const connect = await emptyDatabase(open)
      const firstStart = connect()
      await migrate(firstStart)
      const before = createStore(firstStart)
      await saveOwners(before)
      await save(before, insert('service_token', aServiceToken(1)))
      await before.recordUses('service_token', new Map([[uuid(1), 5]]))
      await firstStart.destroy()

      const secondStart = connect()
      await migrate(secondStart)
      const after = createStore(secondStart)
      expect(await after.findServiceToken(here, uuid(1))).toEqual({ token: { ...aServiceToken(1), revision: 1 }, lastSeenAt: 5 })
      expect(await after.find('account', here.accountId)).toEqual({ ...anAccount(here.accountId), revision: 1 })
      expect(await after.head()).toBe(5)
      await save(after, insert('service_token', aServiceToken(2)))
      expect(await after.changesSince(4, 10)).toEqual([
        { seq: 5, kind: 'service_token', id: uuid(1) },
        { seq: 6, kind: 'service_token', id: uuid(2) },
      ])
    })
  })
}
