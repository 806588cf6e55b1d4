import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, describe, expect, test } from 'vitest'
import { openPostgres } from '../../src/store/postgres.ts'
import { silent, temporaryFolder } from '../fixtures.ts'
import { startProcess } from '../postern-process.ts'
import { fillFoundation } from '../store/migration-suite.ts'
import { startPostgres } from '../store/postgres-server.ts'
import { type Cluster, type Node, startCluster } from './cluster.ts'
import { statusAt } from './machine.ts'
import { hasPgBouncer, startPooler } from './pooler.ts'

const closers: (() => unknown)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close()
})

async function cluster(gates: number, settings: Readonly<Record<string, string>> = {}): Promise<Cluster> {
  const started = await startCluster(gates, settings)
  closers.push(started.stop)
  return started
}

const issueIn = ({ serviceTokens, accountId }: Cluster, name: string) => serviceTokens.create({ account_id: accountId, name })

test('nodes that start at once on an empty database make one installation, and one of them shows its credentials', async () => {
  const [postgres, folder] = [await startPostgres(), temporaryFolder()]
  closers.push(folder.remove, postgres.stop)
  const settings = { DATABASE_URL: postgres.url, MASTER_KEY: 'c4'.repeat(32) }
  const roles = ['gate', 'both', 'api', 'both', 'gate']
  const nodes = await Promise.all(roles.map((ROLE) => startProcess({ folder: folder.path, settings: { ...settings, ROLE } })))
  closers.push(() => Promise.all(nodes.map(({ end }) => end('SIGTERM'))))
  expect(nodes.filter((node) => node.output().includes('This is the first start'))).toHaveLength(1)
  for (const node of nodes) expect((await fetch(`${node.apiUrl}/readyz`)).status).toBe(200)
}, 60_000)

test('nodes that start at once on a database of an older version bring it up to date once, and each of them works on it', async () => {
  const [postgres, folder] = [await startPostgres(), temporaryFolder()]
  closers.push(folder.remove, postgres.stop)
  const database = openPostgres(postgres.url, silent)
  await fillFoundation(database.db).finally(() => database.close())
  const settings = { DATABASE_URL: postgres.url, MASTER_KEY: 'c4'.repeat(32) }
  const roles = ['api', 'both', 'gate', 'api', 'both']
  const nodes = await Promise.all(roles.map((ROLE) => startProcess({ folder: folder.path, settings: { ...settings, ROLE } })))
  closers.push(() => Promise.all(nodes.map(({ end }) => end('SIGTERM'))))
  const applied = await postgres.query<{ name: string }>('select name from kysely_migration order by name')
  expect(applied.map(({ name }) => name)).toEqual([...new Set(applied.map(({ name }) => name))])
  expect(applied[0]?.name).toBe('0001-foundation')
  expect(applied.length).toBeGreaterThan(4)
  for (const node of nodes) expect((await fetch(`${node.apiUrl}/readyz`)).status).toBe(200)
  // What was there is there, and nothing was made in its place.
  expect(nodes.filter((node) => node.output().includes('This is the first start'))).toEqual([])
  expect(await postgres.query('select id from service_token')).toHaveLength(1)
}, 60_000)

test('a node that is a gate only has no API, but tells of its health', async () => {
  const { gates } = await cluster(1)
  const { apiUrl } = gates[0] as Node
  const statuses = ['/livez', '/readyz', '/metrics', '/client/v4/accounts', '/docs/', '/openapi.json'].map(
    async (path) => (await fetch(apiUrl + path)).status,
  )
  expect(await Promise.all(statuses)).toEqual([200, 200, 200, 404, 404, 404])
})

describe('a gate', () => {
  test('learns of changes by a notification, long before it would ask, and asks as soon as it can listen again', async () => {
    const nodes = await cluster(1, { POLL_INTERVAL: '60s', STALENESS_BUDGET: '10m' })
    const [gate] = nodes.gates as [Node]
    const first = await issueIn(nodes, 'first')
    await expect.poll(() => statusAt(gate, first), { timeout: 10_000 }).toBe(200)
    gate.way.cut()
    const second = await issueIn(nodes, 'second')
    expect(await statusAt(gate, second)).not.toBe(200)
    gate.way.open()
    await expect.poll(() => statusAt(gate, second), { timeout: 20_000 }).toBe(200)
  }, 60_000)

  test('that was away while the change log was pruned learns everything anew, and goes on with what it knows meanwhile', async () => {
    const nodes = await cluster(1, { CHANGE_LOG_MAX: '2', CHORE_INTERVAL: '100ms' })
    const [gate] = nodes.gates as [Node]
    const [kept, deleted] = [await issueIn(nodes, 'kept'), await issueIn(nodes, 'deleted')]
    for (const token of [kept, deleted]) await expect.poll(() => statusAt(gate, token), { timeout: 10_000 }).toBe(200)
    gate.way.cut()
    await nodes.call('DELETE', `/service_tokens/${deleted.id}`)
    const late = await issueIn(nodes, 'late')
    for (let number = 0; number < 5; number++) await issueIn(nodes, `more ${number}`)
    await sleep(1_000)
    expect([await statusAt(gate, kept), await statusAt(gate, deleted)]).toEqual([200, 200])
    gate.way.open()
    await expect.poll(() => statusAt(gate, late), { timeout: 20_000 }).toBe(200)
    expect([await statusAt(gate, kept), await statusAt(gate, deleted)]).toEqual([200, 401])
    expect(gate.output()).toContain('the gate has fallen behind the change log; it learns everything anew')
  }, 60_000)
})

describe('what one node at a time does', () => {
  test.each([
    ['stopped', 'SIGTERM', 5_000],
    // Half a minute after they were last heard of.
    ['killed', 'SIGKILL', 45_000],
    ['frozen', 'SIGSTOP', 45_000],
  ] as const)(
    'is taken over when that node is %s, and nobody else does it before',
    async (_how, signal, timeout) => {
      const nodes = await cluster(0, { CHORE_INTERVAL: '100ms', CHANGE_LOG_MAX: '2' })
      const other = await nodes.start('api')
      const lease = async () => (await nodes.postgres.query<{ holder: string; done_at: string }>('select * from lease'))[0]
      const holder = async () => (await lease())?.holder
      /** Makes something to be done. */
      const issueThree = async () => {
        for (const number of [1, 2, 3]) await nodes.call('POST', '/service_tokens', { name: `token ${number}` }, other)
      }
      const kept = async () => (await nodes.postgres.query('select seq from change')).length
      await issueThree()
      await expect.poll(kept, { timeout: 10_000 }).toBe(2)
      const before = await holder()
      expect(before).toBeDefined()
      nodes.api.child.kill(signal)
      if (signal !== 'SIGTERM') {
        await sleep(500)
        const { done_at: doneAt } = (await lease()) ?? {}
        await issueThree()
        await sleep(3_000)
        // The other one leaves it alone while that node may still be at it.
        expect([await holder(), (await lease())?.done_at, await kept()]).toEqual([before, doneAt, 5])
      }
      await expect.poll(holder, { timeout }).not.toBe(before)
      const after = await holder()
      await issueThree()
      await expect.poll(kept, { timeout: 10_000 }).toBe(2)
      nodes.api.child.kill('SIGCONT')
      await sleep(1_000)
      // One that thaws finds that it is somebody else's.
      expect(await holder()).toBe(after)
      expect((await fetch(`${other.apiUrl}/readyz`)).status).toBe(200)
    },
    120_000,
  )
})

test.skipIf(!hasPgBouncer && process.env['CI'] !== 'true')(
  'behind PgBouncer in transaction mode all works, by asking alone',
  async () => {
    const postgres = await startPostgres()
    closers.push(postgres.stop)
    const pooler = await startPooler(postgres.url)
    closers.push(pooler.stop)
    const nodes = await cluster(2, { DATABASE_URL: pooler.url })
    const token = await issueIn(nodes, 'pooled')
    for (const gate of nodes.gates) await expect.poll(() => statusAt(gate, token), { timeout: 10_000 }).toBe(200)
    const { body } = await nodes.call('DELETE', `/service_tokens/${token.id}?wait=20`)
    expect(body.receipt?.complete).toBe(true)
    for (const gate of nodes.gates) expect(await statusAt(gate, token)).toBe(401)
    const [gate] = nodes.gates as [Node]
    await expect.poll(() => gate.output(), { timeout: 20_000 }).toContain('notifications of the database do not arrive')
  },
  90_000,
)
