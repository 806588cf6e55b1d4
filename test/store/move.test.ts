import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { type Kysely, sql } from 'kysely'
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { type MoveDeps, type MoveProgress, move } from '../../src/store/move.ts'
import { removeMark, requireUnmarked } from '../../src/store/move-mark.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import type { Tables } from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { openSqliteAlone } from '../../src/store/sqlite-alone.ts'
import { createStore } from '../../src/store/store.ts'
import { silent, temporaryFolder } from '../fixtures.ts'
import { aServiceToken, here, insert, save, uuid } from './entities.ts'
import { fillSqlite, rowsOf } from './filled-database.ts'
import { fillFoundation } from './migration-suite.ts'
import { startPostgres } from './postgres-server.ts'

const server = await startPostgres().catch((error: unknown) => String(error))

describe.skipIf(typeof server === 'string')('a move from SQLite to PostgreSQL', () => {
  let folder: ReturnType<typeof temporaryFolder>
  let path: string
  let target: Database
  let ids = 0

  beforeEach(async () => {
    folder = temporaryFolder()
    path = join(folder.path, 'postern.db')
    if (typeof server === 'string') return
    await server.empty()
    target = openPostgres(server.url, silent)
  })
  afterEach(async () => {
    await target.close()
    folder.remove()
  })
  afterAll(async () => {
    if (typeof server !== 'string') await server.stop()
  })

  const ignore = () => undefined
  const newId = () => `move ${++ids}`

  /** One run of the command. */
  async function run(report: (progress: MoveProgress) => void = ignore, more: Partial<MoveDeps> = {}) {
    const source = openSqliteAlone(path)
    try {
      return await move({ source, target: target.patient, to: 'the target', newId, pageSize: 7, report, ...more })
    } finally {
      await source.destroy()
    }
  }

  async function withSource<Result>(ask: (db: Kysely<Tables>) => Promise<Result>): Promise<Result> {
    const source = openSqliteAlone(path)
    return ask(source).finally(() => source.destroy())
  }

  /** Ends the run like a power cut, but where the test says. */
  function cutAt(isThere: (progress: MoveProgress) => boolean): (progress: MoveProgress) => void {
    return (progress) => {
      if (isThere(progress)) throw new Error('cut')
    }
  }

  test('brings every row of every table, as it was', async () => {
    await fillSqlite(path)
    const moved = await run()
    const wanted = await withSource(rowsOf)
    expect(Object.entries(wanted).filter(([, rows]) => rows.length === 0)).toEqual([])
    expect(await rowsOf(target.db)).toEqual(wanted)
    expect(moved.map(({ table, rows }) => [table, rows])).toEqual(Object.entries(wanted).map(([table, rows]) => [table, rows.length]))
  })

  test('leaves a database that is worked on as the old one was', async () => {
    await fillSqlite(path)
    await run()
    const store = createStore(target)
    const head = await store.head()
    await save(store, insert('service_token', aServiceToken(1000)))
    expect(await store.head()).toBe(head + 1)
    expect(await store.countServiceTokens(here.accountId)).toBe(32)
    await expect(save(store, insert('service_token', aServiceToken(1)))).rejects.toThrow('refused')
  })

  test('brings a database that is older than this version to the present form first', async () => {
    const old = openSqlite(path)
    await fillFoundation(old.db)
    await old.close()
    await run()
    const wanted = await withSource(rowsOf)
    expect(wanted['service_token_block']).toHaveLength(1)
    expect(await rowsOf(target.db)).toEqual(wanted)
  })

  /** A connection to the target that ends before the n-th statement of that kind, in the middle of a transaction or not. */
  function endingBefore(number: number, isMeant: (kind: string) => boolean): Kysely<Tables> {
    let left = number
    return target.patient.withPlugin({
      transformQuery({ node }) {
        if (isMeant(node.kind) && --left === 0) throw new Error('cut')
        return node
      },
      transformResult: ({ result }) => Promise.resolve(result),
    })
  }

  const moments: readonly [string, (kind: string) => boolean, number][] = [
    ['before any statement', () => true, 100],
    ['before it is noted that a page has arrived', (kind) => kind === 'UpdateQueryNode', 5],
  ]
  const patience = { timeout: 180_000 }
  test.each(moments)(
    'that is cut off %s goes on when it is run again, and loses and doubles nothing',
    patience,
    async (_when, isMeant, least) => {
      await fillSqlite(path)
      let cuts = 0
      for (;;) {
        const done = await run(ignore, { target: endingBefore(cuts + 1, isMeant) }).then(
          () => true,
          (error: Error) => {
            expect([error.message, (error.cause as Error | undefined)?.message]).toContain('cut')
            return false
          },
        )
        if (done) break
        cuts++
        const tables = await target.db.introspection.getTables()
        if (tables.length > 0) await expect(requireUnmarked(target.db)).rejects.toThrow('not all of it has arrived')
      }
      expect(cuts).toBeGreaterThan(least)
      await requireUnmarked(target.db)
      await withSource((source) => expect(requireUnmarked(source)).rejects.toThrow('was moved to the target'))
      expect(await rowsOf(target.db)).toEqual(await withSource(rowsOf))
    },
  )

  test('does not copy again what has arrived', async () => {
    await fillSqlite(path)
    await expect(run(cutAt(({ table, rows }) => table === 'service_token' && rows >= 14))).rejects.toThrow('cut')
    const seen: MoveProgress[] = []
    await run((progress) => seen.push(progress))
    const first = seen.find(({ step, table }) => step === 'copy' && table === 'service_token')
    expect(first).toEqual({ step: 'copy', table: 'service_token', rows: 14, of: 31 })
  })

  test('leaves the old database unused by anybody, until that is taken back', async () => {
    await fillSqlite(path)
    await run()
    await requireUnmarked(target.db)
    await withSource((source) => expect(requireUnmarked(source)).rejects.toThrow('was moved to the target'))
    await withSource(removeMark)
    await withSource(requireUnmarked)
  })

  const changes = {
    'a changed text': sql`update service_token set name = name || ' ' where id = ${uuid(3)}`,
    'a changed number': sql`update service_token set expires_at = expires_at + 1 where id = ${uuid(3)}`,
    'a changed byte': sql`update service_token set digest = set_byte(digest, 31, (get_byte(digest, 31) + 1) % 256) where id = ${uuid(3)}`,
    'a null that was none': sql`update service_token set previous_digest = null where id = ${uuid(3)}`,
    'two rows that have changed places': sql`
      update service_token set digest = (select digest from service_token as other where other.id <> service_token.id and other.id in (${uuid(3)}, ${uuid(4)}))
      where id in (${uuid(3)}, ${uuid(4)})`,
    'a missing row': sql`delete from service_token where id = ${uuid(6)}`,
  }
  test.each(Object.entries(changes))('notices %s', async (_what, change) => {
    await fillSqlite(path)
    await expect(run(cutAt(({ step }) => step === 'verify'))).rejects.toThrow('cut')
    const { numAffectedRows } = await change.execute(target.db)
    expect(numAffectedRows).toBeGreaterThan(0n)
    await expect(run()).rejects.toThrow('service_token is not the same')
    await expect(requireUnmarked(target.db)).rejects.toThrow('not all of it has arrived')
    if (typeof server !== 'string') await server.empty()
    await run()
    expect(await rowsOf(target.db)).toEqual(await withSource(rowsOf))
  })

  test('is refused while anything has the old database open, even if that does nothing', async () => {
    await fillSqlite(path)
    const idle = openSqlite(path)
    await idle.db.selectFrom('account').select('id').execute()
    await expect(run()).rejects.toThrow('is in use')
    await idle.close()
    await run()
  })

  test('keeps everybody else from the old database while it lasts', async () => {
    await fillSqlite(path)
    let isTried = false
    await run(() => {
      if (isTried) return
      isTried = true
      expect(() => openSqliteAlone(path)).toThrow('is in use')
    })
    expect(isTried).toBe(true)
  })

  test('is refused where a Postern is already, and leaves both as they were', async () => {
    await fillSqlite(path)
    await migrate(target.db)
    await expect(run()).rejects.toThrow('is not empty')
    await requireUnmarked(target.db)
    await withSource(requireUnmarked)
  })

  test('is refused where the move of another database has not ended', async () => {
    await fillSqlite(path)
    await expect(run(cutAt(({ table }) => table === 'zone'))).rejects.toThrow('cut')
    path = join(folder.path, 'other.db')
    await fillSqlite(path)
    await expect(run()).rejects.toThrow('part of another database')
    await withSource(requireUnmarked)
  })

  test('of a database that is not there is refused, and makes none', async () => {
    expect(() => openSqliteAlone(path)).toThrow('there is no database')
    expect(existsSync(path)).toBe(false)
  })

  test('may share its PostgreSQL with the tables of others', async () => {
    await fillSqlite(path)
    await target.db.schema.createTable('of_others').addColumn('id', 'text').execute()
    await run()
    expect(await rowsOf(target.db)).toEqual(await withSource(rowsOf))
  })
})
