import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { movableClock } from '../../test/fixtures.ts'
import type { Answer } from './answer.ts'
import { addFastLane } from './fast-lane.ts'

const question = 'GET /authorize HTTP/1.1\r\nHost: a\r\n\r\n'
const questions = 400
/** So large that so many are more than all buffers on the way hold. */
const large = (): Answer => ({ status: 200, headers: ['x-large', 'y'.repeat(60_000)], body: '' })

test.each<[string, () => Answer | Promise<Answer>]>([
  ['at once', large],
  ['late', () => new Promise((resolve) => setImmediate(() => resolve(large())))],
])('who does not read is not read from, with answers that are there %s, and goes on once it reads', async (_when, answer) => {
  let answered = 0
  let served: Socket | undefined
  const server = createServer()
  addFastLane(server, {
    answerQuestion: () => {
      answered++
      return answer()
    },
    ...{ rayIds: () => 'ray', contain: (_socket, _ray, work) => work(), clock: movableClock('2026-01-01T00:00:00Z') },
    limits: { headersTimeoutMs: 10_000, stallTimeoutMs: 10_000, keepAliveTimeoutMs: 10_000 },
  })
  server.on('connection', (socket) => {
    served = socket
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
    .setNoDelay(true)
    .pause()
  let received = 0
  client.on('data', (chunk) => {
    received += chunk.length
  })
  // One after the other, as several in one packet would not be for this lane; until one is not read in good time.
  let asked = 0
  while (asked < questions && answered === asked) {
    client.write(question)
    asked++
    for (let waited = 0; answered < asked && waited < 200; waited++) await sleep(1)
  }
  expect(answered).toBe(asked - 1)
  expect(served?.writableLength).toBeLessThan(200_000)
  client.resume()
  await expect.poll(() => received).toBeGreaterThan(asked * 60_000)
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})
