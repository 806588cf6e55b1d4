import { spawn } from 'node:child_process'
import { renameSync } from 'node:fs'
import { join } from 'node:path'
import type { Worker } from 'node:worker_threads'
import { sql } from 'kysely'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { createStore } from '../../src/store/store.ts'
import { temporaryFolder } from '../fixtures.ts'
import { aServiceToken, here, insert, save, saveOwners } from './entities.ts'

let folder: ReturnType<typeof temporaryFolder>
let database: Database
/** The threads that were started, oldest first. */
let threads: Worker[]
const noteThread = (thread: Worker) => void threads.push(thread)

beforeEach(async () => {
  threads = []
  process.on('worker', noteThread)
  folder = temporaryFolder()
  database = openSqlite(join(folder.path, 'postern.db'))
  await migrate(database.db)
})

afterEach(async () => {
  await database.close()
  process.off('worker', noteThread)
  folder.remove()
})

const seq = async () => (await database.reader.selectFrom('change_head').select('seq').executeTakeFirst())?.seq

/** A question that keeps a thread busy for a while. */
const longQuestion = (rows: number) =>
  sql<{ total: number }>`with recursive n(i) as (select 1 union all select i + 1 from n where i < ${rows}) select count(*) as total from n`

describe('the reader of SQLite', () => {
  test('sees every commit that was answered before it was asked', async () => {
    const store = createStore(database)
    await saveOwners(store)
    for (let number = 1; number <= 50; number++) {
      await save(store, insert('service_token', aServiceToken(number)))
      for (const query of [{}, { name: 'CI' }, { search: 'ci' }]) {
        expect(await store.listServiceTokens(here, { page: 1, perPage: 1, ...query })).toMatchObject({ total: number })
      }
    }
  })

  test('does not hold up the process while it reads', async () => {
    let turns = 0
    const counting = setInterval(() => (turns += 1), 1)
    const { rows } = await longQuestion(1_000_000).execute(database.reader)
    clearInterval(counting)
    expect(rows).toEqual([{ total: 1_000_000 }])
    expect(turns).toBeGreaterThan(3)
  })

  test('does not wait for what the scanner reads', async () => {
    const order: string[] = []
    const long = longQuestion(3_000_000)
      .execute(database.scanner)
      .then(() => order.push('scanner'))
    for (let number = 0; number < 10; number++) await seq()
    order.push('reader')
    await long
    expect(order).toEqual(['reader', 'scanner'])
  })

  test('answers those that ask at once, one after the other, each with its own', async () => {
    const numbers = Array.from({ length: 200 }, (_, index) => index)
    const answers = numbers.map(async (number) => (await sql<{ n: number }>`select ${number} as n`.execute(database.reader)).rows)
    expect(await Promise.all(answers)).toEqual(numbers.map((n) => [{ n }]))
    expect(threads).toHaveLength(1)
  })

  test('passes an error of SQLite on as one, and answers the next', async () => {
    await expect(sql`select * from nowhere`.execute(database.reader)).rejects.toMatchObject({
      name: 'SqliteError',
      code: 'SQLITE_ERROR',
      message: 'no such table: nowhere',
    })
    await expect(sql`select ${Symbol('no value')}`.execute(database.reader)).rejects.toThrow('could not be cloned')
    expect(await seq()).toBe(0)
  })

  test('cannot write', async () => {
    await expect(database.reader.updateTable('change_head').set({ seq: 5 }).execute()).rejects.toMatchObject({ code: 'SQLITE_READONLY' })
    expect(await seq()).toBe(0)
  })

  test('sees one moment of the database in a transaction', async () => {
    await database.reader.transaction().execute(async (trx) => {
      const read = async () => (await trx.selectFrom('change_head').select('seq').executeTakeFirstOrThrow()).seq
      expect(await read()).toBe(0)
      await database.db.updateTable('change_head').set({ seq: 7 }).execute()
      expect(await read()).toBe(0)
    })
    expect(await seq()).toBe(7)
  })

  test('starts no thread before it is asked', async () => {
    await saveOwners(createStore(database))
    expect(threads).toHaveLength(0)
  })

  test('fails what a thread was asked that dies, and starts another for the next question', async () => {
    const lost = longQuestion(3_000_000).execute(database.reader)
    await vi.waitFor(() => expect(threads).toHaveLength(1))
    const next = seq()
    void threads[0]?.terminate()
    await expect(lost).rejects.toThrow('the thread that uses the database has ended')
    expect(await next).toBe(0)
    expect(threads).toHaveLength(2)
    await threads[1]?.terminate()
    expect(await seq()).toBe(0)
    expect(threads).toHaveLength(3)
  })

  test('answers nothing once it is closed, even if it was never asked before', async () => {
    await database.close()
    for (const connection of [database.reader, database.scanner]) await expect(sql`select 1`.execute(connection)).rejects.toThrow('closed')
    expect(threads).toHaveLength(0)
  })

  test('fails with the reason when it cannot open the file, and tries again with the next question', async () => {
    const [path, away] = [join(folder.path, 'postern.db'), join(folder.path, 'away.db')]
    renameSync(path, away)
    await expect(seq()).rejects.toThrow('unable to open database file')
    renameSync(away, path)
    expect(await seq()).toBe(0)
  })

  test('ends its thread when it is closed, fails what it is being asked, and answers nothing more', async () => {
    expect(await seq()).toBe(0)
    const ended = new Promise((resolve) => threads[0]?.once('exit', resolve))
    const questions = [longQuestion(1_000_000).execute(database.reader), seq()].map((question) =>
      question.catch((error: Error) => error.message),
    )
    await new Promise((resolve) => setImmediate(resolve))
    await database.close()
    await ended
    expect(await Promise.all(questions)).toEqual([expect.stringMatching('ended'), expect.stringMatching('closed|destroyed')])
    await expect(seq()).rejects.toThrow()
    expect(threads).toHaveLength(1)
  })

  test('does not keep a process alive that has forgotten to close it', async () => {
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', forgetful, join(folder.path, 'postern.db')])
    let output = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk))
    expect(await new Promise((resolve) => child.once('close', resolve)), output).toBe(0)
    expect(output).toBe('[{"seq":0}]')
  })
})

const forgetful = `
  import { openSqlite } from './src/store/sqlite.ts'
  const { reader } = openSqlite(process.argv[1])
  process.stdout.write(JSON.stringify(await reader.selectFrom('change_head').select('seq').execute()))
`
