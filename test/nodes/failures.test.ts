import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { clientFor } from '../fixtures.ts'
import { startLoad } from '../machine-load.ts'
import { type Cluster, type Node, startCluster } from './cluster.ts'
import { type Issued, startAsking, statusAt } from './machine.ts'

let cluster: Cluster
let other: Node

beforeAll(async () => {
  cluster = await startCluster(2)
  other = await cluster.start('api')
}, 120_000)
afterAll(() => cluster?.stop())

/** Creates tokens at a node without a pause, until it is told to end. */
function creating(node: Node, name: string) {
  const acknowledged: Issued[] = []
  const refused: { readonly status: number; readonly retryAfter: string | null; readonly text: string }[] = []
  let isOver = false
  async function one(lane: number) {
    for (let number = 0; !isOver; number++) {
      const response = await fetch(`${node.apiUrl}/client/v4/accounts/${cluster.accountId}/access/service_tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${cluster.apiToken}`, 'content-type': 'application/json' },
        body: JSON.stringify({ name: `${name} ${lane} ${number}` }),
      }).catch(() => undefined)
      if (response === undefined) return
      const text = await response.text()
      if (response.status === 201) acknowledged.push(JSON.parse(text).result)
      else refused.push({ status: response.status, retryAfter: response.headers.get('retry-after'), text })
    }
  }
  const lanes = Promise.all([0, 1, 2, 3].map(one))
  const upTo = (count: number) => expect.poll(() => acknowledged.length, { timeout: 30_000 }).toBeGreaterThan(acknowledged.length + count)
  async function end(): Promise<void> {
    isOver = true
    await lanes
  }
  return { acknowledged, refused, more: upTo, end }
}

/** Whether all that was acknowledged is there, and opens every gate. */
async function expectKept(acknowledged: readonly Issued[]): Promise<void> {
  expect(acknowledged.length).toBeGreaterThan(0)
  const there = new Set<string>()
  const client = clientFor(cluster.api.apiUrl, cluster.apiToken)
  for await (const { id } of client.zeroTrust.access.serviceTokens.list({ account_id: cluster.accountId })) there.add(id ?? '')
  expect(acknowledged.filter(({ id = '' }) => !there.has(id))).toEqual([])
  for (const gate of cluster.gates) {
    for (const token of acknowledged.filter((_token, index) => index % 10 === 0))
      await expect.poll(() => statusAt(gate, token), { timeout: 10_000 }).toBe(200)
  }
}

async function seqs(): Promise<readonly number[]> {
  const rows = await cluster.postgres.query<{ seq: string }>('select seq from change order by seq')
  return rows.map(({ seq }) => Number(seq))
}

describe('nothing acknowledged is lost, gates go on answering, and all find back by themselves', () => {
  test('when the database is killed and started again', async () => {
    const token = await cluster.serviceTokens.create({ account_id: cluster.accountId, name: 'busy' })
    for (const gate of cluster.gates) await expect.poll(() => statusAt(gate, token)).toBe(200)
    const loads = cluster.gates.map((gate) => startLoad(gate.gateUrl, 4, () => [token.client_id ?? '', token.client_secret ?? '']))
    const writers = [creating(cluster.api, 'one'), creating(other, 'other')]
    for (const { more } of writers) await more(20)
    cluster.postgres.kill()
    await expect.poll(() => writers.every(({ refused }) => refused.length > 5), { timeout: 20_000 }).toBe(true)
    expect((await fetch(`${cluster.api.apiUrl}/readyz`)).status).toBe(503)
    await cluster.postgres.restart()
    for (const { more } of writers) await more(20)
    for (const { end } of writers) await end()
    for (const load of loads) await load.stop()
    for (const { answers } of loads) expect([...answers.keys()]).toEqual([200])
    for (const { refused } of writers) {
      expect([...new Set(refused.map(({ status, retryAfter }) => `${status} ${retryAfter}`))]).toEqual(['503 5'])
      expect(refused[0]?.text).toContain('The database cannot be reached at present')
    }
    await expectKept(writers.flatMap(({ acknowledged }) => acknowledged))
    await expect.poll(async () => (await fetch(`${cluster.api.apiUrl}/readyz`)).status).toBe(200)
  }, 120_000)

  test('when connections break again and again', async () => {
    const writer = creating(cluster.api, 'cut')
    for (let round = 0; round < 5; round++) {
      await writer.more(5)
      cluster.api.way.cut()
      for (const gate of cluster.gates) gate.way.cut()
      cluster.api.way.open()
      for (const gate of cluster.gates) gate.way.open()
    }
    await writer.more(5)
    await writer.end()
    expect(writer.refused.filter(({ status }) => status !== 503)).toEqual([])
    await expectKept(writer.acknowledged)
  }, 120_000)

  test('when a gate’s connections go dead without a sign: it takes others long before its lease is over', async () => {
    const gate = await cluster.start('gate', { STALENESS_BUDGET: '20s' })
    const token = await cluster.serviceTokens.create({ account_id: cluster.accountId, name: 'before' })
    await expect.poll(() => statusAt(gate, token)).toBe(200)
    const asking = startAsking([gate], token)
    // Nothing is just being opened.
    await sleep(2_000)
    const from = performance.now()
    gate.way.strand()
    const late = await cluster.serviceTokens.create({ account_id: cluster.accountId, name: 'after' })
    await expect.poll(() => statusAt(gate, late), { timeout: 40_000, interval: 100 }).toBe(200)
    expect(performance.now() - from).toBeLessThan(19_000)
    await asking.stop()
    expect(asking.sentAfter(from)).toEqual([[200]])
    expect(await gate.end('SIGTERM')).toBe(0)
  }, 90_000)

  test('when the database is slow', async () => {
    const token = await cluster.serviceTokens.create({ account_id: cluster.accountId, name: 'slow' })
    for (const node of [cluster.api, ...cluster.gates]) node.way.slow(100)
    const { status, body } = await cluster.call('PUT', `/service_tokens/${token.id}?wait=20`, { enabled: false })
    expect([status, body.receipt?.complete]).toEqual([200, true])
    for (const gate of cluster.gates) expect(await statusAt(gate, token)).toBe(401)
    for (const node of [cluster.api, ...cluster.gates]) node.way.open()
  })

  test('when somebody holds what all writers need, until the pool is used up', async () => {
    const token = await cluster.serviceTokens.create({ account_id: cluster.accountId, name: 'busy' })
    // Its gate shares the connections with those that wait, and its lease is over before they are through.
    const both = await cluster.start('both', { STALENESS_BUDGET: '6s' })
    await expect.poll(() => statusAt(both, token)).toBe(200)
    const from = performance.now()
    const asking = startAsking([both, ...cluster.gates], token)
    const held = cluster.postgres.query('begin; update change_head set seq = seq; select pg_sleep(12); rollback')
    const write = (node: Node, number: number) => cluster.call('POST', '/service_tokens', { name: `waiting ${number}` }, node)
    const waiting = Array.from({ length: 60 }, (_, number) => write(number % 2 ? cluster.api : both, number))
    const first = await Promise.race(waiting)
    expect([first.status, first.body.errors[0]?.code]).toEqual([503, 12130])
    await held
    const all = await Promise.all(waiting)
    expect(new Set(all.map(({ status }) => status))).toEqual(new Set([201, 503]))
    expect((await cluster.call('POST', '/service_tokens', { name: 'after' })).status).toBe(201)
    await asking.stop()
    expect(asking.sentAfter(from)).toEqual([[200], [200], [200]])
    await both.end('SIGTERM')
  }, 60_000)

  test('when a node is killed in the midst of writing: another one goes on, and the change log has no gap', async () => {
    const writers = [creating(other, 'killed'), creating(cluster.api, 'left')]
    for (const { more } of writers) await more(20)
    await other.end('SIGKILL')
    await writers[1]?.more(20)
    for (const { end } of writers) await end()
    await expectKept(writers.flatMap(({ acknowledged }) => acknowledged))
    const all = await seqs()
    expect(all).toEqual(Array.from({ length: all.length }, (_, index) => (all[0] ?? 0) + index))
  }, 90_000)
})
