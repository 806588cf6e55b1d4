import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { startLoad } from '../machine-load.ts'
import { freePort } from '../store/postgres-server.ts'
import { type Cluster, type Node, startCluster } from './cluster.ts'
import { type Issued, startAsking, statusAt } from './machine.ts'

let cluster: Cluster

beforeEach(async () => {
  cluster = await startCluster(3, { STALENESS_BUDGET: '3s' })
}, 120_000)
afterEach(() => cluster.stop())

const issue = (name: string) => cluster.serviceTokens.create({ account_id: cluster.accountId, name })
const statuses = (token: Issued) => Promise.all(cluster.gates.map((gate) => statusAt(gate, token)))
const told = (receipt: { gates: readonly { status: string }[] } | undefined) => receipt?.gates.map(({ status }) => status).sort()
const known = async () => (await cluster.call('GET', '/gates')).body.result as { name: string; status: string; behind_changes: number }[]

describe('a receipt for a revocation', () => {
  test.each([
    ['a deletion', 'DELETE', '', undefined],
    ['a token that is disabled', 'PUT', '', { enabled: false }],
    ['a rotation without grace', 'POST', '/rotate', {}],
  ])('of %s means that no gate lets the old secret in any more, however busy they are', async (_what, method, path, body) => {
    const [token, other] = [await issue('revoked'), await issue('other')]
    for (const one of [token, other]) await expect.poll(() => statuses(one)).toEqual([200, 200, 200])
    const loads = cluster.gates.map((gate) => startLoad(gate.gateUrl, 8, () => [other.client_id ?? '', other.client_secret ?? '']))
    // So that gates lag behind the API: a receipt that came too soon would show.
    for (const gate of cluster.gates) gate.way.slow(50)
    const asking = startAsking(cluster.gates, token)
    const askedAt = Date.now()
    const answer = await cluster.call(method, `/service_tokens/${token.id}${path}?wait=20`, body)
    const receivedAt = performance.now()
    await sleep(200)
    await asking.stop()
    expect(asking.sentAfter(receivedAt)).toEqual([[401], [401], [401]])
    for (const gate of answer.body.receipt?.gates ?? []) {
      expect(Date.parse(gate.applied_at ?? '')).toBeGreaterThanOrEqual(askedAt)
      expect(Date.parse(gate.applied_at ?? '')).toBeLessThanOrEqual(Date.now())
    }
    expect([answer.status, answer.body.receipt?.complete, told(answer.body.receipt)]).toEqual([
      200,
      true,
      ['applied', 'applied', 'applied'],
    ])
    await Promise.all(loads.map((load) => load.stop()))
    for (const { answers } of loads) expect([...answers.keys()]).toEqual([200])
  })

  test('counts a gate that is frozen, or cut off from the database, only when its lease has ended; both find back by themselves', async () => {
    const [token, other] = [await issue('revoked'), await issue('other')]
    const [frozen, lonely, busy] = cluster.gates as [Node, Node, Node]
    await expect.poll(() => statuses(token)).toEqual([200, 200, 200])
    await expect.poll(() => statuses(other)).toEqual([200, 200, 200])
    const load = startLoad(busy.gateUrl, 4, () => [other.client_id ?? '', other.client_secret ?? ''])
    const asking = startAsking(cluster.gates, token)
    await sleep(500)
    frozen.child.kill('SIGSTOP')
    lonely.way.hold()
    const impatient = await cluster.call('PUT', `/service_tokens/${token.id}?wait=0`, { enabled: false })
    expect([impatient.body.receipt?.complete, told(impatient.body.receipt)?.includes('waiting')]).toEqual([false, true])
    // Nothing has been said of the one that is cut off: it goes on with what it knows.
    expect(await statusAt(lonely, token)).toBe(200)
    const answer = await cluster.call('DELETE', `/service_tokens/${token.id}?wait=20`)
    const receivedAt = performance.now()
    expect([answer.body.receipt?.complete, told(answer.body.receipt)]).toEqual([true, ['applied', 'lease_ended', 'lease_ended']])
    expect(await statusAt(lonely, token)).toBe(503)
    const late = statusAt(frozen, token)
    await sleep(500)
    frozen.child.kill('SIGCONT')
    expect(await late).not.toBe(200)
    lonely.way.cut()
    lonely.way.open()
    await expect.poll(() => statuses(token), { timeout: 40_000 }).toEqual([401, 401, 401])
    await expect.poll(() => statuses(other), { timeout: 20_000 }).toEqual([200, 200, 200])
    await asking.stop()
    // None of the three, from the receipt on: neither by what it knew, nor by what lay before it when it thawed, nor when it was back.
    expect(asking.sentAfter(receivedAt).flat()).not.toContain(200)
    expect(asking.sentAfter(receivedAt)[2]).toEqual([401])
    await load.stop()
    expect([...load.answers.keys()]).toEqual([200])
    expect((await cluster.call('DELETE', `/service_tokens/${other.id}?wait=20`)).body.receipt).toMatchObject({ complete: true })
  }, 90_000)

  test('never waits for a gate that was stopped, and for one that died no longer than its lease', async () => {
    const token = await issue('revoked')
    const [stopped, killed, left] = cluster.gates as [Node, Node, Node]
    expect(await stopped.end('SIGTERM')).toBe(0)
    await killed.end('SIGKILL')
    const startedAt = performance.now()
    const { receipt } = (await cluster.call('DELETE', `/service_tokens/${token.id}?wait=20`)).body
    expect(performance.now() - startedAt).toBeLessThan(10_000)
    expect([receipt?.complete, told(receipt)]).toEqual([true, ['applied', 'lease_ended']])
    expect(await statusAt(left, token)).toBe(401)
    expect(await known()).toHaveLength(2)
  })

  test('holds for a gate that begins while tokens are revoked: from its first answer on, it knows of each that was promised', async () => {
    const port = await freePort()
    const late = { gateUrl: `http://127.0.0.1:${port}` }
    const tokens = await Promise.all(Array.from({ length: 40 }, (_, number) => issue(`revoked ${number}`)))
    const promised: Issued[] = []
    const wrong: unknown[] = []
    let isOver = false
    let answers = 0
    /** Asks for what was promised last, and for one of those before; nobody answers at first. */
    async function ask(): Promise<void> {
      for (let turn = 0; !isOver; turn++) {
        const known = turn % 2 ? promised.at(-1) : promised[turn % Math.max(1, promised.length)]
        const status = known && (await statusAt(late, known).catch(() => undefined))
        if (status !== undefined) answers++
        if (status !== undefined && status !== 401) wrong.push({ status, number: promised.indexOf(known as Issued) })
        await sleep(1)
      }
    }
    const asking = [ask(), ask(), ask()]
    const starting = cluster.start('gate', { GATE_LISTEN: `127.0.0.1:${port}` })
    let isStarted = false
    void starting.then(() => {
      isStarted = true
    })
    for (let number = 0; number < tokens.length && (!isStarted || answers < 20); number++) {
      const { receipt } = (await cluster.call('PUT', `/service_tokens/${tokens[number]?.id}?wait=20`, { enabled: false })).body
      if (receipt?.complete === true) promised.push(tokens[number] as Issued)
    }
    await starting
    await expect.poll(() => answers, { timeout: 10_000 }).toBeGreaterThan(20)
    isOver = true
    await Promise.all(asking)
    expect([promised.length > 0, wrong]).toEqual([true, []])
  }, 60_000)

  test('counts each worker of a gate that has several: one that is frozen, only when its lease has ended', async () => {
    const before = new Set((await known()).map(({ name }) => name))
    const several = await cluster.start('gate', { WORKERS: '2' })
    const workers = (await known()).map(({ name }) => name).filter((name) => !before.has(name))
    expect(workers).toHaveLength(2)
    const token = await issue('revoked')
    await expect.poll(() => statusAt(several, token)).toBe(200)
    const pid = Number(workers[0]?.split(':').at(-1))
    const asking = startAsking([several, several, several], token)
    await sleep(500)
    process.kill(pid, 'SIGSTOP')
    const { receipt } = (await cluster.call('DELETE', `/service_tokens/${token.id}?wait=20`)).body
    const receivedAt = performance.now()
    await sleep(500)
    process.kill(pid, 'SIGCONT')
    await asking.stop()
    const status = (name: string | undefined) => receipt?.gates.find((gate) => gate.name === name)?.status
    expect([receipt?.complete, status(workers[0]), status(workers[1])]).toEqual([true, 'lease_ended', 'applied'])
    expect(asking.sentAfter(receivedAt).flat()).not.toContain(200)
  }, 60_000)

  test('waits for gates that have just begun, too', async () => {
    const late = await cluster.start('gate')
    const token = await issue('revoked')
    await expect.poll(() => statusAt(late, token)).toBe(200)
    const { receipt } = (await cluster.call('DELETE', `/service_tokens/${token.id}?wait=20`)).body
    expect([receipt?.complete, receipt?.gates.length]).toEqual([true, 4])
    expect(await statusAt(late, token)).toBe(401)
    await expect
      .poll(async () => (await known()).map(({ status, behind_changes }) => `${status} ${behind_changes}`))
      .toEqual(Array(4).fill('live 0'))
  })
})
