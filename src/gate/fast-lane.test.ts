import { createServer } from 'node:http'
import { type AddressInfo, connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { movableClock } from '../../test/fixtures.ts'
import type { Answer } from './answer.ts'
import { addFastLane } from './fast-lane.ts'

const question = 'GET /authorize HTTP/1.1\r\nHost: a\r\n\r\n'
/** So large that a few hundred are more than all buffers on the way hold. */
const large = (): Answer => ({ status: 200, headers: ['x-large', 'y'.repeat(60_000)], body: '' })
const questions = 400

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
  for (let asked = 0; asked < questions; asked++) {
    client.write(question)
    await sleep(1)
  }
  await sleep(50)
  expect(answered).toBeLessThan(questions)
  expect(served?.writableLength).toBeLessThan(200_000)
  expect(served?.listenerCount('drain')).toBeLessThan(5)
  const answeredUnread = answered
  client.resume()
  await expect.poll(() => received).toBeGreaterThan((answeredUnread + 1) * 60_000)
  client.destroy()
  await new Promise((resolve) => server.close(resolve))
})
