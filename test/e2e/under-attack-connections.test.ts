import type { IncomingMessage, ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type AttackBench, type Dialed, openConnections, startAttackBench } from '../attack-bench.ts'
import { type RunningGate, startService } from '../gate-fixtures.ts'

const megabyte = 1024 ** 2
/** More than all buffers on the way hold. */
const large = Buffer.alloc(30 * megabyte)

let origin: RunningGate
/** Clients have a second for everything that they have to do. */
let bench: AttackBench
/** Clients have time, but places are few. */
let narrow: AttackBench
const hanging: ServerResponse[] = []

beforeAll(async () => {
  origin = await startService((request: IncomingMessage, response) => {
    if (request.url === '/hang') return void hanging.push(response)
    request.resume().on('end', () => response.end(request.url === '/large' ? large : 'ok'))
  })
  const waits = { GATE_HEADERS_TIMEOUT: '1s', GATE_STALL_TIMEOUT: '1s', GATE_KEEP_ALIVE_TIMEOUT: '1s' }
  bench = await startAttackBench({ TRUSTED_PROXIES: 'none', ...waits }, origin.url)
  const places = { GATE_MAX_CONNECTIONS: '300', GATE_MAX_CONNECTIONS_PER_ADDRESS: '100' }
  narrow = await startAttackBench({ TRUSTED_PROXIES: 'none', GATE_HEADERS_TIMEOUT: '10m', ...places }, origin.url)
})
afterAll(async () => {
  await Promise.all([bench.stop(), narrow.stop()])
  await origin.stop()
})

function flood(count: number, bytes: string | undefined): Dialed[] {
  return Array.from({ length: count }, () => bench.dial('127.0.0.2', bytes))
}

/** All those who mean well are served while something goes on, to its end. */
async function servedMeanwhile(work: Promise<unknown>): Promise<void> {
  const memory = bench.residentBytes()
  let isOver = false
  let most = memory
  const ended = work.finally(() => {
    isOver = true
  })
  ended.catch(() => undefined)
  let count = 0
  while (!isOver || count < 20) {
    const { status, body } = await bench.ask({ path: `/${count++}` })
    expect([status, body]).toEqual([200, 'ok'])
    most = Math.max(most, bench.residentBytes())
  }
  await ended
  expect(most - memory).toBeLessThan(100 * megabyte)
}

/** Each sends a byte now and then. */
function drip(dialed: readonly Dialed[]): NodeJS.Timeout {
  return setInterval(() => {
    for (const { socket } of dialed) if (socket.writable) socket.write('x')
  }, 100)
}

const all = (dialed: readonly Dialed[]) => Promise.all(dialed.map(({ closed }) => closed))

describe('others are served, and memory stays bounded, while', () => {
  test.each<[string, string | undefined]>([
    ['say nothing', undefined],
    ['stop in the middle of a header', 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: '],
    ['stop in the middle of the first line', 'GET /'],
  ])('400 clients %s: each is told so or cut off', async (_what, bytes) => {
    const slow = flood(400, bytes)
    await servedMeanwhile(all(slow))
    const answers = slow.map(({ text }) => text()).filter((text) => text !== '')
    expect(answers.length).toBeGreaterThan(0)
    for (const text of answers) {
      expect(text).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
      expect(text).toMatch(/\r\ncf-ray: [0-9a-f]{16}\r\n/)
    }
  })

  test('200 clients send a header byte by byte', async () => {
    const slow = flood(200, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ')
    const dripping = drip(slow)
    await servedMeanwhile(all(slow))
    clearInterval(dripping)
    for (const { text } of slow) expect(text()).toMatch(/^HTTP\/1\.1 408/)
  })

  test('200 clients hold on to connections that they do not use', async () => {
    const idle = flood(200, 'GET /authorize HTTP/1.1\r\nHost: a\r\n\r\n')
    await servedMeanwhile(all(idle))
    for (const { text } of idle) expect(text()).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  })

  test('100 clients who are not admitted send bodies without end', async () => {
    const slow = flood(100, 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\n')
    const dripping = drip(slow)
    await servedMeanwhile(all(slow))
    clearInterval(dripping)
    for (const { text } of slow) expect(text()).toMatch(/^HTTP\/1\.1 403 Forbidden\r\n/)
  })

  test('100 clients who are admitted do not send their bodies', async () => {
    const half = flood(50, `POST / HTTP/1.1\r\nHost: a\r\n${bench.lines}Content-Length: 1000000\r\n\r\nhalf`)
    const none = flood(50, `POST / HTTP/1.1\r\nHost: a\r\n${bench.lines}Transfer-Encoding: chunked\r\n\r\n`)
    await servedMeanwhile(all([...half, ...none]))
  })

  test('100 clients who are admitted do not read their answers', async () => {
    const deaf = flood(100, `GET /large HTTP/1.1\r\nHost: a\r\n${bench.lines}\r\n`)
    for (const { socket } of deaf) socket.pause()
    // They cannot see their end while they do not read, so it is seen where the sender is.
    await servedMeanwhile(expect.poll(() => openConnections(portOf(bench)), { timeout: 20_000 }).toBeLessThan(20))
    for (const { socket } of deaf) socket.destroy()
  })
})

describe('connections have a limit:', () => {
  const isOpen = ({ socket }: Dialed) => !socket.connecting && !socket.closed
  const hello = 'GET /authorize HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n'
  const hangUp = async (dialed: readonly Dialed[]) => {
    for (const { socket } of dialed) socket.destroy()
    await expect.poll(() => openConnections(portOf(narrow)), { timeout: 10_000 }).toBe(0)
  }

  test('one address has its share, and a new connection takes the place of its longest idle one', async () => {
    const silent: Dialed[] = []
    for (let count = 0; count < 100; count++) silent.push(narrow.dial('127.0.0.2'))
    await expect.poll(() => openConnections(portOf(narrow)), { timeout: 10_000 }).toBe(100)
    const further = narrow.dial('127.0.0.2', hello)
    await further.closed
    expect(further.text()).toMatch(/^HTTP\/1\.1 403/)
    await expect.poll(() => silent.filter(isOpen).length, { timeout: 10_000 }).toBe(99)
    expect((await narrow.ask()).status).toBe(200)
    expect(silent.filter(isOpen)).toHaveLength(99)
    await hangUp(silent)
  })

  test('a connection that is used is not the one that is given up, however long it has been there', async () => {
    const question = hello.replace('Connection: close\r\n', '')
    const count = ({ text }: Dialed) => text().split('HTTP/1.1 403').length - 1
    const used = narrow.dial('127.0.0.2', question)
    await expect.poll(() => count(used), { timeout: 10_000 }).toBe(1)
    const silent = Array.from({ length: 99 }, () => narrow.dial('127.0.0.2'))
    await expect.poll(() => openConnections(portOf(narrow)), { timeout: 10_000 }).toBe(100)
    // It is noticed once a second that it is used.
    await sleep(1_100)
    used.socket.write(question)
    await expect.poll(() => count(used), { timeout: 10_000 }).toBe(2)
    const further = Array.from({ length: 50 }, () => narrow.dial('127.0.0.2'))
    await expect.poll(() => silent.filter(isOpen).length, { timeout: 10_000 }).toBe(49)
    used.socket.write(question)
    await expect.poll(() => count(used), { timeout: 10_000 }).toBe(3)
    await hangUp([used, ...silent, ...further])
  })

  test('all addresses together have theirs, and others are served all the same', async () => {
    const silent = Array.from({ length: 600 }, (_nothing, number) => narrow.dial(`127.0.1.${1 + (number % 9)}`))
    await expect.poll(() => silent.filter(({ socket }) => socket.closed).length, { timeout: 20_000 }).toBe(300)
    for (let count = 0; count < 20; count++) expect((await narrow.ask()).status).toBe(200)
    await hangUp(silent)
  })

  test('requests that are being answered are never given up for new connections', async () => {
    const working = Array.from({ length: 100 }, () => narrow.dial('127.0.0.2', `GET /hang HTTP/1.1\r\nHost: a\r\n${narrow.lines}\r\n`))
    await expect.poll(() => hanging.length, { timeout: 10_000 }).toBe(100)
    const further = narrow.dial('127.0.0.2', hello)
    await further.closed
    expect(further.text()).toBe('')
    expect((await narrow.ask()).status).toBe(200)
    for (const response of hanging.splice(0)) response.end('at last')
    await expect.poll(() => working.filter(({ text }) => text().includes('at last')).length, { timeout: 10_000 }).toBe(100)
    await hangUp(working)
  })
})

function portOf({ postern }: AttackBench): number {
  return Number(new URL(postern.gateUrl).port)
}
