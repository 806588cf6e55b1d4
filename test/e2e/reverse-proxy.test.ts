import { createHash, randomBytes } from 'node:crypto'
import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { anApplication, credentials, type RunningGate, startGate, startService } from '../gate-fixtures.ts'
import { send, sendBytes } from '../raw-http.ts'

const ok: RequestListener = (request, response) => request.resume().on('end', () => response.end('ok'))

let origin: RunningGate
let gate: RunningGate
/** What the origin does in this test. */
let answer: RequestListener = ok
/** Requests as they reached the origin, oldest first. */
const received: IncomingMessage[] = []
const last = () => received.at(-1)

beforeAll(async () => {
  origin = await startService((request, response) => {
    received.push(request)
    answer(request, response)
  })
  const applications = [
    anApplication({ domain: '*', originUrl: origin.url }),
    anApplication({ domain: 'prefixed.example', originUrl: `${origin.url}/base/path` }),
    anApplication({ domain: 'slashed.example', originUrl: `${origin.url}/base/path/` }),
    anApplication({ domain: 'nowhere.example' }),
  ]
  gate = await startGate({ applications })
})
afterEach(() => {
  answer = ok
})
afterAll(async () => {
  await gate.stop()
  await origin.stop()
})

const ask = (path: string, method = 'GET', body?: string) =>
  send(gate.url, { path, method, headers: credentials, ...(body !== undefined && { body }) })

/** A request whose body the test writes by itself; resolves with the answer's head. */
function open(method: string, headers: Record<string, string | number> = {}) {
  const machine = { [credentials[0]]: credentials[1], [credentials[2]]: credentials[3] }
  const request = httpRequest(gate.url, { method, headers: { ...machine, ...headers }, agent: false })
  const answered = new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject))
  return { request, answered }
}

async function digestOf(stream: AsyncIterable<unknown>): Promise<string> {
  const hash = createHash('sha256')
  for await (const chunk of stream) hash.update(chunk as Buffer)
  return hash.digest('hex')
}

describe('a request reaches the origin as it was sent', () => {
  test.each(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS', 'TRACE', 'PROPFIND', 'PURGE'])('%s', async (method) => {
    expect((await ask('/x', method)).status).toBe(200)
    expect([last()?.method, last()?.url]).toEqual([method, '/x'])
  })

  test.each(['GET', 'POST', 'DELETE', 'OPTIONS', 'PROPFIND'])('%s with a body', async (method) => {
    answer = (request, response) => request.pipe(response)
    expect((await ask('/x', method, 'the body')).body).toBe('the body')
    expect((await ask('/x', method, '')).body).toBe('')
  })

  const paths = [
    '/',
    '/?',
    '/a?',
    '/a%2fb%2Fc',
    '/..%2f..%2fetc/passwd',
    '//double//slash/',
    '/a/../b/./c',
    '/%zz%',
    '/a;b=c,d',
    '/a?b=c&b=d&&e',
    '/a?b=%C3%A9+%20/?#',
  ]
  test.each([...paths, '/a\\b', '/"<>|{}^`', "/'(*)!$&+"])('the path %s', async (path) => {
    const head = `GET ${path} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n`
    const lines = `${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
    expect(await sendBytes(gate.url, `${head}${lines}\r\n`)).toMatch(/^HTTP\/1\.1 200/)
    expect(last()?.url).toBe(path)
  })

  test.each([
    ['/', '/base/path/'],
    ['/x?y', '/base/path/x?y'],
    ['//x', '/base/path//x'],
    ['/?y', '/base/path/?y'],
  ])("below the base path of the application's origin: %s as %s", async (path, atOrigin) => {
    for (const host of ['prefixed.example', 'slashed.example']) {
      await send(gate.url, { path, headers: [...credentials, 'Host', host] })
      expect(last()?.url).toBe(atOrigin)
    }
  })

  test('nowhere when the application has no origin: 404', async () => {
    const before = received.length
    const { status } = await send(gate.url, { headers: [...credentials, 'Host', 'nowhere.example'] })
    expect([status, received.length]).toEqual([404, before])
    expect((await send(gate.url, { headers: ['Host', 'nowhere.example'] })).status).toBe(403)
  })
})

describe('bodies pass through as streams', () => {
  test.each(['chunked', 'content-length'])('10 MB both ways, %s', async (framing) => {
    answer = (request, response) => {
      if (framing === 'content-length') response.setHeader('content-length', request.headers['content-length'] ?? 0)
      request.pipe(response)
    }
    const body = randomBytes(10 * 1024 * 1024)
    const length = framing === 'content-length' ? { 'content-length': body.length } : {}
    const { request, answered } = open('POST', length)
    for (let at = 0; at < body.length; at += 100_000) request.write(body.subarray(at, at + 100_000))
    request.end()
    const head = await answered
    expect(await digestOf(head)).toBe(createHash('sha256').update(body).digest('hex'))
    const sizes = [last()?.headers['content-length'], head.headers['content-length']]
    const codings = [last()?.headers['transfer-encoding'], head.headers['transfer-encoding']]
    if (framing === 'chunked')
      expect([sizes, codings]).toEqual([
        [undefined, undefined],
        ['chunked', 'chunked'],
      ])
    else
      expect([sizes, codings]).toEqual([
        [`${body.length}`, `${body.length}`],
        [undefined, undefined],
      ])
  })

  test('the origin reads the first half before the second is sent, and answers before the end', async () => {
    answer = (request, response) => request.once('data', () => response.flushHeaders()).pipe(response)
    const { request, answered } = open('POST')
    request.write('first half, ')
    const head = (await answered).setEncoding('utf8')
    request.end('second half')
    let text = ''
    for await (const part of head) text += part
    expect(text).toBe('first half, second half')
  })

  test('the head of an event stream arrives before any event, and each event when it is sent', async () => {
    let emit = (_text: string) => {}
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      emit = (text) => (text === '' ? response.end() : response.write(text))
    }
    const { request, answered } = open('GET', { accept: 'text/event-stream' })
    request.end()
    const events = (await answered).setEncoding('utf8')[Symbol.asyncIterator]()
    for (const text of ['data: 1\n\n', 'data: 2\n\n', 'data: 3\n\n']) {
      emit(text)
      expect(await events.next()).toEqual({ done: false, value: text })
    }
    emit('')
    expect((await events.next()).done).toBe(true)
  })

  test('a client that waits for 100 Continue gets it, and the origin gets the body', async () => {
    answer = (request, response) => request.pipe(response)
    const { request, answered } = open('POST', { expect: '100-continue', 'content-length': 4 })
    request.flushHeaders()
    await new Promise((resolve) => request.once('continue', resolve))
    request.end('body')
    expect(await digestOf(await answered)).toBe(createHash('sha256').update('body').digest('hex'))
    expect(last()?.headers.expect).toBeUndefined()
  })

  test('nothing of a request reaches the origin before it is admitted', async () => {
    const before = received.length
    const { request, answered } = open('POST', { [credentials[2]]: 'wrong' })
    request.write('x'.repeat(100_000))
    expect((await answered).statusCode).toBe(401)
    request.destroy()
    expect(received).toHaveLength(before)
  })
})

describe('an answer reaches the client as it was sent', () => {
  test.each([200, 201, 202, 206, 299, 300, 400, 401, 403, 404, 418, 429, 500, 502, 503, 599])('%d', async (status) => {
    answer = (_request, response) => response.writeHead(status, { 'x-from': 'origin' }).end('said the origin')
    const { body, values, ...rest } = await ask('/x')
    expect([rest.status, values('x-from'), body]).toEqual([status, ['origin'], 'said the origin'])
  })

  test.each([301, 302, 303, 307, 308])('%d, its location untouched and not followed', async (status) => {
    answer = (_request, response) => response.writeHead(status, { location: 'http://elsewhere.example/a?b' }).end()
    const before = received.length
    const { values, ...rest } = await ask('/x')
    expect([rest.status, values('location'), received.length - before]).toEqual([status, ['http://elsewhere.example/a?b'], 1])
  })

  test('HEAD, with the length of the body that a GET would have', async () => {
    answer = (_request, response) => response.writeHead(200, { 'content-length': 1234 }).end()
    const { status, values, body } = await ask('/x', 'HEAD')
    expect([status, values('content-length'), body]).toEqual([200, ['1234'], ''])
  })

  test('204, and 304 with or without the length of what it stands for', async () => {
    // A length is not for a 204 (RFC 9110, section 8.6).
    for (const headers of [{}, { 'content-length': 0 }, { 'content-length': 5 }]) {
      answer = (_request, response) => response.writeHead(204, headers).end()
      const { status, body, values } = await ask('/x')
      expect([status, body, values('content-length'), values('transfer-encoding')]).toEqual([204, '', [], []])
    }
    for (const headers of [{ etag: '"a"' }, { etag: '"a"', 'content-length': 1234 }]) {
      answer = (_request, response) => response.writeHead(304, headers).end()
      const unchanged = await ask('/x')
      expect([unchanged.status, unchanged.values('etag'), unchanged.body]).toEqual([304, ['"a"'], ''])
    }
  })

  test('an early refusal of a body that the origin does not read, and the connection serves the next request', async () => {
    answer = (request, response) => response.writeHead(request.method === 'POST' ? 413 : 200).end()
    const lines = `Host: a\r\n${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
    const post = `POST / HTTP/1.1\r\n${lines}Content-Length: 5000000\r\n\r\n${'x'.repeat(5_000_000)}`
    const answers = await sendBytes(gate.url, `${post}GET / HTTP/1.1\r\n${lines}Connection: close\r\n\r\n`)
    expect([...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['413', '200'])
  })
})

test('connections to the origin are used again', async () => {
  for (let count = 0; count < 10; count++) await ask('/x', 'POST', 'body')
  expect(new Set(received.slice(-10).map(({ socket }) => socket.remotePort)).size).toBeLessThanOrEqual(2)
})
