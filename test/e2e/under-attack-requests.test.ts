import { pbkdf2 } from 'node:crypto'
import type { IncomingMessage, RequestListener } from 'node:http'
import { connect, type Socket } from 'node:net'
import { promisify } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import type { Log } from '../../src/authority/ports.ts'
import { machineHeaders, silent, startPostern } from '../fixtures.ts'
import { anApplication, credentials, type RunningGate, startGate, startService } from '../gate-fixtures.ts'
import { send, sendBytes } from '../raw-http.ts'

const ok: RequestListener = (request, response) => request.resume().on('end', () => response.end('ok'))

let origin: RunningGate
let gate: RunningGate
let answer: RequestListener = ok
const received: IncomingMessage[] = []
const sockets: Socket[] = []

beforeAll(async () => {
  origin = await startService((request, response) => {
    received.push(request)
    answer(request, response)
  })
  const listener = { headersTimeoutMs: 300, stallTimeoutMs: 2_000, keepAliveTimeoutMs: 300 }
  gate = await startGate({ applications: [anApplication({ domain: '*', originUrl: origin.url })], listener })
})
afterEach(async () => {
  answer = ok
  for (const socket of sockets.splice(0)) socket.destroy()
  // Whatever came before, the gate serves.
  expect((await send(gate.url, { headers: credentials })).status).toBe(200)
  received.length = 0
})
afterAll(async () => {
  await gate.stop()
  await origin.stop()
})

const lines = `${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
const valid = `GET / HTTP/1.1\r\nHost: a\r\n${lines}\r\n`
const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status))

/** A page of the gate itself, on a connection that ends with it. */
function expectRefusal(text: string, status: number): void {
  expect(text.startsWith(`HTTP/1.1 ${status} `)).toBe(true)
  const [, ray = 'none'] = /\r\ncf-ray: (\S+)\r\n/.exec(text) ?? []
  expect(text).toMatch(/\r\ncache-control: no-store\r\n/)
  expect(text).toMatch(/\r\nConnection: close\r\n/)
  expect(text).toContain(`<h1>${status} `)
  expect(text).toContain(`Ray ID: ${ray}`)
}

describe('what cannot be read is refused as everything else is, and ends the connection', () => {
  test.each([
    ['nothing like HTTP', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n'],
    ['another protocol', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['an unknown method', 'BREW / HTTP/1.1\r\nHost: a\r\n\r\n'],
    ['a version of HTTP that is none', 'GET / HTTP/9.9\r\nHost: a\r\n\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nX\r\n\r\n'],
    ['a zero byte in a header', 'GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n'],
    ['a length below zero', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
    ['a length beyond all numbers', `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${'9'.repeat(40)}\r\n\r\n`],
    ['HTTP/2 by prior knowledge', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ])('%s: 400', async (_what, bytes) => {
    expectRefusal(await sendBytes(gate.url, bytes), 400)
    expect(received).toEqual([])
  })

  test.each([
    ['one header of 20 kB', `X: ${'x'.repeat(20_000)}\r\n`],
    ['many headers of 20 kB together', `X-Some-Name: ${'x'.repeat(1_000)}\r\n`.repeat(20)],
    ['more than a megabyte, all of which is sent', `X: ${'x'.repeat(1_500_000)}\r\n`],
  ])('%s: 431', async (_what, headers) => {
    expectRefusal(await sendBytes(gate.url, `GET / HTTP/1.1\r\nHost: a\r\n${lines}${headers}\r\n`), 431)
    expect(received).toEqual([])
  })

  test('a path of 20 kB: 431', async () => {
    expectRefusal(await sendBytes(gate.url, `GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`), 431)
  })

  test('a head that does not arrive in time: 408', async () => {
    expectRefusal(await sendBytes(gate.url, 'GET / HTTP/1.1\r\nHost: a\r\n'), 408)
    expectRefusal(await sendBytes(gate.url, ''), 408)
  })

  test('a tunnel to elsewhere (CONNECT): 400', async () => {
    expectRefusal(await sendBytes(gate.url, `CONNECT a.example:443 HTTP/1.1\r\nHost: a\r\n${lines}\r\n`), 400)
  })
})

test('more than 200 headers are 431, however short, and 200 reach the origin', async () => {
  const many = (count: number) => Array.from({ length: count }, (_nothing, at) => [`x${at}`, '']).flat()
  expect((await send(gate.url, { headers: [...credentials, ...many(199)] })).status).toBe(431)
  expect(received).toEqual([])
  // The two of the token, Host and Connection belong to them.
  expect((await send(gate.url, { headers: [...credentials, ...many(195)] })).status).toBe(200)
  expect(received[0]?.headers['x194']).toBe('')
})

test.each([
  ['one before chunked', 'Transfer-Encoding: gzip, chunked\r\n'],
  ['one in a line of its own', 'Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n'],
])('a transfer coding that the gate does not know is refused, as the origin would not hear of it: %s', async (_what, coding) => {
  const text = await sendBytes(gate.url, `POST / HTTP/1.1\r\nHost: a\r\n${lines}${coding}Connection: close\r\n\r\n0\r\n\r\n`)
  expectRefusal(text, 501)
  expect(received).toEqual([])
})

describe('a body that breaks while the gate is still at work on the answer', () => {
  test.each([
    ['the published keys', '/cdn-cgi/access/certs'],
    ['the identity', '/cdn-cgi/access/get-identity'],
    ['forward-auth', '/authorize'],
    ['the reverse proxy', '/'],
  ])('is refused once, and nothing follows: %s', async (_what, path) => {
    const mistakes: object[] = []
    const log: Log = { ...silent, error: (fields) => void mistakes.push(fields) }
    // Only a gate that has signed nothing yet has to wait for it.
    const fresh = await startGate({ applications: [anApplication({ domain: '*', originUrl: origin.url })], log })
    try {
      const head = `POST ${path} HTTP/1.1\r\nHost: a\r\n${lines}Transfer-Encoding: chunked\r\n\r\n`
      expectRefusal(await sendBytes(fresh.url, `${path.startsWith('/cdn-cgi') ? head.replace('POST', 'GET') : head}ZZ\r\n`), 400)
      expect((await send(fresh.url, { path: '/authorize', headers: credentials })).status).toBe(200)
      expect([received, mistakes]).toEqual([[], []])
    } finally {
      await fresh.stop()
    }
  })

  test('nor does anything begin for a client that has left meanwhile', async () => {
    const fresh = await startGate({ applications: [anApplication({ domain: '*', originUrl: origin.url })] })
    try {
      const isBusy = occupyThreadPool()
      const heard = async () => expect((await send(fresh.url, { path: '/cdn-cgi/access/' })).status).toBe(404)
      const asking = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
      const leaving = ['', asking].map((more) => dial(`GET / HTTP/1.1\r\nHost: a\r\n${lines}${more}\r\n`, fresh.url))
      await heard()
      for (const socket of leaving) socket.reset()
      await heard()
      await isBusy
      // By then it would have begun.
      expect((await send(fresh.url, { path: '/authorize', headers: credentials })).status).toBe(200)
      expect((await send(fresh.url, { path: '/last', headers: credentials })).status).toBe(200)
      expect(received.map(({ url }) => url)).toEqual(['/last'])
    } finally {
      await fresh.stop()
    }
  })
})

describe('several requests on one connection', () => {
  test('that ask for another protocol again and again leave no warning about listeners', async () => {
    const warnings: Error[] = []
    const note = (warning: Error) => void warnings.push(warning)
    process.on('warning', note)
    const postern = await startPostern({ settings: { ORIGIN_URL: origin.url } })
    try {
      const token = await postern.client.zeroTrust.access.serviceTokens.create({ account_id: postern.bootstrap.accountId, name: 'machine' })
      const headers = Object.entries({ Host: 'a', ...machineHeaders(token) }).map((pair) => `${pair.join(': ')}\r\n`)
      const request = (connection: string) => `GET / HTTP/1.1\r\n${headers.join('')}Connection: ${connection}\r\n\r\n`
      const text = await sendBytes(postern.gateUrl, request('Upgrade\r\nUpgrade: h2c').repeat(15) + request('close'))
      expect(statuses(text)).toEqual(Array.from({ length: 16 }, () => 200))
      expect(warnings).toEqual([])
    } finally {
      process.off('warning', note)
      await postern.stop()
    }
  })

  test('garbage after a request does not overtake its answer', async () => {
    answer = (_request, response) => setImmediate(() => response.end('first'))
    const text = await sendBytes(gate.url, `${valid}GARBAGE\r\n\r\n`)
    expect(statuses(text)).toEqual([200, 400])
    expect(text.indexOf('first')).toBeLessThan(text.indexOf('400 Bad Request'))
  })

  test('a body that turns into garbage is refused, and the origin can tell that it is not complete', async () => {
    const ends: string[] = []
    answer = (request) =>
      void request
        .resume()
        .on('end', () => ends.push('complete'))
        .on('error', () => ends.push('cut'))
    const socket = dial(`POST / HTTP/1.1\r\nHost: a\r\n${lines}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n`)
    await expect.poll(() => received.length).toBe(1)
    socket.write('GARBAGE\r\n')
    await socket.closed
    expectRefusal(socket.text(), 400)
    await expect.poll(() => ends).toEqual(['cut'])
  })

  test('a body that turns into garbage while it is answered breaks the answer off', async () => {
    const socket = dial(`POST / HTTP/1.1\r\nHost: a\r\n${lines}Transfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n`)
    answer = (request, response) => request.once('data', () => response.write('begun'))
    await expect.poll(socket.text).toContain('begun')
    socket.write('GARBAGE\r\n')
    await socket.closed
    expect(socket.text()).not.toMatch(/0\r\n\r\n$/)
    expect(statuses(socket.text())).toEqual([200])
  })

  test('up to 32 may be under way, and a client that sends more is cut off', async () => {
    let open: (() => void)[] = []
    answer = (_request, response) => void open.push(() => response.end('ok'))
    const patient = dial(valid.repeat(32))
    await expect.poll(() => open.length).toBe(32)
    for (const end of open) end()
    await expect.poll(() => statuses(patient.text()).length).toBe(32)
    open = []
    const greedy = dial(valid.repeat(33))
    await greedy.closed
    expect(greedy.text()).toBe('')
    // Nothing goes on for it at the origin.
    await expect.poll(() => received.slice(32).every(({ socket }) => socket.destroyed)).toBe(true)
  })

  test.each([
    ['keys', '/cdn-cgi/access/certs'],
    ['origin', '/'],
  ])('a tunnel to elsewhere (CONNECT) is refused after the answers that are due: %s', async (_whose, path) => {
    answer = (_request, response) => setImmediate(() => response.end('first'))
    const due = valid.replace('GET /', `GET ${path}`)
    const text = await sendBytes(gate.url, `${due}${due}CONNECT x:1 HTTP/1.1\r\nHost: a\r\n\r\n`)
    expect(statuses(text)).toEqual([200, 200, 400])
  })

  test('a WebSocket is not opened before the answers that are due', async () => {
    answer = (_request, response) => setImmediate(() => response.end('first'))
    const asking = 'Connection: Upgrade\r\nUpgrade: websocket\r\n'
    const text = await sendBytes(gate.url, `${valid}GET / HTTP/1.1\r\nHost: a\r\n${asking}\r\n`)
    expect(statuses(text)).toEqual([200, 403])
    expect(text.indexOf('first')).toBeLessThan(text.indexOf('403 Forbidden'))
  })
})

/** Until it resolves, nothing is signed: signing waits for a thread. */
function occupyThreadPool(): Promise<unknown> {
  return Promise.all(Array.from({ length: 8 }, () => promisify(pbkdf2)('password', 'salt', 300_000, 32, 'sha512')))
}

/** A client that writes by itself. */
function dial(
  bytes: string,
  to = gate.url,
): {
  readonly reset: () => void
  readonly write: (more: string) => void
  readonly text: () => string
  readonly closed: Promise<void>
} {
  const { hostname, port } = new URL(to)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => undefined)
  socket.write(bytes, 'latin1')
  return {
    reset: () => void socket.resetAndDestroy(),
    write: (more) => void socket.write(more, 'latin1'),
    text: () => text,
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
  }
}
