import { Agent, get } from 'node:http'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type clientFor, machineHeaders } from '../../test/fixtures.ts'
import { type Cluster, startCluster } from '../../test/nodes/cluster.ts'
import { hasPgBouncer, startPooler } from '../../test/nodes/pooler.ts'
import { startPostgres } from '../../test/store/postgres-server.ts'
import { atMost, type Bench, type Context, type Outcome, type Row } from '../bench.ts'
import { paceRequests } from '../generated-load.ts'
import { latenciesOf } from '../latencies.ts'
import { authorizeRequest, writeRequests } from '../requests.ts'

const gates = 3
const pollMs = 200
/** Requests a second at each gate, while tokens are revoked. */
const loadPerGate = 200
/** Revocations under way at a time. */
const lanes = 5
/** From one answer to the next question: without a pause, those who ask would take the processors from those who answer. */
const askEveryMs = 5
/** Milliseconds that one may take on average, and the load has to go on for. */
const mostMs = { doorbell: 150, polling: 320 }
const names = { doorbell: 'with notifications', polling: 'asking alone, every 200 ms' }

type Issued = Awaited<ReturnType<ReturnType<typeof clientFor>['zeroTrust']['access']['serviceTokens']['create']>>

export const propagation: Bench = {
  name: 'propagation',
  title: 'From a revocation to the last gate',
  async run(context) {
    const revocations = context.quick ? 30 : 500
    const rows = [await withCluster(context, names.doorbell, revocations, mostMs.doorbell, {})]
    if (hasPgBouncer) rows.push(await behindPooler(context, revocations))
    else context.say('without pgbouncer it is not measured how gates do that ask alone: `apt-get install pgbouncer`')
    return outcome(rows, revocations)
  },
}

async function withCluster(
  context: Context,
  name: string,
  revocations: number,
  msEach: number,
  settings: Record<string, string>,
): Promise<Row> {
  const cluster = await startCluster(gates, { POLL_INTERVAL: `${pollMs}ms`, RATE_LIMIT: '0', ...settings })
  try {
    const tokens = await inLanes(Array.from({ length: revocations }), (_nothing, number) =>
      cluster.serviceTokens.create({ account_id: cluster.accountId, name: `token ${number}` }),
    )
    const asked = await cluster.serviceTokens.create({ account_id: cluster.accountId, name: 'asked for all the time' })
    for (const token of [tokens.at(-1) ?? asked, asked]) await untilAll(cluster, token, 200)
    const seconds = Math.ceil((revocations / lanes) * (msEach / 1000))
    const file = writeRequests(join(context.scratch, 'propagation'), [
      authorizeRequest({ clientId: asked.client_id ?? '', secret: asked.client_secret ?? '' }),
    ])
    const load = cluster.gates.map(({ gateUrl }) =>
      paceRequests({ url: `${gateUrl}/authorize`, requests: file, connections: 8, expected: 200, perSecond: loadPerGate, seconds }),
    )
    let isOver = false
    const loaded = Promise.all(load).then(() => {
      isOver = true
    })
    const times = await inLanes(tokens, async ({ id = '' }, number) => {
      const token = tokens[number] as Issued
      await cluster.serviceTokens.delete(id, { account_id: cluster.accountId })
      const from = performance.now()
      await untilAll(cluster, token, 401)
      return performance.now() - from
    })
    if (isOver) throw new Error(`revocations took longer than the load of ${seconds} s, so the figures would not be under load`)
    await loaded
    const { p50Ms, p99Ms, maxMs } = latenciesOf(times)
    context.say(`${name}: p50 ${p50Ms.toFixed(1)} ms, p99 ${p99Ms.toFixed(1)} ms, max ${maxMs.toFixed(1)} ms`)
    return { name, values: { 'p50 ms': p50Ms, 'p99 ms': p99Ms, 'max ms': maxMs } }
  } finally {
    await cluster.stop()
  }
}

async function behindPooler(context: Context, revocations: number): Promise<Row> {
  const postgres = await startPostgres()
  const pooler = await startPooler(postgres.url)
  try {
    return await withCluster(context, names.polling, revocations, mostMs.polling, { DATABASE_URL: pooler.url })
  } finally {
    pooler.stop()
    await postgres.stop()
  }
}

const agent = new Agent({ keepAlive: true })

/** Asks every gate again and again until it gives this answer. */
async function untilAll({ gates: all }: Cluster, token: Issued, status: number): Promise<void> {
  await Promise.all(
    all.map(async ({ gateUrl }) => {
      while ((await ask(`${gateUrl}/authorize`, machineHeaders(token))) !== status) await sleep(askEveryMs)
    }),
  )
}

function ask(url: string, headers: Record<string, string>): Promise<number> {
  return new Promise((resolve, reject) => {
    get(url, { headers, agent }, (response) => {
      response.resume().once('end', () => resolve(response.statusCode ?? 0))
    }).once('error', reject)
  })
}

async function inLanes<Item, Result>(
  items: readonly Item[],
  what: (item: Item, number: number) => Promise<Result>,
): Promise<readonly Result[]> {
  const results: Result[] = []
  let next = 0
  async function lane(): Promise<void> {
    for (let number = next++; number < items.length; number = next++) results[number] = await what(items[number] as Item, number)
  }
  await Promise.all(Array.from({ length: lanes }, lane))
  return results
}

function outcome(rows: readonly Row[], revocations: number): Outcome {
  const note = `${revocations} deletions, ${lanes} at a time, on ${gates} gates that answer ${loadPerGate} other requests a second each; a node with the API and PostgreSQL on the same two cores. From the API's answer until every gate has refused the token; asked again ${askEveryMs} ms after each answer, which is part of it.`
  const p99 = (name: string) => Number(rows.find((row) => row.name === name)?.values['p99 ms'] ?? Number.NaN)
  return {
    tables: [{ title: 'Milliseconds from the answer to the last gate', columns: ['p50 ms', 'p99 ms', 'max ms'], rows, note }],
    targets: [
      atMost('p99 with notifications, ms', 100, p99(names.doorbell)),
      ...(rows.length > 1 ? [atMost('p99 asking alone, ms', pollMs + 100, p99(names.polling))] : []),
    ],
  }
}
