import { afterAll, beforeAll, expect, test } from 'vitest'
import { createReplica, type Replica } from '../../src/gate/replica/replica.ts'
import { anApplication, bypass, type RunningGate, startGate, startService, uses } from '../gate-fixtures.ts'
import { send } from '../raw-http.ts'

// Where an origin is the gate itself, each request would come back to it until its headers are too many.

let replica: Replica
let gate: RunningGate

function leadTo(originUrl: string): void {
  replica.put('application', anApplication({ domain: '*', originUrl, policies: uses(bypass) }))
  replica.settle()
}

beforeAll(async () => {
  replica = createReplica()
  gate = await startGate({ applications: [], replica })
})
afterAll(() => gate.stop())

test.each([
  ['a request', []],
  ['a request that has come through others', ['CDN-Loop', 'one.example, postern-there; a=b']],
  ['a WebSocket', ['Connection', 'Upgrade', 'Upgrade', 'websocket']],
])('an origin that is the gate itself is refused when the request comes back: %s', async (_what, headers) => {
  leadTo(gate.url)
  const { status, body } = await send(gate.url, { headers: ['Accept', 'application/json', ...headers] })
  expect([status, JSON.parse(body).message]).toEqual([508, 'Loop Detected. The origin of this application leads back to this gate.'])
})

test('so is one that leads back by way of others', async () => {
  const way = await startGate({
    applications: [anApplication({ domain: '*', originUrl: gate.url, policies: uses(bypass) })],
    loopId: 'postern-there',
  })
  leadTo(way.url)
  try {
    expect((await send(gate.url)).status).toBe(508)
  } finally {
    await way.stop()
  }
})

test('gates before one another on purpose pass requests on, whatever a name looks like', async () => {
  const origin = await startService((request, response) => response.end(request.headers['cdn-loop']))
  const second = await startGate({
    applications: [anApplication({ domain: '*', originUrl: origin.url, policies: uses(bypass) })],
    loopId: 'postern-here-too',
  })
  leadTo(second.url)
  try {
    const { status, body } = await send(gate.url, { headers: ['CDN-Loop', 'postern-here-too-not, not-postern-here'] })
    expect([status, body]).toEqual([200, 'postern-here-too-not, not-postern-here, postern-here, postern-here-too'])
  } finally {
    await second.stop()
    await origin.stop()
  }
})
