import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, expect, test } from 'vitest'
import { type Cluster, type Node, startCluster } from './cluster.ts'
import { type Issued, startAsking, statusAt } from './machine.ts'

let cluster: Cluster | undefined
afterEach(async () => {
  await cluster?.stop()
  cluster = undefined
})

/** A process whose time of day moves by so much with each SIGUSR2. Its monotonic clock goes on as it did: no setting of the time changes that one. */
const settable = (hours: number) => {
  const program = `const now=Date.now;let by=0;Date.now=()=>now()+by;process.on("SIGUSR2",()=>{by+=${hours}*3600000})`
  return { NODE_OPTIONS: `--import data:text/javascript,${encodeURIComponent(program)}` }
}

/** From here on, all nodes see a database whose clock can be set. */
async function makeDatabaseSettable({ postgres }: Cluster, nodes: readonly Node[]): Promise<(interval: string) => Promise<unknown>> {
  const set = (interval: string) =>
    postgres.query(`create or replace function moved.clock_timestamp() returns timestamptz language sql volatile
      as $$ select pg_catalog.clock_timestamp() + interval '${interval}' $$`)
  await postgres.query('create schema moved')
  await set('0')
  const name = new URL(postgres.url).pathname.slice(1)
  await postgres.query(`alter database ${name} set search_path = moved, pg_catalog, public`)
  for (const { way } of nodes) {
    way.cut()
    way.open()
  }
  return set
}

const issueIn = ({ serviceTokens, accountId }: Cluster, name: string) => serviceTokens.create({ account_id: accountId, name })
const statusesAt = (gates: readonly Node[], token: Issued) => Promise.all(gates.map((gate) => statusAt(gate, token)))

test('the clock of the database may be put forward by days, or back: no gate is forgotten, no lease ends early, and chores go on', async () => {
  cluster = await startCluster(2, { STALENESS_BUDGET: '8s', CHORE_INTERVAL: '100ms', CHANGE_LOG_MAX: '2' })
  const { gates, postgres, call } = cluster
  const [lonely, other] = gates as [Node, Node]
  const setClock = await makeDatabaseSettable(cluster, [cluster.api, ...gates])
  const tokens = [await issueIn(cluster, 'first'), await issueIn(cluster, 'second')] as const
  for (const token of tokens) await expect.poll(() => statusesAt(gates, token), { timeout: 10_000 }).toEqual([200, 200])

  lonely.way.hold()
  await setClock('3 days')
  // Time enough for several rounds of chores; the gate goes on with what it knows.
  await sleep(1_000)
  const { receipt: early } = (await call('PUT', `/service_tokens/${tokens[0].id}?wait=0`, { enabled: false })).body
  expect(await statusAt(lonely, tokens[0])).toBe(200)
  expect([early?.complete, early?.gates.length]).toEqual([false, 2])
  const asking = startAsking(gates, tokens[0])
  const { receipt } = (await call('PUT', `/service_tokens/${tokens[0].id}?wait=30`, { name: 'still off' })).body
  const receivedAt = performance.now()
  await sleep(300)
  await asking.stop()
  expect([receipt?.complete, receipt?.gates.map(({ status }) => status).sort()]).toEqual([true, ['applied', 'lease_ended']])
  expect(asking.sentAfter(receivedAt)).toEqual([[503], [401]])
  lonely.way.cut()
  lonely.way.open()
  await expect.poll(() => statusesAt(gates, tokens[1]), { timeout: 20_000 }).toEqual([200, 200])

  await setClock('-1 day')
  const kept = async () => (await postgres.query('select seq from change')).length
  for (let number = 0; number < 4; number++) await issueIn(cluster, `more ${number}`)
  await expect.poll(kept, { timeout: 10_000 }).toBe(2)
  const { receipt: last } = (await call('DELETE', `/service_tokens/${tokens[1].id}?wait=20`)).body
  expect([last?.complete, last?.gates.map(({ status }) => status)]).toEqual([true, ['applied', 'applied']])
  expect(await statusAt(other, tokens[1])).toBe(401)
}, 90_000)

test('the clock of a node may be set: leases and receipts count the seconds that have passed', async () => {
  cluster = await startCluster(0, { STALENESS_BUDGET: '6s' })
  const gates = [await cluster.start('gate', {}, settable(1)), await cluster.start('gate', {}, settable(-1))] as const
  const api = await cluster.start('api', {}, settable(1))
  const token = await issueIn(cluster, 'revoked')
  await expect.poll(() => statusesAt(gates, token), { timeout: 10_000 }).toEqual([200, 200])
  const asking = startAsking(gates, token)
  for (const gate of gates) gate.way.hold()
  const from = performance.now()
  for (const { child } of gates) child.kill('SIGUSR2')
  const answering = cluster.call('DELETE', `/service_tokens/${token.id}?wait=30`, undefined, api)
  await sleep(1_000)
  api.child.kill('SIGUSR2')
  const { receipt } = (await answering).body
  const receivedAt = performance.now()
  await sleep(300)
  await asking.stop()
  expect([receipt?.complete, receipt?.gates.map(({ status }) => status)]).toEqual([true, ['lease_ended', 'lease_ended']])
  // They went on for as long as they may, and no longer.
  expect(receivedAt - from).toBeGreaterThan(6_000)
  expect(asking.sentAfter(from + 1_500).map((statuses) => statuses.includes(200))).toEqual([true, true])
  expect(asking.sentAfter(receivedAt)).toEqual([[503], [503]])
}, 60_000)
