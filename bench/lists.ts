// How long lists of service tokens take at size, and what other requests notice of them. Postern runs as a process of its own, as its users run it.
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import { sql } from 'kysely'
import type { Database } from '../src/store/database.ts'
import { openPostgres } from '../src/store/postgres.ts'
import { openSqlite } from '../src/store/sqlite.ts'
import { machineHeaders, silent, temporaryFolder } from '../test/fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from '../test/postern-process.ts'
import { startPostgres } from '../test/store/postgres-server.ts'
import { fillTokens, nameOf, vacuum, varyTokens } from './many-tokens.ts'

const { values } = parseArgs({
  options: {
    tokens: { type: 'string', default: '1000000' },
    engine: { type: 'string', default: 'sqlite' },
    json: { type: 'boolean', default: false },
  },
})
const tokens = Number(values.tokens)
const mostRuns = 60
const mostMsPerCase = 8_000
const stallMs = 6_000
const probeEveryMs = 5

interface Timing {
  readonly what: string
  readonly runs: number
  readonly medianMs: number
  readonly p99Ms: number
  readonly maxMs: number
}

const note = (text: string) => process.stderr.write(`${text}\n`)

function timing(what: string, times: readonly number[]): Timing {
  const sorted = times.toSorted((one, other) => one - other)
  const at = (share: number) => Math.round((sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN) * 10) / 10
  return { what, runs: sorted.length, medianMs: at(0.5), p99Ms: at(0.99), maxMs: at(1) }
}

async function timed(request: () => Promise<unknown>): Promise<number> {
  const from = performance.now()
  await request()
  return performance.now() - from
}

interface Target {
  readonly list: (
    query: string,
  ) => () => Promise<{ readonly result: readonly unknown[]; readonly result_info: { readonly total_count: number } }>
  readonly overview: () => Promise<unknown>
  readonly livez: () => Promise<unknown>
  readonly authorize: () => Promise<unknown>
}

async function target({ apiUrl, gateUrl }: PosternProcess, accountId: string, apiToken: string): Promise<Target> {
  const api = `${apiUrl}/client/v4/accounts/${accountId}/access/service_tokens`
  const headers = { authorization: `Bearer ${apiToken}`, 'content-type': 'application/json' }
  const get = async (url: string, init: RequestInit = {}) => {
    const answer = await fetch(url, init)
    if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}: ${await answer.text()}`)
    return answer.text()
  }
  const created = await fetch(api, { method: 'POST', headers, body: JSON.stringify({ name: 'the caller' }) })
  const machine = machineHeaders(((await created.json()) as { result: { client_id: string; client_secret: string } }).result)
  return {
    list: (query) => async () => JSON.parse(await get(`${api}?${query}`, { headers })),
    overview: () => get(`${api}/overview`, { headers }),
    livez: () => get(`${apiUrl}/livez`),
    authorize: () => get(`${gateUrl}/authorize`, { headers: machine }),
  }
}

async function lists(target: Target): Promise<readonly Timing[]> {
  const cases: [string, string][] = []
  for (const perPage of [50, 1000]) {
    const pages = Math.ceil(tokens / perPage)
    cases.push([`first page of ${perPage}`, `page=1&per_page=${perPage}`])
    cases.push([`middle page of ${perPage}`, `page=${Math.ceil(pages / 2)}&per_page=${perPage}`])
    cases.push([`last page of ${perPage}`, `page=${pages}&per_page=${perPage}`])
  }
  cases.push(['exact name', `name=${encodeURIComponent(nameOf(Math.floor(tokens / 3)))}`])
  cases.push(['search, one match', `search=${encodeURIComponent(nameOf(Math.floor(tokens / 3)).toUpperCase())}&per_page=50`])
  cases.push(['search, no match', 'search=nowhere&per_page=50'])
  cases.push(['search, a few letters of ids', 'search=a1b2c&per_page=50'])
  cases.push(['search, a tenth matches', 'search=Deploy&per_page=50'])
  cases.push(['search, a tenth matches, 1000 a page', 'search=Deploy&per_page=1000'])
  cases.push(['search, all match, middle page', `search=access&per_page=50&page=${Math.ceil(tokens / 100)}`])
  return timeEach(target, cases)
}

const statuses = ['active', 'disabled', 'expired', 'in_grace', 'grace_unused', 'never_used', 'unused', 'expiring_7d', 'expiring_30d']
const orders = ['created_at', 'name', 'expires_at', 'last_seen_at', 'updated_at']

/** Pages of 50 of every order, of every status, and of every status in every order: the first and, where it is said, the middle one. */
async function narrowed(target: Target): Promise<readonly Timing[]> {
  const middle = `per_page=50&page=${Math.ceil(tokens / 100)}`
  const cases = orders.flatMap((order): [string, string][] => [
    [`by ${order}, descending`, `order=${order}&direction=desc&per_page=50`],
    [`by ${order}, ascending`, `order=${order}&direction=asc&per_page=50`],
    [`by ${order}, middle page`, `order=${order}&${middle}`],
    [`active by ${order}, middle page`, `status=active&order=${order}&per_page=50&page=${Math.ceil(tokens / 120)}`],
    ...statuses.map((status): [string, string] => [`${status} by ${order}`, `status=${status}&order=${order}&per_page=50`]),
    [`search by ${order}`, `search=deploy&order=${order}&per_page=50`],
  ])
  return [timing('overview', await timesOf(target.overview)), ...(await timeEach(target, cases))]
}

async function timesOf(request: () => Promise<unknown>): Promise<readonly number[]> {
  const times: number[] = []
  const until = performance.now() + mostMsPerCase
  while (times.length < mostRuns && performance.now() < until) times.push(await timed(request))
  return times
}

async function timeEach({ list }: Target, cases: readonly (readonly [what: string, query: string])[]): Promise<readonly Timing[]> {
  const timings: Timing[] = []
  for (const [what, query] of cases) {
    const first = await list(query)()
    const times = await timesOf(list(query))
    timings.push(timing(`${what} (${first.result.length} of ${first.result_info.total_count})`, times))
    note(`  ${what}`)
  }
  return timings
}

/** Calls again and again, without waiting for the answers, and answers with how long each call took. */
async function probe(request: () => Promise<unknown>): Promise<readonly number[]> {
  const times: Promise<number>[] = []
  const until = performance.now() + stallMs
  while (performance.now() < until) {
    times.push(timed(request))
    await sleep(probeEveryMs)
  }
  return Promise.all(times)
}

async function stalls({ list, livez, authorize }: Target): Promise<readonly Timing[]> {
  const page = list(`page=${Math.ceil(tokens / 100)}&per_page=50`)
  const longPage = list(`page=${Math.ceil(tokens / 2000)}&per_page=1000`)
  const search = list('search=nowhere&per_page=50')
  const others: [string, (() => Promise<unknown>)[]][] = [
    ['alone', []],
    ['beside 4 that list pages of 50', [page, page, page, page]],
    ['beside 1 that lists pages of 1000', [longPage]],
    ['beside 4 that search', [search, search, search, search]],
  ]
  const timings: Timing[] = []
  for (const [beside, requests] of others) {
    let stopped = false
    const loops = requests.map(async (request) => {
      while (!stopped) await request()
    })
    const probes: [string, () => Promise<unknown>][] = [
      ['GET /livez', livez],
      ['gate /authorize', authorize],
    ]
    for (const [what, request] of probes) timings.push(timing(`${what} ${beside}`, await probe(request)))
    if (requests.includes(search)) {
      const times: number[] = []
      for (let run = 0; run < mostRuns; run++) times.push(await timed(page))
      timings.push(timing(`a page of 50 ${beside}`, times))
    }
    stopped = true
    await Promise.all(loops)
    note(`  ${beside}`)
  }
  return timings
}

interface Place {
  readonly url: string
  open(): Database
  remove(): Promise<void>
}

async function databaseFor(engine: string, folder: string): Promise<Place> {
  if (engine === 'sqlite') {
    const path = join(folder, 'postern.db')
    return { url: `sqlite:${path}`, open: () => openSqlite(path), remove: () => Promise.resolve() }
  }
  if (engine !== 'postgres') throw new Error('--engine must be sqlite or postgres')
  const server = await startPostgres()
  return { url: server.url, open: () => openPostgres(server.url, silent), remove: server.stop }
}

async function fill(database: Database, accountId: string): Promise<void> {
  let shown = 0
  // Random keys land all over the file, so this is a matter of memory.
  if (values.engine === 'sqlite') await sql`pragma cache_size = -1000000`.execute(database.db)
  await fillTokens(database.db, accountId, tokens, (done) => {
    const tenths = Math.floor((10 * done) / tokens)
    if (tenths > shown) note(`  ${tenths * 10} %`)
    shown = tenths
  })
  await varyTokens(database.db, Date.now())
  if (values.engine === 'postgres') await vacuum(database.db)
  await database.close()
}

function show(title: string, timings: readonly Timing[]): void {
  const table = new Table({ head: [title, 'runs', 'median ms', 'p99 ms', 'max ms'], style: { head: [], border: [] } })
  for (const { what, runs, medianMs, p99Ms, maxMs } of timings) table.push([what, runs, medianMs, p99Ms, maxMs])
  console.log(table.toString())
}

const folder = temporaryFolder()
const place = await databaseFor(values.engine, folder.path)
let postern: PosternProcess | undefined
try {
  const first = await startProcess({ folder: folder.path, settings: { DATABASE_URL: place.url } })
  const { accountId, apiToken } = shownIn(first.output())
  await first.end('SIGTERM')
  note(`filling ${values.engine} with ${tokens} service tokens`)
  await fill(place.open(), accountId)
  const startMs = await timed(async () => {
    postern = await startProcess({ folder: folder.path, settings: { DATABASE_URL: place.url } })
  })
  if (postern === undefined) throw new Error('it did not start')
  note(`ready in ${Math.round(startMs)} ms, the gate's tokens included; measuring`)
  const aim = await target(postern, accountId, apiToken)
  const measured = { lists: await lists(aim), narrowed: await narrowed(aim), others: await stalls(aim) }
  const result = { engine: values.engine, tokens, startMs: Math.round(startMs), ...measured }
  if (values.json) console.log(JSON.stringify(result, undefined, 2))
  else {
    show(`${values.engine}, ${tokens} tokens`, result.lists)
    show('narrowed and in other orders', result.narrowed)
    show('other requests', result.others)
  }
} finally {
  await postern?.end('SIGTERM')
  await place.remove()
  folder.remove()
}
