import { once } from 'node:events'
import { createServer } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { refuseBrokenRequest } from '../../src/api/broken-request.ts'
import { silent } from '../fixtures.ts'
import { type RawApi, startRawApi, type Written } from '../raw-api.ts'

const logged: string[] = []
let api: RawApi
let path: string
/** The first lines of a request that creates a token, up to the length of its body. */
let post: string
let before: Written

beforeAll(async () => {
  api = await startRawApi({ log: { ...silent, error: (_fields, message) => logged.push(message) } })
  const { accountId, apiToken } = api.postern.bootstrap
  path = `/client/v4/accounts/${accountId}/access/service_tokens`
  post = `POST ${path} HTTP/1.1\r\nhost: postern\r\nauthorization: Bearer ${apiToken}\r\ncontent-type: application/json\r\n`
  before = await api.written()
})
afterAll(() => api.stop())
afterEach(async () => {
  expect((await api.call({ method: 'GET', path: path.slice('/client/v4'.length) })).status).toBe(200)
  expect(await api.written()).toEqual(before)
  expect(logged).toEqual([])
})

function expectBrokenRequest(answer: string, status: string, message: RegExp): void {
  const [head, body] = answer.split('\r\n\r\n') as [string, string]
  expect(head).toMatch(new RegExp(`^HTTP/1\\.1 ${status}\r\n`))
  expect(head).toMatch(/\r\ncontent-type: application\/json/)
  expect(head).toMatch(/\r\ncf-ray: [0-9a-f]{16}(\r\n|$)/)
  const errors = [{ code: 6003, message: expect.stringMatching(message) }]
  expect(JSON.parse(body)).toEqual({ result: null, success: false, errors, messages: [] })
}

test.each<[string, () => readonly (string | Uint8Array)[]]>([
  ['a length that is no number', () => [`${post}content-length: two\r\n\r\n{}`]],
  ['a negative length', () => [`${post}content-length: -2\r\n\r\n{}`]],
  ['two lengths', () => [`${post}content-length: 2\r\ncontent-length: 3\r\n\r\n{}`]],
  ['a length and chunks', () => [`${post}content-length: 2\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`]],
  ['a chunk whose length is no number', () => [`${post}transfer-encoding: chunked\r\n\r\nzz\r\n{}\r\n`]],
  ['a header without a colon', () => [`${post}nonsense\r\n\r\n`]],
  ['a header with a NUL', () => [`${post}x-auth-email: a\0b\r\n\r\n`]],
  ['a header line that is folded', () => [`${post}x-auth-email: a\r\n b@example.com: c\r\nx\0: y\r\n\r\n`]],
  ['a method that is none', () => [`STEAL ${path} HTTP/1.1\r\nhost: postern\r\n\r\n`]],
  ['a version that is none', () => [`GET ${path} HTTP/9.9\r\nhost: postern\r\n\r\n`]],
  ['a path with bytes above ASCII', () => [`GET ${path}/😀 HTTP/1.1\r\nhost: postern\r\n\r\n`]],
  ['a TLS handshake', () => [Uint8Array.of(0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xfc, 0x03, 0x03)]],
  ['HTTP/2', () => ['PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n']],
  ['nothing but noise', () => ['\u0001\u0002\u0003 \r\n\r\n']],
])('what is not HTTP/1.1 gets a 400 in the form of every other refusal: %s', async (_what, parts) => {
  expectBrokenRequest(await api.converse(...parts()), '400 Bad Request', /not valid HTTP\/1\.1/)
})

test('headers that are too large are 431', async () => {
  const large = 'a'.repeat(20_000)
  for (const line of [`x-large: ${large}`, `authorization: Bearer ${large}`, `${large}: x`, 'x: y\r\n'.repeat(20_000).trimEnd()]) {
    const answer = await api.converse(`GET ${path} HTTP/1.1\r\nhost: postern\r\n${line}\r\n\r\n`)
    expectBrokenRequest(answer, '431 Request Header Fields Too Large', /larger than 16384 bytes/)
  }
})

test('garbage after a good request on the same connection ends the connection and nothing else', async () => {
  const answer = await api.converse(`GET ${path} HTTP/1.1\r\nhost: postern\r\n\r\n`, '\0garbage\r\n\r\n')
  expect(answer).toMatch(/HTTP\/1\.1 400 Bad Request/)
})

test("a body that breaks off is nobody's fault here: it writes nothing and logs no error", async () => {
  const { hostname, port } = new URL(api.postern.apiUrl)
  for (const rest of ['content-length: 100\r\n\r\n{"name":"half', 'transfer-encoding: chunked\r\n\r\nd\r\n{"name":"half"\r\n']) {
    const socket = connect(Number(port), hostname)
    // The server has read the head once it says to go on, and waits for the body.
    socket.write(`${post}expect: 100-continue\r\n${rest}`)
    await once(socket, 'data')
    socket.destroy()
    await once(socket, 'close')
  }
})

test('a request that does not arrive in time is 408', async () => {
  const server = createServer({ requestTimeout: 1, headersTimeout: 1, connectionsCheckingInterval: 1 })
  server.on('clientError', (error, socket) => refuseBrokenRequest(error, socket as never, '0123456789abcdef'))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1')
  socket.write('GET / HTTP/1.1\r\n')
  const [answer] = (await once(socket, 'data')) as [Buffer]
  expect(answer.toString()).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n(.*\r\n)*.*"code":12130,.*did not arrive in time/)
  socket.destroy()
  server.close()
})
