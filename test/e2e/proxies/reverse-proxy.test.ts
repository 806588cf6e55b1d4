import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { startOrigin } from '../../fixtures.ts'
import { credentials, startGate } from '../../gate-fixtures.ts'
import { isInstalled, type RunningProxy, startNginxBefore, startProxy } from '../../proxies.ts'
import { type Door, throughProxy } from './doors.ts'
import { type Known, testGuarantees } from './guarantees.ts'
import { on, single } from './knocks.ts'

type Front = Pick<RunningProxy, 'url' | 'stop'>

/** Caddy in front of the gate as a reverse proxy, by its own guide instead of the one for questions. */
function startCaddyBefore(gate: string): Promise<Front> {
  const guide = new URL('../../../docs/guide/Caddyfile-before-gate', import.meta.url)
  return startProxy('caddy', { gate, origin: gate, breaking: () => readFileSync(guide, 'utf8') })
}

/** What stands before a gate that passes requests on itself. */
const fronts: Readonly<Record<string, ((gate: string) => Promise<Front>) | undefined>> = {
  'the gate alone': undefined,
  ...(isInstalled('nginx') && { 'nginx before the gate': startNginxBefore }),
  ...(isInstalled('caddy') && { 'Caddy before the gate': startCaddyBefore }),
}

/** The gate before an origin that answers 200, for all of its applications. */
async function open(startFront: ((gate: string) => Promise<Front>) | undefined, known: Known): Promise<Door> {
  const origin = await startOrigin()
  const applications = known.applications.map((application) => ({ ...application, originUrl: origin.url }))
  const gate = await startGate({ ...known, applications, trusting: startFront !== undefined })
  if (startFront === undefined) return throughProxy(gate, origin)
  const front = await startFront(gate.url)
  return throughProxy({ url: front.url, stop: () => front.stop().then(gate.stop) }, origin)
}

describe.each(Object.keys(fronts))('through %s', (name) => {
  const { strict } = testGuarantees((known) => open(fronts[name], known), true)

  test('the origin sees the request without credentials, and all the rest of it', async () => {
    const headers = [...credentials, 'Cookie', 'a=b; CF_Authorization=kept.by.client; c=d', 'X-Own', 'kept']
    const { arrived } = await strict().knock(on('token.example', headers, { path: '/a%20b?c=d' }))
    expect(arrived).toMatchObject({
      cookie: 'a=b; c=d',
      'x-own': 'kept',
      'x-forwarded-host': 'token.example',
      'cf-ray': expect.any(String),
    })
    const one = await strict().knock(on('single.example', [...single, 'Cookie', 'CF_Authorization=kept.by.client']))
    expect(one.status).toBe(200)
    expect(one.arrived).not.toHaveProperty('x-service-token')
    expect(one.arrived).not.toHaveProperty('cookie')
  })

  test('no client can say from where it comes', async () => {
    const claims = ['X-Forwarded-For', '203.0.113.7', 'X-Real-IP', '203.0.113.7', 'Forwarded', 'for=203.0.113.7']
    expect((await strict().knock(on('elsewhere.example', claims))).status).toBe(403)
    const { status, arrived } = await strict().knock(on('nearby.example', claims))
    expect([status, JSON.stringify(arrived).includes('203.0.113.7')]).toEqual([200, false])
    expect(arrived?.['cf-connecting-ip']).toBe('127.0.0.1')
  })

  test.runIf(fronts[name])('nobody outside can ask the gate', async () => {
    for (const path of ['/authorize', '/authorize/', '/authorize?x', '/authorize/public', '/authorize/../x', '/authorize/%2e%2e/x']) {
      const { status, arrived, values } = await strict().knock(on('token.example', credentials, { path }))
      expect([path, status, arrived, values('cf-access-jwt-assertion')]).toEqual([path, 404, undefined, []])
    }
  })
})
