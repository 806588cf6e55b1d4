import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { startApp } from '../../src/app.ts'
import { loadConfig } from '../../src/config/load.ts'
import { move } from '../../src/store/move.ts'
import { openPostgres } from '../../src/store/postgres.ts'
import { openSqliteAlone } from '../../src/store/sqlite-alone.ts'
import { silent, temporaryFolder } from '../fixtures.ts'
import { fillSqlite } from '../store/filled-database.ts'
import { startPostgres } from '../store/postgres-server.ts'

const server = await startPostgres().catch((error: unknown) => String(error))

test.skipIf(typeof server === 'string')(
  'a gate that waits for a database does not take one for whole that is being moved there',
  async () => {
    if (typeof server === 'string') return
    const folder = temporaryFolder()
    const path = join(folder.path, 'postern.db')
    await fillSqlite(path)
    const [source, target] = [openSqliteAlone(path), openPostgres(server.url, silent)]
    onTestFinished(async () => {
      await Promise.all([source.destroy(), target.close()])
      await server.stop()
      folder.remove()
    })

    const settings = {
      DATABASE_URL: server.url,
      MASTER_KEY: 'c4'.repeat(32),
      ROLE: 'gate',
      API_LISTEN: '127.0.0.1:0',
      GATE_LISTEN: '127.0.0.1:0',
    }
    const environment = Object.fromEntries(Object.entries(settings).map(([name, value]) => [`POSTERN_${name}`, value]))
    let outcome = Promise.resolve()
    await new Promise<void>((resolve) => {
      const log = { ...silent, warn: () => resolve() }
      outcome = expect(startApp({ config: loadConfig({ flags: {}, environment }), log })).rejects.toThrow('not all of it has arrived')
    })

    const report = ({ table }: { table: string }) => {
      if (table === 'audit') throw new Error('cut')
    }
    const moved = move({ source, target: target.patient, to: 'the target', newId: () => 'move', pageSize: 1000, report })
    // By then the proof of the master key has arrived, and all that the gate would need.
    await expect(moved).rejects.toThrow('cut')
    await outcome
  },
)
