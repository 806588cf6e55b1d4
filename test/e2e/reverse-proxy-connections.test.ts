import { once } from 'node:events'
import { createServer as createHttpServer, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createNameLookups } from '../../src/app/name-lookups.ts'
import type { Admitted } from '../../src/gate/reverse-proxy/admitted.ts'
import { createReverseProxy, type ReverseProxy } from '../../src/gate/reverse-proxy.ts'
import { movableClock, silent } from '../fixtures.ts'
import { anApplication, credentials, type RunningGate, startGate, startService } from '../gate-fixtures.ts'
import { send, sendBytes } from '../raw-http.ts'

const ok: RequestListener = (request, response) => request.resume().on('end', () => response.end('ok'))

let origin: RunningGate
let raw: Server
let gate: RunningGate
let answer: RequestListener = ok
/** What the origin behind `raw.example` does with a connection. */
let converse: (socket: Socket) => void = (socket) => void socket.destroy()
const received: IncomingMessage[] = []
const heldOpen: Socket[] = []

beforeAll(async () => {
  origin = await startService((request, response) => {
    received.push(request)
    answer(request, response)
  })
  raw = createServer((socket) => {
    heldOpen.push(socket.on('error', () => undefined))
    converse(socket)
  })
  await new Promise<void>((resolve) => raw.listen(0, '127.0.0.1', resolve))
  const applications = [
    anApplication({ domain: '*', originUrl: origin.url }),
    anApplication({ domain: 'raw.example', originUrl: `http://127.0.0.1:${(raw.address() as AddressInfo).port}` }),
  ]
  gate = await startGate({ applications })
})
afterEach(() => {
  answer = ok
  received.length = 0
  for (const socket of heldOpen.splice(0)) socket.destroy()
})
afterAll(async () => {
  await gate.stop()
  await origin.stop()
  await new Promise((resolve) => raw.close(resolve))
})

const lines = `${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
const toRaw = [...credentials, 'Host', 'raw.example']

/** A connection of a client that writes by itself; what has come so far. */
async function converseWith(
  url: string,
): Promise<{ readonly socket: Socket; readonly text: () => string; readonly closed: Promise<void> }> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => undefined)
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  await once(socket, 'connect')
  return { socket, text: () => text, closed }
}

describe('connections to an origin', () => {
  test('are used again: many requests, few connections', async () => {
    for (let count = 0; count < 100; count++) {
      const body = count % 2 === 0 ? {} : { method: 'POST', body: 'body' }
      expect((await send(gate.url, { headers: credentials, ...body })).status).toBe(200)
    }
    expect(new Set(received.map(({ socket }) => socket.remotePort)).size).toBeLessThanOrEqual(3)
  })

  /** Answers one request, and ends the connection when it hears a second one: as when the news of an end crosses a request. */
  function endWithSecond(): () => readonly string[] {
    const requests: string[] = []
    converse = (socket) => {
      let heard = 0
      socket.on('data', (bytes) => {
        requests.push(bytes.toString().split(' ')[0] ?? '')
        if (++heard === 1) socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok')
        else socket.destroy()
      })
    }
    return () => requests
  }

  test.each(['GET', 'HEAD', 'OPTIONS', 'DELETE'])(
    'that have just been closed cost nothing: %s is sent again on a new one',
    async (method) => {
      const requests = endWithSecond()
      const statuses: number[] = []
      for (let count = 0; count < 3; count++) statuses.push((await send(gate.url, { method: 'GET', headers: toRaw })).status)
      statuses.push((await send(gate.url, { method, headers: toRaw })).status)
      expect(statuses).toEqual([200, 200, 200, 200])
      expect(requests().length).toBeGreaterThan(4)
    },
  )

  test('that have just been closed: what might have been done already is not sent again, but answered 502', async () => {
    const requests = endWithSecond()
    await send(gate.url, { headers: toRaw })
    expect((await send(gate.url, { method: 'POST', headers: toRaw, body: 'body' })).status).toBe(502)
    expect(requests()).toEqual(['GET', 'POST'])
  })
})

test('a request whose body begins late reaches the origin, although that has closed its idle connections meanwhile', async () => {
  const impatient = createHttpServer({ keepAliveTimeout: 50, headersTimeout: 100, connectionsCheckingInterval: 20 }, (request, response) =>
    request.pipe(response),
  )
  await new Promise<void>((resolve) => impatient.listen(0, '127.0.0.1', resolve))
  const originUrl = `http://127.0.0.1:${(impatient.address() as AddressInfo).port}`
  const before = await startGate({ applications: [anApplication({ domain: '*', originUrl })] })
  let open = 0
  impatient.on('connection', (socket) => {
    open++
    socket.once('close', () => open--)
  })
  expect((await send(before.url, { headers: credentials })).status).toBe(200)
  for (const framing of ['Content-Length: 4', 'Transfer-Encoding: chunked']) {
    const client = await converseWith(before.url)
    client.socket.write(`POST / HTTP/1.1\r\nHost: a\r\n${lines}${framing}\r\nConnection: close\r\n\r\n`)
    await expect.poll(() => open, { timeout: 5_000 }).toBe(0)
    client.socket.write(framing.startsWith('C') ? 'late' : '4\r\nlate\r\n0\r\n\r\n')
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 200 OK\r\n[\s\S]*late/)
  }
  await before.stop()
  impatient.close()
})

describe('a client that asks for leave to send its body (Expect: 100-continue)', () => {
  const head = (secret: string) =>
    `POST /x HTTP/1.1\r\nHost: a\r\n${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${secret}\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n`

  test('gets it when it is admitted, and its connection serves the next request', async () => {
    answer = (request, response) => request.pipe(response)
    const client = await converseWith(gate.url)
    client.socket.write(head(credentials[3]))
    await expect.poll(client.text).toBe('HTTP/1.1 100 Continue\r\n\r\n')
    expect(received).toEqual([])
    client.socket.write(`bodyGET / HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`)
    await client.closed
    expect([...client.text().matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['100', '200', '200'])
    expect(received[0]?.headers.expect).toBeUndefined()
  })

  test('gets its refusal instead when it is not, and the connection ends, as its body might come or not', async () => {
    const client = await converseWith(gate.url)
    client.socket.write(head('wrong'))
    await client.closed
    expect(client.text()).toMatch(/^HTTP\/1\.1 401 Unauthorized\r\n/)
    expect(client.text()).toMatch(/\r\nConnection: close\r\n/i)
    expect(received).toEqual([])
  })

  test('gets no more than the answer when it expects something else', async () => {
    const answered = await sendBytes(gate.url, `GET / HTTP/1.1\r\nHost: a\r\n${lines}Expect: a miracle\r\nConnection: close\r\n\r\n`)
    expect(answered).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })
})

describe('what comes before the body of an answer', () => {
  test('early hints (103) are passed on, before the answer and without a header of one connection', async () => {
    answer = (_request, response) => {
      response.writeEarlyHints({ link: '</style.css>; rel=preload', 'x-trace': 'a', connection: 'x-trace' }, () => response.end('done'))
    }
    const answered = await sendBytes(gate.url, `GET / HTTP/1.1\r\nHost: a\r\n${lines}Connection: close\r\n\r\n`)
    expect(answered).toMatch(/^HTTP\/1\.1 103 Early Hints\r\nLink: <\/style\.css>; rel=preload\r\n\r\nHTTP\/1\.1 200 OK\r\n[\s\S]*done/)
    const older = await sendBytes(gate.url, `GET / HTTP/1.0\r\nHost: a\r\n${lines}\r\n`)
    expect(older).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  })

  test.each([
    ['Fine By Me', 'HTTP/1.1 200 Fine By Me\r\n'],
    ['', 'HTTP/1.1 200 \r\n'],
    ['d\u00e9j\u00e0', 'HTTP/1.1 200 OK\r\n'],
  ])('the reason phrase is the one of the origin, if it is ASCII: "%s"', async (reason, first) => {
    converse = (socket) =>
      socket.once('data', () => socket.write(Buffer.from(`HTTP/1.1 200 ${reason}\r\nContent-Length: 0\r\n\r\n`, 'latin1')))
    const request = `GET / HTTP/1.1\r\nHost: raw.example\r\n${lines}Connection: close\r\n\r\n`
    expect((await sendBytes(gate.url, request)).startsWith(first)).toBe(true)
  })
})

describe('what goes with an admitted request', () => {
  let proxy: ReverseProxy
  let service: RunningGate
  let admitted: Partial<Admitted> = {}

  beforeAll(async () => {
    const clock = movableClock('2026-01-01T00:00:00Z')
    const lookUp = createNameLookups().ofOrigins
    proxy = createReverseProxy({ isTrusted: () => false, log: silent, clock, loopId: 'postern-here', lookUp })
    const application = { id: 'a', originUrl: origin.url, audience: 'aud', domain: 'a.example' }
    const none = { application, assertion: null, setCookie: null, withoutHeader: null }
    service = await startService((request, response) => void proxy.forward(request, response, { ...none, ...admitted }, 'ray'))
  })
  afterEach(() => {
    admitted = {}
  })
  afterAll(async () => {
    await service.stop()
    await proxy.close()
  })

  test('the assertion is the one of the gate alone', async () => {
    const forged = ['Cf-Access-Jwt-Assertion', 'forged', 'CF_Access_Jwt_Assertion', 'forged']
    await send(service.url, { headers: forged })
    expect(received[0]?.rawHeaders.join()).not.toMatch(/assertion|forged/i)
    admitted = { assertion: 'a.b.c' }
    await send(service.url, { headers: forged })
    expect(received[1]?.headersDistinct['cf-access-jwt-assertion']).toEqual(['a.b.c'])
    expect(received[1]?.rawHeaders.join()).not.toContain('forged')
  })

  test('a cookie of the gate stands beside those of the origin', async () => {
    answer = (_request, response) => response.writeHead(200, { 'set-cookie': ['a=b', 'c=d'] }).end()
    admitted = { setCookie: 'CF_Authorization=x; HttpOnly' }
    const { values } = await send(service.url)
    expect(values('set-cookie')).toEqual(['a=b', 'c=d', 'CF_Authorization=x; HttpOnly'])
  })

  test("the header with an application's credentials does not reach the origin, however it is spelled", async () => {
    admitted = { withoutHeader: 'X-Machine-Credentials' }
    await send(service.url, { headers: ['x-machine-CREDENTIALS', 'secret', 'X_Machine_Credentials', 'secret', 'X-Machine', 'kept'] })
    expect(received[0]?.rawHeaders.join()).not.toContain('secret')
    expect(received[0]?.headers['x-machine']).toBe('kept')
  })

  test.each([
    ['CF_Authorization=secret', undefined],
    ['CF_Authorization=secret; a=b', 'a=b'],
    ['a=b; CF_Authorization=secret', 'a=b'],
    ['a="x;y" ;  c=d;CF_Authorization=secret; e', 'a="x;y" ;  c=d; e'],
    ['a=b; CF_Authorization =secret; CF_Authorization=secret;c', 'a=b;c'],
    ['a=CF_Authorization; XCF_Authorization=1; CF_Authorization2=2', 'a=CF_Authorization; XCF_Authorization=1; CF_Authorization2=2'],
    ['  a=b;;c', 'a=b;;c'],
  ])('the cookie with a session of the gate does not reach the origin, and all others are untouched: %s', async (cookie, kept) => {
    await send(service.url, { headers: ['Cookie', cookie] })
    expect(received[0]?.headers.cookie).toBe(kept)
  })
})

test('an event stream ends at the origin when its client leaves', async () => {
  const ended = new Promise<void>((resolve) => {
    answer = (_request, response) => {
      response.writeHead(200, { 'content-type': 'text/event-stream' }).flushHeaders()
      response.once('close', () => resolve())
    }
  })
  const headers = { [credentials[0]]: credentials[1], [credentials[2]]: credentials[3] }
  const answered = await new Promise<IncomingMessage>((resolve) => httpRequest(gate.url, { headers, agent: false }, resolve).end())
  answered.destroy()
  await ended
})
