import { type ChildProcess, spawn } from 'node:child_process'
import { cpSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { sql } from 'kysely'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { tablesInOrder } from '../../src/store/move-order.ts'
import { openSqliteAlone } from '../../src/store/sqlite-alone.ts'
import { sqliteFile } from '../any-database.ts'
import { machineHeaders, temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, startProcess } from '../postern-process.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'
import { startPostgres } from '../store/postgres-server.ts'
import { furnish } from './full-tenant.ts'
import { createRouteCalls } from './route-calls.ts'

const server = await startPostgres().catch((error: unknown) => String(error))
const program = join(import.meta.dirname, '..', '..', 'dist', 'main.js')

/** So many that there is time to end a move in the middle. */
const auditEntries = 60_000

interface Token {
  readonly id: string
  readonly client_id: string
  readonly client_secret: string
}

interface Ended {
  readonly code: number | null
  readonly output: string
}

describe.skipIf(typeof server === 'string')('postern migrate-to', () => {
  const database = server as Exclude<typeof server, string>
  const { url } = database
  let folder: ReturnType<typeof temporaryFolder>
  let tokens: string
  let owner: Readonly<Record<string, string>>
  let token: Token
  let rotated: Token
  let renewed: Token
  let deleted: Token
  let running: PosternProcess | undefined

  const retry = { 'idempotency-key': 'once-and-not-again' }

  beforeAll(async () => {
    const source = sqliteFile()
    const api = await startRawApi({}, source)
    const { accountId, apiToken } = api.postern.bootstrap
    tokens = `/accounts/${accountId}/access/service_tokens`
    owner = { authorization: `Bearer ${apiToken}` }
    await furnish(api, createRouteCalls(api), 'alpha', 'a')
    token = await make(api, tokens, { name: 'moved' }, retry)
    rotated = await make(api, tokens, { name: 'rotated' })
    renewed = await make(api, `${tokens}/${rotated.id}/rotate`, { previous_client_secret_expires_at: '2099-01-01T00:00:00Z' })
    deleted = await make(api, tokens, { name: 'deleted' })
    await api.call({ method: 'DELETE', path: `${tokens}/${deleted.id}` })
    expect(await statusAt(api.postern.gateUrl, token)).toBe(200)
    await api.postern.stop()
    await sql`
      insert into audit (id, at, account_id, action, succeeded, actor_kind, actor_id)
      with recursive number(n) as (select 1 union all select n + 1 from number where n < ${auditEntries})
      select printf('old %d', n), n, ${accountId}, 'test', 1, 'system', '' from number`.execute(api.db)
    // Nothing expires soon enough to be told of.
    await sql`
      insert into alert_delivery (id, account_id, policy_id, policy_name, policy_description, webhook_id, service_token_id, token_expires_at, body, created_at, attempts)
      values ('told', ${accountId}, 'policy', 'Policy', '', 'webhook', 'token', 1, '{}', 1, 1)`.execute(api.db)
    folder = temporaryFolder()
    cpSync(source.folder, join(folder.path, 'data'), { recursive: true })
    writeFileSync(join(folder.path, 'data', 'master.key'), source.settings.MASTER_KEY, { mode: 0o600 })
    await api.stop()
  }, 120_000)

  afterEach(() => {
    running?.child.kill('SIGKILL')
  })
  afterAll(async () => {
    folder?.remove()
    await database.stop()
  })

  async function make(api: RawApi, path: string, body: object, headers: Readonly<Record<string, string>> = {}): Promise<Token> {
    return (await api.call({ method: 'POST', path, body, headers })).envelope.result as unknown as Token
  }

  async function statusAt(gateUrl: string, credentials: Pick<Token, 'client_id' | 'client_secret'>): Promise<number> {
    return (await fetch(`${gateUrl}/authorize`, { headers: machineHeaders(credentials) })).status
  }

  /** Runs the command, and kills it (or does something else) once its output says so. */
  function migrateTo(
    args: readonly string[],
    environment: Readonly<Record<string, string>>,
    moment?: RegExp,
    act: (child: ChildProcess) => unknown = (child) => child.kill('SIGKILL'),
  ): Promise<Ended> {
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('POSTERN_'))
    const env = { ...Object.fromEntries(inherited), ...environment }
    const child = spawn(process.execPath, [program, 'migrate-to', ...args], { cwd: folder.path, env, stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    let hasActed = false
    const hear = (chunk: Buffer) => {
      output += chunk
      if (hasActed || !moment?.test(output)) return
      hasActed = true
      act(child)
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    return new Promise((resolve) => child.once('close', (code) => resolve({ code, output })))
  }

  const target = { POSTERN_MIGRATE_TO_URL: url }
  const onSqlite = () => startProcess({ folder: folder.path, settings: { DATABASE_URL: 'sqlite:data/postern.db' } })
  const onPostgres = (more = {}) => startProcess({ folder: folder.path, settings: { DATABASE_URL: url, ...more } })

  test('is refused while Postern runs, and says so', async () => {
    running = await onSqlite()
    const refused = await migrateTo([], target)
    expect(refused).toEqual({ code: 1, output: expect.stringMatching(/postern\.db is in use: stop Postern first/) })
    expect(await running.end('SIGTERM')).toBe(0)
  })

  test('says what is missing, in a line', async () => {
    expect(await migrateTo([], {})).toEqual({ code: 1, output: expect.stringMatching(/^Where to\?.*POSTERN_MIGRATE_TO_URL_FILE.*\n$/) })
    expect(await migrateTo(['mysql://db/postern'], {})).toEqual({ code: 1, output: expect.stringContaining('must be') })
    expect(await migrateTo([], { ...target, POSTERN_DATABASE_URL: url })).toEqual({
      code: 1,
      output: expect.stringContaining('is PostgreSQL already'),
    })
    const nobody = await migrateTo([], { POSTERN_MIGRATE_TO_URL: 'postgres://postern:geheim@127.0.0.1:1/postern' })
    expect(nobody).toEqual({ code: 1, output: expect.stringMatching(/^127\.0\.0\.1:1\/postern cannot be reached: .*\n$/) })
    expect(nobody.output).not.toContain('geheim')
  })

  test('killed with -9 wherever it is, it goes on; nobody serves half of it; and then everything works as before', {
    timeout: 240_000,
  }, async () => {
    const before = openSqliteAlone(join(folder.path, 'data', 'postern.db'))
    const rows = await Promise.all(
      tablesInOrder.map(async (table) => (await sql`select 1 from ${sql.table(table)} limit 1`.execute(before)).rows.length),
    )
    expect(tablesInOrder.filter((_, index) => rows[index] === 0)).toEqual([])
    await before.destroy()

    const cutOff = await migrateTo(['--json'], target, /"copy","table":"zone"/, (child) => {
      const cutting = setInterval(() => {
        database
          .query(
            "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'postern' and datname = current_database()",
          )
          .catch(() => undefined)
      }, 20)
      child.once('close', () => clearInterval(cutting))
    })
    expect(cutOff).toEqual({
      code: 1,
      output: expect.stringMatching(/does not answer any more: .*Run the same command again, and it goes on\.\n$/),
    })

    const moments = [
      /"table":"zone"/,
      /"copy","table":"audit","rows":\d{4,5},/,
      /"copy","table":"audit","rows":[3-5]\d\d\d\d,/,
      /"verify","table":"audit","rows":\d{5},/,
    ]
    for (const moment of moments) {
      const killed = await migrateTo(['--json'], target, moment)
      expect(killed.code).toBeNull()
      await expect(onPostgres()).rejects.toThrow('not all of it has arrived')
      await expect(onSqlite()).rejects.toThrow('was moved to')
    }

    const passwordFile = join(folder.path, 'url')
    writeFileSync(passwordFile, `${url}\n`)
    const done = await migrateTo([], { POSTERN_MIGRATE_TO_URL_FILE: passwordFile })
    expect(done).toEqual({ code: 0, output: expect.stringContaining('What to do next') })
    expect(done.output).toMatch(/copying audit: \d+ rows\n/)
    expect(done.output).toContain('data/master.key')
    expect(done.output).not.toContain('postgres:postgres')

    running = await onPostgres()
    const { gateUrl, apiUrl } = running
    for (const good of [token, rotated, renewed]) expect(await statusAt(gateUrl, good)).toBe(200)
    for (const bad of [deleted, { ...token, client_secret: rotated.client_secret }]) expect(await statusAt(gateUrl, bad)).toBe(401)
    const call = (method: string, path: string, body: object, headers = {}) =>
      fetch(`${apiUrl}/client/v4${path}`, {
        ...{ method, headers: { 'content-type': 'application/json', ...owner, ...headers } },
        body: JSON.stringify(body),
      })
    // What was answered then opens under the same master key, and shows the same secret.
    const again = (await (await call('POST', tokens, { name: 'moved' }, retry)).json()) as { result: Token }
    expect(again.result.client_secret).toBe(token.client_secret)
    expect((await call('PUT', `${tokens}/${token.id}`, { enabled: false })).status).toBe(200)
    expect(await statusAt(gateUrl, token)).toBe(401)
    await running.end('SIGTERM')

    expect(await migrateTo([], target)).toEqual({ code: 1, output: expect.stringContaining('is not empty') })
    await expect(onPostgres({ MASTER_KEY: 'ab'.repeat(32) })).rejects.toThrow('the master key is not the one')
    expect(await migrateTo(['--cancel'], {})).toEqual({ code: 0, output: expect.stringContaining('data/postern.db again') })
    running = await onSqlite()
    expect(await statusAt(running.gateUrl, token)).toBe(200)
  })

  test('warns of a password among the arguments', async () => {
    const { output } = await migrateTo(['postgres://postern:geheim@127.0.0.1:1/postern'], {})
    expect(output).toContain('Others on this machine can read the password')
  })
})
