import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import Sqlite from 'better-sqlite3'
import { startBare } from '../bare-server.ts'
import { atLeast, type Bench, type Context, median, type Outcome } from '../bench.ts'
import { type Installation, makeInstallation, startPostern } from '../postern.ts'
import { type Running, serverCore, start, withPrograms } from '../processes.ts'
import { writeRequests } from '../requests.ts'
import { type Measured, measure } from '../wrk.ts'

const clients = [1, 8, 64] as const
const columns = ['creates/s', 'relative', 'p50 ms', 'p99 ms', 'CPU µs/create'] as const
const rowsName = 'bare better-sqlite3, a row in each transaction, synchronous=FULL'
const transactionsName = 'bare better-sqlite3, the rows of a create in each transaction: the floor for 1 client'
const target = 0.3

type Figures = Pick<Measured, 'requestsPerSecond' | 'cpuMicros'> & Partial<Pick<Measured, 'p50Ms' | 'p99Ms'>>

/** One of several that are measured in turns, by its name. */
interface Turn {
  readonly name: string
  readonly run: (seconds: number) => Promise<Figures>
  readonly startsAnew?: boolean
}

export const creates: Bench = {
  name: 'creates',
  title: 'Durable creates of service tokens, through the whole API',
  run: (context) =>
    withPrograms(async (keep) => {
      const installation = await makeInstallation(context, join(context.scratch, 'creates'), 0)
      const requests = writeRequests(join(context.scratch, 'create-request'), [createRequest(installation)])
      const bare = await keep(startBare())
      const fastify = await keep(
        start({ command: [process.execPath, join(import.meta.dirname, '..', 'servers', 'bare-create.mjs')], ready: /ready at (\S+)/ }),
      )
      let acknowledged = 0
      let cutOff = 0
      const measured = new Map<string, Figures[]>()
      const postern = await startPostern(installation, { RATE_LIMIT: '0' })
      const api: Running = { ...postern, url: postern.apiUrl }
      const turns: Turn[] = [
        { name: rowsName, run: (seconds) => bareSqlite('bare-rows.mjs', join(context.scratch, 'rows.db'), seconds), startsAnew: true },
        ...clients.map((connections) => ({
          name: nameOf(connections),
          async run(seconds: number) {
            const figures = await measure(api, { requests, seconds, connections })
            acknowledged += figures.requests
            // The last request of each client may be stored, and its answer come too late to be counted.
            cutOff += connections
            return figures
          },
        })),
        { name: transactionsName, run: (seconds) => bareTransactions(context, installation, seconds), startsAnew: true },
        { name: 'Fastify, which checks the body and answers alike; 64 clients', run: (seconds) => measure(fastify, { requests, seconds }) },
        { name: 'bare node:http, empty 200; 64 clients', run: (seconds) => measure(bare, { requests, seconds }) },
      ]
      try {
        await inTurns(context, turns, measured)
      } finally {
        await postern.stop()
      }
      verify(installation, acknowledged, cutOff)
      return outcome(turns, measured, acknowledged)
    }),
}

const nameOf = (connections: number) => `Postern, ${connections} ${connections === 1 ? 'client' : 'clients'}`

async function inTurns({ pace, say }: Context, turns: readonly Turn[], measured: Map<string, Figures[]>): Promise<void> {
  // A program that starts anew in each turn has nothing to get warm.
  for (const { run, startsAnew } of turns) if (!startsAnew) await run(pace.warmUpSeconds)
  for (let round = 1; round <= pace.rounds; round++) {
    for (const { name, run } of turns) {
      const figures = await run(pace.roundSeconds)
      measured.set(name, [...(measured.get(name) ?? []), figures])
      say(`${round}/${pace.rounds}  ${name}: ${Math.round(figures.requestsPerSecond).toLocaleString('en')} a second`)
    }
  }
}

function createRequest({ accountId, apiToken }: Installation): string {
  const body = JSON.stringify({ name: 'created by a bench', duration: '8760h' })
  const head = [
    `POST /client/v4/accounts/${accountId}/access/service_tokens HTTP/1.1`,
    ...['Host: api.example.com', `Authorization: Bearer ${apiToken}`, 'Content-Type: application/json', `Content-Length: ${body.length}`],
  ]
  return `${head.join('\r\n')}\r\n\r\n${body}`
}

async function bareTransactions({ scratch }: Context, installation: Installation, seconds: number): Promise<Figures> {
  const copy = join(scratch, 'transactions.db')
  if (!existsSync(copy)) {
    const database = new Sqlite(fileOf(installation), { readonly: true })
    await database.backup(copy)
    database.close()
  }
  return bareSqlite('bare-transactions.mjs', copy, seconds)
}

async function bareSqlite(file: string, database: string, seconds: number): Promise<Figures> {
  const program = [process.execPath, join(import.meta.dirname, '..', 'servers', file), database, String(seconds)]
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(serverCore), ...program])
  const { rows, stored, rowsPerSecond, cpuMicros } = JSON.parse(stdout)
  if (stored < rows) throw new Error(`of ${rows} rows ${stored} are there`)
  return { requestsPerSecond: rowsPerSecond, cpuMicros }
}

function fileOf({ folder }: Installation): string {
  return join(folder, 'data', 'postern.db')
}

/** Whether the database holds what was acknowledged: each token, its place in the change log, and its line in the audit trail. */
function verify(installation: Installation, acknowledged: number, cutOff: number): void {
  const database = new Sqlite(fileOf(installation), { readonly: true })
  const count = (query: string) => database.prepare(query).pluck().get() as number
  const tokens = count('select count(*) from service_token')
  const [changes, entries] = [
    count("select count(*) from change where kind = 'service_token'"),
    count("select count(*) from audit where action = 'service_token.create'"),
  ]
  const gaps = count('select max(seq) - count(*) from change')
  database.close()
  const isWhole = tokens >= acknowledged && tokens <= acknowledged + cutOff && changes === tokens && entries === tokens && gaps === 0
  if (!isWhole) throw new Error(`${acknowledged} were acknowledged: ${JSON.stringify({ tokens, changes, entries, gaps })}`)
}

function outcome(turns: readonly Turn[], measured: ReadonlyMap<string, readonly Figures[]>, acknowledged: number): Outcome {
  const roundsOf = (name: string) => measured.get(name) ?? []
  const of = (name: string, figure: keyof Figures) => {
    const values = roundsOf(name).map((figures) => figures[figure])
    return values.includes(undefined) ? null : median(values as number[])
  }
  const ratio = (name: string) =>
    median(
      roundsOf(name).map(
        ({ requestsPerSecond }, round) => requestsPerSecond / (roundsOf(rowsName)[round]?.requestsPerSecond ?? Number.NaN),
      ),
    )
  const rows = turns.map(({ name }) => ({
    name,
    values: {
      ...{ 'creates/s': of(name, 'requestsPerSecond'), relative: ratio(name), 'p50 ms': of(name, 'p50Ms'), 'p99 ms': of(name, 'p99Ms') },
      'CPU µs/create': of(name, 'cpuMicros'),
    },
  }))
  const note = `Each create is signed in with an API token, checked, stored with its line in the audit trail and its number in the change log, and known to the gate before it is answered. Of ${acknowledged.toLocaleString('en')} that were acknowledged, all were found in the database. One client shares its commit with nobody, so it cannot be quicker than these rows alone; the rest is HTTP, Fastify and the API.`
  return {
    tables: [{ title: 'Durable creates', columns, rows, note }],
    targets: clients.map((connections) =>
      atLeast(`8. ${nameOf(connections)}, relative to bare better-sqlite3`, target, ratio(nameOf(connections))),
    ),
  }
}
