import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Cluster, startCluster } from './cluster.ts'
import { type Issued, startAsking, statusAt } from './machine.ts'

let cluster: Cluster

beforeAll(async () => {
  cluster = await startCluster(3)
}, 120_000)
afterAll(() => cluster?.stop())

const issue = (name: string) => cluster.serviceTokens.create({ account_id: cluster.accountId, name })
const only = (...tokens: readonly Issued[]) => tokens.map(({ id }) => ({ service_token: { token_id: id } }))
const admitting = (include: readonly object[]) => ({ name: 'policy', decision: 'non_identity', include })

async function made(path: string, body: object): Promise<{ readonly id: string; readonly policies: readonly { readonly id: string }[] }> {
  const answer = await cluster.call('POST', path, body)
  expect(answer.body.errors).toEqual([])
  return answer.body.result
}

type Narrowing = (given: {
  readonly host: string
  readonly token: Issued
  readonly other: Issued
}) => Promise<readonly [string, string, object?]>

/** Makes an application that admits the token; answers with the request that narrows it to the other one, or to nobody. */
const narrowings: Readonly<Record<string, Narrowing>> = {
  'a policy of an application': async ({ host, token, other }) => {
    const { id, policies } = await made('/apps', { domain: host, type: 'self_hosted', policies: [admitting(only(token, other))] })
    return ['PUT', `/apps/${id}/policies/${policies[0]?.id}`, admitting(only(other))]
  },
  'a policy that is deleted': async ({ host, token }) => {
    const { id, policies } = await made('/apps', { domain: host, type: 'self_hosted', policies: [admitting(only(token))] })
    return ['DELETE', `/apps/${id}/policies/${policies[0]?.id}`]
  },
  'a policy that excludes somebody from now on': async ({ host, token }) => {
    const everybody = admitting([{ any_valid_service_token: {} }])
    const { id, policies } = await made('/apps', { domain: host, type: 'self_hosted', policies: [everybody] })
    return ['PUT', `/apps/${id}/policies/${policies[0]?.id}`, { ...everybody, exclude: only(token) }]
  },
  'a shared policy': async ({ host, token, other }) => {
    const policy = await made('/policies', admitting(only(token, other)))
    await made('/apps', { domain: host, type: 'self_hosted', policies: [policy.id] })
    return ['PUT', `/policies/${policy.id}`, admitting(only(other))]
  },
  'a shared policy that is taken out of an application': async ({ host, token }) => {
    const policy = await made('/policies', admitting(only(token)))
    const { id } = await made('/apps', { domain: host, type: 'self_hosted', policies: [policy.id] })
    return ['PUT', `/apps/${id}`, { domain: host, type: 'self_hosted', policies: [] }]
  },
  'a group': async ({ host, token, other }) => {
    const group = await made('/groups', { name: host, include: only(token, other) })
    await made('/apps', { domain: host, type: 'self_hosted', policies: [admitting([{ group: { id: group.id } }])] })
    return ['PUT', `/groups/${group.id}`, { name: host, include: only(other) }]
  },
  'a group within a group': async ({ host, token, other }) => {
    const inner = await made('/groups', { name: `inner ${host}`, include: only(token, other) })
    const outer = await made('/groups', { name: `outer ${host}`, include: [{ group: { id: inner.id } }] })
    await made('/apps', { domain: host, type: 'self_hosted', policies: [admitting([{ group: { id: outer.id } }])] })
    return ['PUT', `/groups/${inner.id}`, { name: `inner ${host}`, include: only(other) }]
  },
  'an application that takes a host away from a wider one': async ({ host, token }) => {
    await made('/apps', { domain: `*.${host.split('.').slice(1).join('.')}`, type: 'self_hosted', policies: [admitting(only(token))] })
    return ['POST', '/apps', { domain: host, type: 'self_hosted', policies: [] }]
  },
}

describe('once a receipt says so, no gate lets anybody in by what was before, whoever asks meanwhile:', () => {
  test.each(Object.entries(narrowings))('%s', async (what, narrowing) => {
    const host = `one.${what.replaceAll(' ', '-')}.example`
    const [token, other] = [await issue('let in'), await issue('other')]
    const [method, path, body] = await narrowing({ host, token, other })
    const statuses = () => Promise.all(cluster.gates.map((gate) => statusAt(gate, token, host)))
    await expect.poll(statuses, { timeout: 10_000 }).toEqual([200, 200, 200])
    // So that gates lag behind the API: a receipt that came too soon would show.
    for (const gate of cluster.gates) gate.way.slow(50)
    const asking = startAsking(cluster.gates, token, host)
    const answer = await cluster.call(method, `${path}?wait=20`, body)
    const receivedAt = performance.now()
    await sleep(200)
    await asking.stop()
    for (const gate of cluster.gates) gate.way.open()
    expect([answer.body.errors, answer.body.receipt?.complete]).toEqual([[], true])
    expect(answer.body.receipt?.gates.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied'])
    expect(asking.sentAfter(receivedAt)).toEqual([[403], [403], [403]])
  })
})
