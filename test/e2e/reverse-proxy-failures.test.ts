import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net'
import { inspect } from 'node:util'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createNameLookups } from '../../src/app/name-lookups.ts'
import type { Log } from '../../src/authority/ports.ts'
import { movableClock } from '../fixtures.ts'
import { anApplication, credentials, type RunningGate, startGate, startService, urlOfNobody } from '../gate-fixtures.ts'
import { send, sendBytes } from '../raw-http.ts'

const ok: RequestListener = (request, response) => request.resume().on('end', () => response.end('ok'))
const closeAtOnce = (socket: Socket) => void socket.once('data', () => socket.destroy())

let origin: RunningGate
let broken: Server
let gate: RunningGate
let answer: RequestListener = ok
/** What the origin behind `broken.example` does with a connection. */
let converse = closeAtOnce
const warnings: object[] = []
const clock = movableClock('2026-01-01T00:00:00Z')

beforeAll(async () => {
  origin = await startService((request, response) => answer(request, response))
  broken = createServer((socket) => converse(socket.on('error', () => undefined)))
  await new Promise<void>((resolve) => broken.listen(0, '127.0.0.1', resolve))
  const applications = [
    anApplication({ domain: '*', originUrl: origin.url }),
    anApplication({ domain: 'down.example', originUrl: await urlOfNobody() }),
    anApplication({ domain: 'broken.example', originUrl: `http://127.0.0.1:${(broken.address() as AddressInfo).port}` }),
  ]
  const log: Log = { info: () => undefined, warn: (fields) => void warnings.push(fields), error: () => undefined }
  gate = await startGate({ applications, log, clock, headersTimeoutMs: 100 })
})
afterEach(() => {
  answer = ok
  converse = closeAtOnce
  warnings.length = 0
  // Of each application, there is a line every ten seconds.
  clock.advance(10_000)
})
afterAll(async () => {
  await gate.stop()
  await origin.stop()
  await new Promise((resolve) => broken.close(resolve))
})

const json = [...credentials, 'Accept', 'application/json']

function open(method: string, headers: Record<string, string> = {}): { request: ClientRequest; answered: Promise<IncomingMessage> } {
  const machine = { [credentials[0]]: credentials[1], [credentials[2]]: credentials[3] }
  const request = httpRequest(gate.url, { method, headers: { ...machine, ...headers }, agent: false })
  const answered = new Promise<IncomingMessage>((resolve, reject) => request.on('response', resolve).on('error', reject))
  return { request, answered }
}

/** How the body of an answer ends. */
async function endOf(message: IncomingMessage): Promise<'complete' | 'cut'> {
  try {
    for await (const _chunk of message);
    return 'complete'
  } catch {
    return 'cut'
  }
}

describe('an origin that does not answer', () => {
  test.each([undefined, 'x', 'x'.repeat(5_000_000)])('is a 502 when nobody listens, with a body or without', async (body) => {
    const headers = [...json, 'Host', 'down.example']
    const { status, values, ...rest } = await send(gate.url, { method: 'POST', headers, ...(body !== undefined && { body }) })
    expect([status, values('cache-control')]).toEqual([502, ['no-store']])
    const message = 'Bad Gateway. The origin of this application could not be reached.'
    const shape = { message, status_code: 502, aud: expect.stringMatching(/^[0-9a-f]{64}$/), ray_id: values('cf-ray')[0] }
    expect(JSON.parse(rest.body)).toEqual(shape)
    expect(warnings).toEqual([expect.objectContaining({ ray: values('cf-ray')[0], application: 'down.example' })])
  })

  test.each([
    ['closes the connection', ''],
    ['speaks no HTTP', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['stops in the middle of the headers', 'HTTP/1.1 200 OK\r\nContent-'],
    ['names two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
    ['packs what it sends in chunks', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'],
    ['packs what it sends until it closes', 'HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\na'],
  ])('is a 502 when it %s', async (_case, bytes) => {
    converse = (socket) => void socket.once('data', () => socket.end(bytes))
    const opening = ['Connection', 'Upgrade', 'Upgrade', 'websocket']
    for (const headers of [[], opening]) {
      expect((await send(gate.url, { headers: [...json, ...headers, 'Host', 'broken.example'] })).status).toBe(502)
    }
  })

  test.each([
    ['a status that is none', 'HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\nok'],
    ['a status that is none, after another answer', 'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 099 Odd\r\n\r\n'],
    ['another protocol', 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'],
    ['another protocol, without saying which', 'HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'],
  ])('is a 502 when it answers with %s, which the client does not see', async (_case, bytes) => {
    converse = (socket) => void socket.once('data', () => socket.write(bytes))
    const lines = `${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
    const text = await sendBytes(gate.url, `GET / HTTP/1.1\r\nHost: broken.example\r\n${lines}Connection: close\r\n\r\n`)
    expect([...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status).filter((status) => status !== '103')).toEqual(['502'])
  })

  test('has a line in the log every ten seconds, which tells how many have none', async () => {
    const fail = async (host: string) => expect((await send(gate.url, { headers: [...json, 'Host', host] })).status).toBe(502)
    for (const host of ['down.example', 'down.example', 'broken.example', 'down.example']) await fail(host)
    expect(warnings).toMatchObject([{ application: 'down.example' }, { application: 'broken.example' }])
    expect(warnings[0]).not.toHaveProperty('leftOut')
    clock.advance(9_999)
    await fail('down.example')
    expect(warnings).toHaveLength(2)
    clock.advance(1)
    await fail('down.example')
    expect(warnings[2]).toMatchObject({ application: 'down.example', leftOut: 3, err: { code: 'ECONNREFUSED' } })
  })

  test.each([
    ['a request', []],
    ['a WebSocket', ['Connection', 'Upgrade', 'Upgrade', 'websocket']],
  ])('leaves nothing of what it sent in the log: %s', async (_what, headers) => {
    converse = (socket) =>
      void socket.once('data', () => socket.end('HTTP/1.1 200 OK\r\nSet-Cookie: private\r\nBroken\x00: private\r\n\r\nprivate'))
    expect((await send(gate.url, { headers: [...json, ...headers, 'Host', 'broken.example'] })).status).toBe(502)
    expect(warnings).toEqual([expect.objectContaining({ application: 'broken.example' })])
    expect(inspect(warnings, { depth: 9, showHidden: true })).not.toContain('private')
    expect(inspect(warnings, { depth: 9 })).not.toMatch(/<Buffer/)
  })

  test('is a 504 when it takes too long, and its connection is given up', async () => {
    const closed = new Promise<void>((resolve) => {
      answer = (request) => void request.socket.once('close', () => resolve())
    })
    const { status, values, body } = await send(gate.url, { headers: json })
    expect([status, JSON.parse(body).message]).toEqual([504, 'Gateway Timeout. The origin of this application did not answer in time.'])
    expect(warnings).toEqual([expect.objectContaining({ ray: values('cf-ray')[0] })])
    await closed
  })

  test.each(['down.example', 'broken.example'])("leaves the client's connection usable: %s", async (host) => {
    const lines = `${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
    const post = (to: string, connection: string) =>
      `POST / HTTP/1.1\r\nHost: ${to}\r\n${lines}Content-Length: 1000000\r\nConnection: ${connection}\r\n\r\n${'x'.repeat(1_000_000)}`
    const answers = await sendBytes(gate.url, post(host, 'keep-alive') + post('a', 'close'))
    expect([...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['502', '200'])
  })

  test('says nothing of why to the client', async () => {
    const { body, headers } = await send(gate.url, { headers: [...json, 'Host', 'down.example'] })
    expect(body + headers.join()).not.toMatch(/ECONN|127\.0\.0\.1|refused/i)
  })
})

describe('an origin that breaks off in the middle of its answer', () => {
  test.each([
    ['with a length', { 'content-length': '1000000' }],
    ['in chunks', {}],
  ])("cuts the client's connection, so that nobody takes the part for the whole: %s", async (_case, headers) => {
    let breakOff = () => {}
    answer = (request, response) => {
      response.writeHead(200, headers).write('the beginning')
      breakOff = () => request.socket.destroy()
    }
    const { request, answered } = open('GET')
    request.end()
    const head = await answered
    await new Promise((resolve) => head.once('readable', resolve))
    breakOff()
    expect([head.statusCode, await endOf(head)]).toEqual([200, 'cut'])
  })

  test('does not harm the next request', async () => {
    expect((await send(gate.url, { headers: json })).status).toBe(200)
  })
})

test('an origin whose name no server answers for is looked up once, however many requests and WebSockets want it', async () => {
  const asked: string[] = []
  const { ofOrigins: lookUp } = createNameLookups((name) => {
    asked.push(name)
    return new Promise(() => undefined)
  })
  const dead = await startGate({ applications: [anApplication({ domain: '*', originUrl: 'http://dead.example' })], lookUp })
  const opening = ['Connection', 'Upgrade', 'Upgrade', 'websocket']
  const answers = [[], [], [], opening, opening].map((headers) => send(dead.url, { headers: [...json, ...headers] }))
  expect((await Promise.all(answers)).map(({ status }) => status)).toEqual([504, 504, 504, 504, 504])
  expect((await send(dead.url, { headers: json })).status).toBe(504)
  expect(asked).toEqual(['dead.example'])
  await dead.stop()
}, 20_000)

describe('a client that leaves', () => {
  /** Resolves when the origin loses the gate's connection. */
  function originLosesClient(meanwhile: RequestListener): Promise<void> {
    return new Promise((resolve) => {
      answer = (request, response) => {
        request.socket.once('close', () => resolve())
        meanwhile(request, response)
      }
    })
  }

  test('before the answer ends the request to the origin', async () => {
    const { request, answered } = open('GET')
    const lost = originLosesClient(() => request.destroy())
    request.end()
    await expect(answered).rejects.toThrow()
    await lost
    expect(warnings).toEqual([])
  })

  test('in the middle of the answer ends the request to the origin', async () => {
    const { request, answered } = open('GET')
    const lost = originLosesClient((_request, response) => response.write('the beginning'))
    request.end()
    const head = await answered
    head.once('data', () => head.destroy())
    await lost
  })

  test('in the middle of its body ends the request to the origin, which can tell that it is not complete', async () => {
    const { request, answered } = open('POST')
    const ends: string[] = []
    const lost = originLosesClient((atOrigin) => {
      atOrigin.once('data', () => request.destroy())
      atOrigin.on('end', () => ends.push('complete')).on('error', () => ends.push('cut'))
    })
    request.write('the beginning')
    await expect(answered).rejects.toThrow()
    await lost
    expect(ends).toEqual(['cut'])
  })
})
