import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readPlainQuestion } from '../../src/gate/plain-question.ts'
import { anApplication, aToken, clientIdOf, credentials, type RunningGate, startGate, startService, uses } from '../gate-fixtures.ts'
import { isInstalled, startProxy } from '../proxies.ts'
import { send } from '../raw-http.ts'

// Forward-auth has two lanes: plain questions are answered beside Node's server, all others by it. Nobody may be able to tell which.

const [idName, id, secretName, secret] = credentials
const lines = `${idName}: ${id}\r\n${secretName}: ${secret}\r\n`
const ask = (more = '') => `GET /authorize HTTP/1.1\r\nHost: app.example\r\n${more}\r\n`
const admitted = ask(lines)

let origin: RunningGate
let gate: RunningGate
beforeAll(async () => {
  origin = await startService((request, response) => void request.resume().on('end', () => response.end(`origin: ${request.url}`)))
  gate = await startGate({
    applications: [
      anApplication({ domain: 'app.example', originUrl: origin.url }),
      anApplication({ domain: 'shut.example', policies: uses() }),
      anApplication({ domain: 'single.example', tokenHeader: 'x-token' }),
      anApplication({ domain: 'asking.example', asksForCredentials: true }),
    ],
    tokens: [aToken({ name: 'disabled', enabled: false }), aToken({ name: 'late' })],
    trusting: true,
    listener: { headersTimeoutMs: 400, keepAliveTimeoutMs: 1_000, stallTimeoutMs: 1_000 },
  })
})
afterAll(async () => {
  await gate.stop()
  await origin.stop()
})

interface Client {
  readonly socket: Socket
  /** All that has come so far. */
  text(): string
  /** Waits until so many answers have come, and gives them. */
  answers(count: number): Promise<string[]>
  readonly closed: Promise<void>
}

function dial(bytes = ''): Client {
  let text = ''
  const socket = connect(Number(new URL(gate.url).port), '127.0.0.1', () => {
    if (bytes !== '') socket.write(bytes, 'latin1')
  })
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
  })
  socket.on('error', () => undefined)
  const answers = () => text.split(/(?=HTTP\/1\.1 )/).filter((answer) => answer !== '')
  return {
    socket,
    text: () => text,
    async answers(count) {
      await expect.poll(() => answers().filter(isWhole).length, { timeout: 5_000, interval: 5 }).toBe(count)
      return answers()
    },
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  }
}

/** Whether all of an answer has come. */
function isWhole(answer: string): boolean {
  const end = answer.indexOf('\r\n\r\n')
  return end !== -1 && answer.length >= end + 4 + Number(/content-length: (\d+)/i.exec(answer)?.[1] ?? 0)
}

async function answerTo(bytes: string, isInPieces = false): Promise<string> {
  const client = dial(isInPieces ? bytes.slice(0, 9) : bytes)
  if (isInPieces) {
    await sleep(30)
    client.socket.write(bytes.slice(9), 'latin1')
  }
  const [answer = ''] = await client.answers(1)
  client.socket.destroy()
  return answer
}

/** What is its own in each answer, aside; headers in the order of their names. */
function comparable(answer: string): readonly string[] {
  const [head = '', body] = answer.split('\r\n\r\n')
  const own = (text: string) => text.replaceAll(/ray-\d+/g, 'ray')
  const [first = '', ...headers] = head.split('\r\n')
  return [first, ...headers.map((header) => own(header).replace(/^Date: .* GMT$/, 'Date')).sort(), own(body ?? '')]
}

test.each<[string, string]>([
  ['a valid token', lines],
  ['the same, in other letters', lines.toUpperCase().replace(id.toUpperCase(), id).replace(secret.toUpperCase(), secret)],
  ['a wrong secret', lines.replace(`: ${secret}`, ': wrong')],
  ['an unknown client id', lines.replace(id, `${'0'.repeat(32)}.access`)],
  ['a disabled token', lines.replace(id, clientIdOf('disabled'))],
  ['no credentials', ''],
  ['no credentials, where they are asked for', 'X-Forwarded-Host: asking.example\r\n'],
  ['one of two headers', `${idName}: ${id}\r\n`],
  ['a header twice', `${lines}${idName}: ${id}\r\n`],
  [
    'one header for both',
    `X-Forwarded-Host: single.example\r\nX-Token: {"cf-access-client-id":"${id}","cf-access-client-secret":"${secret}"}\r\n`,
  ],
  ['no policy that lets it in', `${lines}X-Forwarded-Host: shut.example\r\n`],
  ['no application', `${lines}X-Forwarded-Host: other.example\r\n`],
  ['JSON asked for', 'Accept: text/html, application/json\r\n'],
  [
    'what the proxy says',
    `${lines}X-Forwarded-Host: App.Example:443\r\nX-Forwarded-Uri: /a?b\r\nX-Forwarded-Method: PUT\r\nX-Forwarded-For: 192.0.2.1\r\n`,
  ],
  ['what contradicts itself', `${lines}X-Forwarded-Uri: /a\r\nX-Original-URI: /b\r\n`],
  ['a host that is none', `${lines}X-Forwarded-Host: a@b\r\n`],
  ['a method that is none', `${lines}X-Forwarded-Method: GET POST\r\n`],
  ['bytes that are not ASCII', `${lines}X-Forwarded-Uri: /\xe4\r\nX-Name: \xff\r\n`],
  ['a cookie that is no session', 'Cookie: CF_Authorization=a.b.c\r\n'],
  ['keep-alive', `${lines}Connection: keep-alive\r\n`],
])('both lanes give the same answer to %s', async (_what, more) => {
  const fast = await answerTo(ask(more))
  // What does not come whole is for Node's server.
  const slow = await answerTo(ask(more), true)
  expect(comparable(fast)).toEqual(comparable(slow))
  expect(fast).toMatch(/\r\nDate: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r\n/)
})

describe('a connection', () => {
  test('is answered as often as it asks', async () => {
    const client = dial()
    for (let count = 1; count <= 20; count++) {
      client.socket.write(count % 2 === 0 ? admitted : ask())
      const answers = await client.answers(count)
      expect(answers.at(-1)).toMatch(count % 2 === 0 ? /^HTTP\/1\.1 200 OK\r\n/ : /^HTTP\/1\.1 403 Forbidden\r\n/)
    }
    client.socket.destroy()
  })

  test('goes on with Node’s server from the first request that is anything else, and loses nothing', async () => {
    const client = dial(admitted)
    await client.answers(1)
    client.socket.write(`POST /upload HTTP/1.1\r\nHost: app.example\r\n${lines}Content-Length: 4\r\n\r\nbo`)
    await sleep(20)
    client.socket.write('dy')
    expect((await client.answers(2))[1]).toContain('origin: /upload')
    client.socket.write(admitted)
    expect((await client.answers(3))[2]).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    client.socket.destroy()
  })

  test('may send a question in pieces', async () => {
    const client = dial()
    for (const piece of [admitted.slice(0, 3), admitted.slice(3, 40), admitted.slice(40, -1), admitted.slice(-1)]) {
      client.socket.write(piece)
      await sleep(20)
    }
    expect((await client.answers(1))[0]).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
    client.socket.destroy()
  })

  test('may send several questions at once, and gets its answers in their order', async () => {
    const client = dial(admitted + ask() + admitted)
    expect((await client.answers(3)).map((answer) => answer.slice(9, 12))).toEqual(['200', '403', '200'])
    client.socket.destroy()
  })

  test('may send further questions while an assertion is signed, and gets its answers in their order', async () => {
    const client = dial(admitted.replace(id, clientIdOf('late')))
    // The first is signed for a while yet.
    await new Promise((resolve) => setImmediate(resolve))
    client.socket.write(ask())
    expect((await client.answers(2)).map((answer) => answer.slice(9, 12))).toEqual(['200', '403'])
    client.socket.destroy()
  })

  test('that ends its side after a question gets its answer, and its end', async () => {
    const client = dial()
    client.socket.end(admitted)
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test('that asks nothing is told so, in time', async () => {
    const client = dial()
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  })

  test('is kept for its next question as long as it was told, and not for good', async () => {
    const client = dial(admitted)
    const [answer] = await client.answers(1)
    expect(answer).toContain('\r\nConnection: keep-alive\r\nKeep-Alive: timeout=1\r\n')
    await sleep(600)
    client.socket.write(admitted)
    await client.answers(2)
    const from = performance.now()
    await client.closed
    expect(performance.now() - from).toBeGreaterThan(700)
  })

  test('that does not read its answers is not read from, and ends', async () => {
    const client = dial()
    client.socket.pause()
    let isOver = false
    void client.closed.then(() => {
      isOver = true
    })
    // Far more than the buffers on the way hold: were all of it answered, memory would grow without bound.
    for (let count = 0; count < 3_000 && !isOver; count++) {
      client.socket.write(admitted)
      if (count % 10 === 0) await sleep(1)
    }
    await client.closed
  }, 20_000)
})

/** Passes bytes on to the gate, and remembers the packets in which questions came. */
async function startRecorder() {
  const packets: Buffer[] = []
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    const gateSide = connect(Number(new URL(gate.url).port), '127.0.0.1')
    for (const one of [socket, gateSide]) {
      sockets.add(one)
      one.on('error', () => undefined).on('close', () => sockets.delete(one))
    }
    socket.on('data', (packet) => packets.push(packet))
    socket.pipe(gateSide).pipe(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    packets,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop() {
      for (const socket of sockets) socket.destroy()
      return new Promise((resolve) => server.close(resolve))
    },
  }
}

test.each(['nginx', 'caddy', 'haproxy'] as const)(
  '%s asks plain questions, as its guide configures it',
  async (name) => {
    if (!isInstalled(name)) return expect(process.env['CI']).toBeUndefined()
    const recorder = await startRecorder()
    const proxy = await startProxy(name, { gate: recorder.url, origin: origin.url })
    const headers = ['Host', 'app.example', ...credentials, 'User-Agent', 'curl/8', 'Accept', '*/*', 'Cookie', 'a=b', 'X-Request-Id', '1']
    expect((await send(proxy.url, { path: '/some?thing', headers })).status).toBe(200)
    expect((await send(proxy.url, { method: 'POST', path: '/', headers, body: 'a body' })).status).toBe(200)
    expect(recorder.packets.length).toBeGreaterThan(2)
    for (const packet of recorder.packets) expect(readPlainQuestion(packet), packet.toString('latin1')).toBeDefined()
    await proxy.stop()
    await recorder.stop()
  },
  30_000,
)
