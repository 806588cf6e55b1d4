import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, expect, test } from 'vitest'
import { movableClock } from '../../test/fixtures.ts'
import { send, sendBytes } from '../../test/raw-http.ts'
import { createContainment } from './containment.ts'
import { createListener, type ListenerDeps } from './listener.ts'

const logged: object[] = []
const mistake = new Error('a mistake')
let server: Server

const fail = () => {
  throw mistake
}

/** A listener whose parts fail as the test says. */
async function start(parts: Partial<ListenerDeps>): Promise<string> {
  const log = { info: () => undefined, warn: () => undefined, error: (fields: object) => void logged.push(fields) }
  let count = 0
  server = createListener({
    ...{ rayIds: () => `ray-${count++}`, contain: createContainment(log), clock: movableClock('2026-01-01T00:00:00Z') },
    ...{ answer: fail, answerQuestion: fail, upgrade: () => false, ...parts },
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

afterEach(async () => {
  server.closeAllConnections()
  await new Promise((resolve) => server.close(resolve))
  logged.length = 0
})

test.each<[string, () => unknown]>([
  ['at once', fail],
  ['later', async () => fail()],
])('a mistake in an answer ends its connection alone, and is logged with its cause: %s', async (_when, failing) => {
  const url = await start({
    answer: (request, response) => (request.url === '/fine' ? response.end('fine') : failing()),
  })
  expect(await sendBytes(url, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('')
  expect(logged).toEqual([{ err: mistake, ray: 'ray-0' }])
  expect((await send(url, { path: '/fine' })).body).toBe('fine')
})

test.each<[string, () => never | Promise<never>]>([
  ['at once', fail],
  ['later', async () => fail()],
])('so does one in the answer to a plain question: %s', async (_when, failing) => {
  const url = await start({ answerQuestion: failing, answer: (_request, response) => response.end('fine') })
  expect(await sendBytes(url, 'GET /authorize HTTP/1.1\r\nHost: a\r\n\r\n')).toBe('')
  expect(logged).toEqual([{ err: mistake, ray: 'ray-0' }])
  expect((await send(url)).body).toBe('fine')
})

test('so does one in a WebSocket', async () => {
  const url = await start({ upgrade: fail, answer: (_request, response) => response.end('fine') })
  expect(await sendBytes(url, 'GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n')).toBe('')
  expect(logged).toEqual([{ err: mistake, ray: 'ray-0' }])
  expect((await send(url)).body).toBe('fine')
})
