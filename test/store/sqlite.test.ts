import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openSqlite } from '../../src/store/sqlite.ts'
import { temporaryFolder } from '../fixtures.ts'
import { describeStore } from './store-suite.ts'

// A file is for one process at a time, so there is one node.
describeStore('SQLite', 1, () => {
  const folder = temporaryFolder()
  return Promise.resolve({
    connect: () => openSqlite(join(folder.path, 'data', 'postern.db')),
    remove: () => Promise.resolve(folder.remove()),
  })
})

/** Loads the store in a process of its own and says so; on a line of input it migrates the file. */
const migration = `
  import { once } from 'node:events'
  import { migrate } from './src/store/migrate.ts'
  import { openSqlite } from './src/store/sqlite.ts'
  console.log('ready')
  await once(process.stdin, 'data')
  const database = openSqlite(process.argv[1])
  await migrate(database.db)
  await database.close()
  process.exit()
`

/** Resolves when the process is ready, with what starts it and answers with its complaints. */
function processMigrating(path: string): Promise<() => Promise<string>> {
  const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '--eval', migration, path])
  let complaints = ''
  child.stderr.on('data', (chunk) => (complaints += chunk))
  const end = new Promise<string>((resolve) => child.on('close', (code) => resolve(code === 0 ? '' : complaints || `exit ${code}`)))
  const start = () => {
    child.stdin.write('go\n')
    return end
  }
  return new Promise((resolve, reject) => {
    child.stdout.once('data', () => resolve(start))
    void end.then((complaint) => reject(new Error(complaint)))
  })
}

test('SQLite: processes that overlap at the first start wait for each other, and all of them find the present schema', async () => {
  const folder = temporaryFolder()
  const path = join(folder.path, 'postern.db')
  const starts = await Promise.all(Array.from({ length: 4 }, () => processMigrating(path)))
  expect(await Promise.all(starts.map((start) => start()))).toEqual(['', '', '', ''])
  const { db, close } = openSqlite(path)
  expect(await db.selectFrom('change_head').selectAll().execute()).toEqual([{ id: 1, seq: 0 }])
  await close()
  folder.remove()
})
