import { Migrator } from 'kysely'
import { describe, expect, test } from 'vitest'
import { mappings } from '../../src/store/mapping.ts'
import { migrate } from '../../src/store/migrate.ts'
import { up as foundation } from '../../src/store/migrations/0001-foundation.ts'
import { up as management } from '../../src/store/migrations/0002-management.ts'
import { createStore } from '../../src/store/store.ts'
import { emptyDatabase } from './empty-database.ts'
import { anAccount, aServiceToken, aZone, here, insert, noon, save, saveOwners, uuid, write, zoneHere } from './entities.ts'
import type { TestDatabase } from './store-under-test.ts'

/** Guarantees about the database as a whole: its schema and its restarts. */
export function describeDatabase(nodes: number, open: () => Promise<TestDatabase>): void {
  describe('a database', () => {
    test('can be migrated again, which changes nothing', async () => {
      const connect = await emptyDatabase(open)
      const database = connect()
      await migrate(database.db)
      await saveOwners(createStore(database))
      await migrate(database.db)
      await migrate(connect().db)
      expect(await createStore(database).head()).toBe(4)
    })

    if (nodes > 1) {
      test('is migrated once, when several nodes start on it at the same time', async () => {
        const connect = await emptyDatabase(open)
        await Promise.all(Array.from({ length: 5 }, () => migrate(connect().db)))
        expect(await connect().db.selectFrom('change_head').selectAll().execute()).toEqual([{ id: 1, seq: 0 }])
      })
    }

    test('of a newer Postern is left alone, with an error that says so', async () => {
      const { db: rows } = (await emptyDatabase(open))()
      await migrate(rows)
      const migrations = rows.withTables<{ kysely_migration: { name: string; timestamp: string } }>()
      await migrations.insertInto('kysely_migration').values({ name: '9999-future', timestamp: '2030-01-01' }).execute()
      const error: unknown = await migrate(rows).catch((caught: unknown) => caught)
      expect(error).toMatchObject({ message: expect.stringContaining('could not be brought to the present schema') })
      expect(String((error as Error).cause)).toContain('9999-future')
    })

    test('whose migration fails is as it was, and the next start tries again', async () => {
      const database = (await emptyDatabase(open))()
      const rows = database.db
      // The last table of the first migration is in the way.
      await rows.schema.createTable('audit').addColumn('id', 'text').execute()
      await expect(migrate(rows)).rejects.toThrow('0001-foundation')
      const tables = (await rows.introspection.getTables()).map((table) => table.name)
      expect(tables).toEqual(['audit'])
      await rows.schema.dropTable('audit').execute()
      await migrate(rows)
      expect(await createStore(database).head()).toBe(0)
    })

    test('from before lists had blocks gets them for the tokens it has', async () => {
      const database = (await emptyDatabase(open))()
      const first = new Migrator({
        db: database.db,
        provider: {
          getMigrations: () => Promise.resolve({ '0001-foundation': { up: foundation }, '0002-management': { up: management } }),
        },
      })
      expect(await first.migrateToLatest()).not.toHaveProperty('error')
      const [account, zone] = [mappings.account.toRow(anAccount(here.accountId)), mappings.zone.toRow(aZone(zoneHere))]
      await database.db.insertInto('account').values(account).execute()
      await database.db.insertInto('zone').values(zone).execute()
      // More than two blocks, and the last of them not full; two tokens of each instant.
      const numbers = Array.from({ length: 4500 }, (_, index) => index + 1)
      const tokens = numbers.map((number) => aServiceToken(number, { createdAt: noon - Math.floor(number / 2) }))
      const ofZone = aServiceToken(5000, zoneHere)
      for (const batch of [tokens.slice(0, 1500), tokens.slice(1500, 3000), tokens.slice(3000), [ofZone]]) {
        // Without the column that came later.
        const rows = batch.map((token) => ({ ...mappings.service_token.toRow(token), previous_version: undefined as never }))
        await database.db.insertInto('service_token').values(rows).execute()
      }
      await migrate(database.db)
      const store = createStore(database)
      for (const [page, perPage] of [
        [1, 3],
        [700, 3],
        [1500, 3],
        [5, 1000],
        [3, 2047],
      ] as const) {
        const { items, total } = await store.listServiceTokens(here, { page, perPage })
        expect(total).toBe(4500)
        expect(items.map(({ token }) => token.id)).toEqual(tokens.slice((page - 1) * perPage, page * perPage).map(({ id }) => id))
      }
      expect(await store.listServiceTokens(zoneHere, { page: 1, perPage: 10 })).toMatchObject({
        items: [{ token: { id: ofZone.id } }],
        total: 1,
      })
      expect(await store.serviceTokenOverview(here, noon)).toMatchObject({ total: 4500, active: 4500, never_used: 4500, unused: 0 })
      const { items: unseen } = await store.listServiceTokens(here, { page: 1500, perPage: 3, order: 'last_seen_at' })
      expect(unseen.map(({ token }) => token.id)).toEqual(tokens.slice(-3).map(({ id }) => id))
      await save(
        store,
        write('service_token', tokens.at(-1) ?? null, null),
        insert('service_token', aServiceToken(6000, { createdAt: noon + 1 })),
      )
      const newest = await store.listServiceTokens(here, { page: 1, perPage: 1 })
      expect(newest).toMatchObject({ items: [{ token: { id: uuid(6000) } }], total: 4500 })
    })

    test('survives a restart: everything is there, and the change log goes on where it was', async () => {
      const connect = await emptyDatabase(open)
      const firstStart = connect()
      await migrate(firstStart.db)
      const before = createStore(firstStart)
      await saveOwners(before)
      await save(before, insert('service_token', aServiceToken(1)))
      await before.recordUses('service_token', new Map([[uuid(1), 5]]))
      await firstStart.close()

      const secondStart = connect()
      await migrate(secondStart.db)
      const after = createStore(secondStart)
      expect(await after.findServiceToken(here, uuid(1))).toEqual({ token: { ...aServiceToken(1), revision: 1 }, lastSeenAt: 5 })
      expect(await after.find('account', here.accountId)).toEqual({ ...anAccount(here.accountId), revision: 1 })
      expect(await after.head()).toBe(5)
      await save(after, insert('service_token', aServiceToken(2)))
      expect((await after.changesSince(4, 10)).changes).toEqual([
        { seq: 5, kind: 'service_token', id: uuid(1) },
        { seq: 6, kind: 'service_token', id: uuid(2) },
      ])
    })
  })
}
