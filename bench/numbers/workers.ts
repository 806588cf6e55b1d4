import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Bench, type Context, median, type Outcome, type Row, type Table } from '../bench.ts'
import { compare, comparisonColumns } from '../comparison.ts'
import { askEachOnce } from '../generated-load.ts'
import { copyOf, type Installation, installationWith } from '../postern.ts'
import { clientCore, type Running, serverCore, start, withPrograms } from '../processes.ts'
import { authorizeRequest, someOf, writeRequests } from '../requests.ts'
import { connections } from '../wrk.ts'

const bothCores = ['taskset', '-c', `${serverCore},${clientCore}`, process.execPath]
const main = join(import.meta.dirname, '..', '..', 'dist', 'main.js')
const tables = join(import.meta.dirname, '..', 'servers', 'worker-tables.mjs')

/** From one process to two workers on two cores. */
export const workers: Bench = {
  name: 'workers',
  title: 'Several gate processes behind one port',
  async run(context) {
    const few = await installationWith(context, context.quick ? 500 : 10_000)
    const throughput = await compareWorkers(context, few)
    const amounts = context.quick ? [1_000, 10_000] : [1_000_000]
    const memory: Row[] = []
    for (const tokens of amounts) memory.push(...(await memoryOf(context, await installationWith(context, tokens))))
    return outcome(throughput.rows, memory, await designs(context, context.quick ? 100_000 : 1_000_000), throughput.cores)
  },
}

function startOnBothCores({ folder }: Installation, count: number): Promise<Running> {
  return start({
    command: [...bothCores, main, 'serve'],
    environment: { POSTERN_API_LISTEN: '127.0.0.1:0', POSTERN_GATE_LISTEN: '127.0.0.1:0', POSTERN_WORKERS: String(count) },
    ready: /"gate":"([^"]+)".*"msg":"ready"/,
    folder,
  })
}

const nameOf = (count: number) => (count === 1 ? '1 process' : `${count} workers and the API’s process`)

async function compareWorkers(context: Context, installation: Installation) {
  const requests = writeRequests(join(context.scratch, 'workers'), someOf(installation).map(authorizeRequest))
  return withPrograms(async (keep) => {
    const contestants = []
    for (const count of [1, 2]) {
      // Two installations must not share one database.
      const server = await keep(startOnBothCores(copyOf(context, installation, `workers-${count}`), count))
      const url = `${server.url}/authorize`
      // As many times as there are workers, and once more, as nobody can choose which of them signs.
      for (let time = 0; time <= count; time++) await askEachOnce({ url, requests, connections, expected: 200 })
      contestants.push({ name: nameOf(count), server: { ...server, url }, load: { requests } })
    }
    const { rows, of } = await compare(context, contestants)
    const busy = (name: string) => (of(name, 'requestsPerSecond') * of(name, 'cpuMicros')) / 1e6
    return { rows, cores: [1, 2].map((count) => ({ name: nameOf(count), busy: busy(nameOf(count)) })) }
  })
}

const settleMs = 2_000

async function memoryOf({ say }: Context, installation: Installation): Promise<readonly Row[]> {
  const rows: Row[] = []
  for (const count of [1, 2]) {
    const server = await startOnBothCores(installation, count)
    await new Promise((resolve) => setTimeout(resolve, settleMs))
    const { pssMiB } = server.usage()
    const values = { tokens: installation.tokens, 'PSS MiB': pssMiB, 'ready after ms': server.startMs }
    await server.stop()
    say(`${nameOf(count)}, ${installation.tokens.toLocaleString('en')} tokens: ${Math.round(pssMiB)} MiB`)
    rows.push({ name: nameOf(count), values })
  }
  return rows
}

interface Looked {
  readonly pssMiB: number
  readonly lookUpsPerSecond: readonly number[]
}

async function look(design: 'own' | 'shared', threads: number, tokens: number, ms: number): Promise<Looked> {
  const [taskset = '', ...program] = [...bothCores, tables]
  const { stdout } = await promisify(execFile)(taskset, [...program, design, ...[threads, tokens, ms].map(String)])
  return JSON.parse(stdout) as Looked
}

async function designs({ quick }: Context, tokens: number): Promise<Table> {
  const rows: Row[] = []
  for (const threads of quick ? [2] : [1, 2, 4]) {
    for (const design of ['own', 'shared'] as const) {
      const empty = await look(design, threads, 1, 100)
      const { pssMiB, lookUpsPerSecond } = await look(design, threads, tokens, 1_000)
      const tableMiB = pssMiB - empty.pssMiB
      const values = {
        'tables MiB': tableMiB,
        'bytes/token': (tableMiB * 2 ** 20) / tokens,
        'look-ups/s a thread': median(lookUpsPerSecond),
      }
      rows.push({ name: design === 'own' ? `${threads} threads, a table each` : `${threads} threads, one table in shared memory`, values })
    }
  }
  return {
    title: `The other design: threads and a table of ${tokens.toLocaleString('en')} tokens, without a network`,
    columns: ['tables MiB', 'bytes/token', 'look-ups/s a thread'],
    rows,
    note: 'Rows and indexes as large as the replica’s, filled at once and then only read: what several writers and readers would need to agree is not in it. On two cores, four threads have half a core each. Threads of Node 20 cannot share a listening port, so over HTTP this design could not be measured.',
  }
}

function outcome(
  throughput: readonly Row[],
  memory: readonly Row[],
  other: Table,
  cores: readonly { name: string; busy: number }[],
): Outcome {
  const busy = cores.map((one) => `${one.name}: ${one.busy.toFixed(2)} cores`).join('; ')
  return {
    tables: [
      {
        title: 'Requests to /authorize, with both cores for all',
        columns: comparisonColumns,
        rows: throughput,
        note: `The load generator has no core of its own here, as there are two: it takes from two workers what it does not take from one process. So the time on a processor of each request says more than the requests per second. In use by the servers — ${busy}.`,
      },
      {
        title: 'Memory after the start, of all processes',
        columns: ['tokens', 'PSS MiB', 'ready after ms'],
        rows: memory,
        note: 'PSS: what several processes share, such as the program, is divided among them. With workers there is one process more, which holds no tokens.',
      },
      other,
    ],
    targets: [],
  }
}
