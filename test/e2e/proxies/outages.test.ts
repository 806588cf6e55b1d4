import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Origin, startOrigin } from '../../fixtures.ts'
import { startService, urlOfNobody } from '../../gate-fixtures.ts'
import { isInstalled, type ProxyName, type RunningProxy, startProxy } from '../../proxies.ts'
import { send } from '../../raw-http.ts'

// What the guides' configurations do when the gate cannot say anything, or says something unheard of: nobody gets through.

const names = (['nginx', 'caddy', 'haproxy'] as const).filter(isInstalled)

describe.each(names)('%s lets nobody through', (name: ProxyName) => {
  let origin: Origin
  let proxy: RunningProxy
  /** What a thing that is not quite the gate answers next. */
  let answer = { status: 200, headers: {} as Record<string, string>, body: '' }
  let gate: Awaited<ReturnType<typeof startService>>

  beforeAll(async () => {
    origin = await startOrigin()
    gate = await startService((_request, response) => response.writeHead(answer.status, answer.headers).end(answer.body))
    proxy = await startProxy(name, { gate: gate.url, origin: origin.url })
    origin.received.length = 0
  })
  afterAll(async () => {
    await proxy.stop()
    await gate.stop()
    await origin.stop()
  })

  test.each([301, 400, 401, 403, 404, 429, 500, 502, 503])('when the gate answers %d', async (status) => {
    answer = { status, headers: { 'content-type': 'text/plain', 'cf-ray': 'ray', location: '/admin' }, body: 'the words of the gate' }
    const { status: seen, values, body } = await send(proxy.url, { path: '/x' })
    expect(origin.received).toEqual([])
    expect(seen).toBe(status)
    expect([values('cf-ray'), body]).toEqual([['ray'], 'the words of the gate'])
  })

  test('when nobody listens at the gate', async () => {
    const lonely = await startProxy(name, { gate: await urlOfNobody(), origin: origin.url })
    const { status } = await send(lonely.url, { path: '/x' })
    await lonely.stop()
    expect(status).toBeGreaterThanOrEqual(500)
    expect(origin.received).toEqual([])
  })
})

test.runIf(isInstalled('nginx'))(
  'nginx shows nobody an assertion, when the gate refuses and then, asked for the words, admits',
  async () => {
    const origin = await startOrigin()
    let questions = 0
    const gate = await startService((_request, response) => {
      const isFirst = questions++ % 2 === 0
      response.writeHead(isFirst ? 403 : 200, { 'cf-access-jwt-assertion': 'an assertion' }).end()
    })
    const proxy = await startProxy('nginx', { gate: gate.url, origin: origin.url })
    questions = 0
    const { headers } = await send(proxy.url, { path: '/x' })
    expect([questions, origin.received]).toEqual([2, []])
    expect(headers).not.toContain('an assertion')
    await proxy.stop()
    await gate.stop()
    await origin.stop()
  },
)

test.runIf(isInstalled('haproxy'))('HAProxy lets nobody through when its script fails', async () => {
  const origin = await startOrigin()
  const breaking = (text: string) => text.replace('txn.http:req_get_headers()', 'nothing.of.the.kind()')
  const proxy = await startProxy('haproxy', { gate: await urlOfNobody(), origin: origin.url, breaking })
  const { status } = await send(proxy.url, { path: '/x' })
  expect(proxy.log()).toContain('runtime error')
  await proxy.stop()
  await origin.stop()
  expect([status, origin.received]).toEqual([503, []])
})
