import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { patience } from '../../src/api/broken-request.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type RunningPostern, silent, startPostern } from '../fixtures.ts'
import { send } from '../raw-http.ts'

const logged: string[] = []
const sockets: Socket[] = []
let postern: RunningPostern
let path: string
/** The first lines of a request, up to what its method needs. */
let head: string

beforeAll(async () => {
  // Headers have 300 ms, the whole request 900, and who does not read is cut off after 1800.
  const log = { ...silent, error: (_fields: object, message: string) => logged.push(message) }
  postern = await startPostern({ settings: { REQUEST_TIMEOUT: '900ms' }, log })
  path = `/client/v4/accounts/${postern.bootstrap.accountId}/access/service_tokens`
  head = `${path} HTTP/1.1\r\nhost: postern\r\nauthorization: Bearer ${postern.bootstrap.apiToken}\r\n`
})
afterAll(() => postern.stop())
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  expect(await names()).not.toContain('slow')
  expect(logged).toEqual([])
})

const bearer = () => ['Authorization', `Bearer ${postern.bootstrap.apiToken}`]

async function names(): Promise<readonly string[]> {
  const { status, body } = await send(postern.apiUrl, { path, headers: bearer() })
  expect(status).toBe(200)
  return JSON.parse(body).result.map(({ name }: { name: string }) => name)
}

function open(): Socket {
  const { hostname, port } = new URL(postern.apiUrl)
  const socket = connect(Number(port), hostname)
  // It is cut off while it still writes.
  socket.on('error', () => undefined)
  sockets.push(socket)
  return socket
}

/** However it ends. */
const closed = (socket: Socket) => new Promise<void>((resolve) => socket.once('close', () => resolve()))

/** Writes the beginning at once and then the rest byte by byte; answers with what came until the server closed the connection. */
async function trickle(beginning: string, rest = ''): Promise<string> {
  const socket = open()
  const chunks: Buffer[] = []
  socket.on('data', (chunk) => chunks.push(chunk))
  if (beginning !== '') socket.write(beginning)
  let sent = 0
  const sending = setInterval(() => sent < rest.length && socket.write(rest.charAt(sent++)), 20)
  await closed(socket)
  clearInterval(sending)
  return Buffer.concat(chunks).toString()
}

const json = 'content-type: application/json\r\n'
const slowly = `{"name":"slow"${' '.repeat(1000)}}`

test.each<[string, () => readonly [string, string?]]>([
  ['a connection on which nothing comes', () => ['']],
  ['headers that stop in the middle', () => [`GET ${head}`]],
  ['headers byte by byte', () => [`GET ${head}x-slow: `, 'x'.repeat(1000)]],
  ['a request line byte by byte', () => ['', `GET /${'a'.repeat(1000)} HTTP/1.1\r\n\r\n`]],
  ['a body that does not come', () => [`POST ${head}${json}content-length: 15\r\n\r\n`]],
  ['a body byte by byte', () => [`POST ${head}${json}content-length: ${slowly.length}\r\n\r\n`, slowly]],
  ['chunks that do not end', () => [`POST ${head}${json}transfer-encoding: chunked\r\n\r\nf\r\n{"name":"slow"}\r\n`]],
  ['chunks byte by byte', () => [`POST ${head}${json}transfer-encoding: chunked\r\n\r\n3ff\r\n`, slowly]],
])('what does not arrive in time is 408, and others are served meanwhile: %s', async (_what, parts) => {
  const answering = trickle(...parts())
  expect((await send(postern.apiUrl, { path, headers: bearer() })).status).toBe(200)
  const answer = await answering
  expect(answer).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n/)
  expect(answer).toMatch(/\r\ncf-ray: [0-9a-f]{16}\r\n/)
  const errors = [{ code: 12130, message: expect.stringMatching(/did not arrive in time$/) }]
  expect(JSON.parse(answer.split('\r\n\r\n')[1] ?? '')).toEqual({ result: null, success: false, errors, messages: [] })
})

test('a body that nobody wanted ends the connection too, after its answer', async () => {
  const answer = await trickle(`POST ${head.replace(/Bearer .*/, 'Bearer wrong')}${json}content-length: ${slowly.length}\r\n\r\n`, slowly)
  expect(answer).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
})

test('300 clients that say nothing keep nobody waiting', async () => {
  const quiet = Array.from({ length: 300 }, open)
  await Promise.all(quiet.map((socket) => once(socket, 'connect')))
  expect(await names()).toEqual([])
  for (const socket of quiet) socket.resume()
  await Promise.all(quiet.map((socket) => closed(socket)))
})

test('a client that does not read its answers is cut off, and others are served meanwhile', async () => {
  const socket = open()
  socket.pause()
  // As many as may be under way; their answers are more than all buffers on the way hold.
  socket.write('GET /docs/swagger-ui-bundle.js HTTP/1.1\r\nhost: postern\r\n\r\n'.repeat(32))
  expect(await names()).toEqual([])
  await setTimeout(6_000)
  // Who does not read sees in writing only that nobody is there any more.
  const cut = closed(socket)
  const knocking = setInterval(() => socket.write('\r\n'), 50)
  await cut
  clearInterval(knocking)
  expect(socket.bytesRead).toBe(0)
})

test('who sends more requests than 32 without waiting for answers is cut off, before they keep the database from others', async () => {
  const socket = open()
  const cut = closed(socket)
  socket.write(`GET ${head}\r\n`.repeat(33))
  expect(await names()).toEqual([])
  await cut
  expect(socket.bytesRead).toBe(0)
  const patient = open()
  const answers: Buffer[] = []
  patient.on('data', (part) => answers.push(part))
  patient.write(`GET ${head}\r\n`.repeat(32))
  await expect
    .poll(
      () =>
        Buffer.concat(answers)
          .toString()
          .match(/HTTP\/1\.1 200 /g)?.length,
    )
    .toBe(32)
})

test('by default headers have 10 seconds and the whole request 30, and a connection without requests 72', async () => {
  expect(loadConfig({ flags: {}, environment: {} }).requestTimeout).toBe(30_000)
  expect(patience(30_000)).toMatchObject({ requestTimeout: 30_000, http: { headersTimeout: 10_000, connectionsCheckingInterval: 1_000 } })
  const { values } = await send(postern.apiUrl, { path: '/livez', headers: ['Connection', 'keep-alive'] })
  expect(values('keep-alive')).toEqual(['timeout=72'])
})

test.each([1, 2, 1000, 2 ** 31 - 1])('a timeout of %i ms switches nothing off', (timeoutMs) => {
  const { connectionTimeout, http } = patience(timeoutMs)
  for (const limit of [connectionTimeout, http.headersTimeout, http.requestTimeout, http.connectionsCheckingInterval]) {
    expect(limit).toBeGreaterThan(0)
    expect(limit).toBeLessThan(2 ** 31)
  }
})
