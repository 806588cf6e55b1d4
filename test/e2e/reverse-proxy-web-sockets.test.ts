import { once } from 'node:events'
import { createServer as createHttpServer, type Server as HttpServer, type IncomingMessage } from 'node:http'
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { anApplication, credentials, type RunningGate, startGate, urlOfNobody } from '../gate-fixtures.ts'
import { valuesIn } from '../raw-http.ts'

/** An origin that echoes every message, and answers `/declined` otherwise. */
let origin: HttpServer
let echo: WebSocketServer
/** An origin that speaks byte by byte, as the test says. */
let raw: Server
let converse: (socket: Socket) => void = (socket) => void socket.destroy()
let gate: RunningGate
const received: IncomingMessage[] = []
/** Connections at both ends, to be closed after each test. */
const sockets: (Socket | WebSocket)[] = []
const large = 'x'.repeat(3_000_000)

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const portOf = (server: Server) => (server.address() as AddressInfo).port

beforeAll(async () => {
  origin = createHttpServer()
  echo = new WebSocketServer({
    noServer: true,
    perMessageDeflate: { threshold: 0 },
    handleProtocols: (names) => [...names].at(-1) ?? false,
  })
  echo.on('connection', (socket) => socket.on('message', (data, binary) => socket.send(data, { binary })))
  origin.on('upgrade', (request: IncomingMessage, socket: Socket, head: Buffer) => {
    received.push(request)
    sockets.push(socket)
    if (request.url === '/declined')
      return void socket.end(`HTTP/1.1 418 Tea\r\nX-From: origin\r\nContent-Length: ${large.length}\r\n\r\n${large}`)
    echo.handleUpgrade(request, socket, head, (opened) => echo.emit('connection', opened, request))
  })
  raw = createServer((socket) => {
    sockets.push(socket.on('error', () => undefined))
    converse(socket)
  })
  await Promise.all([listen(origin), listen(raw)])
  const applications = [
    anApplication({ domain: '*', originUrl: `http://127.0.0.1:${portOf(origin)}/base` }),
    anApplication({ domain: 'raw.example', originUrl: `http://127.0.0.1:${portOf(raw)}` }),
    anApplication({ domain: 'down.example', originUrl: await urlOfNobody() }),
    anApplication({ domain: 'nowhere.example' }),
  ]
  gate = await startGate({ applications, headersTimeoutMs: 300 })
})
afterEach(() => {
  received.length = 0
  for (const socket of sockets.splice(0)) 'terminate' in socket ? socket.terminate() : socket.destroy()
})
afterAll(async () => {
  await gate.stop()
  for (const server of [origin, raw]) server.close()
})

const machine = { [credentials[0]]: credentials[1], [credentials[2]]: credentials[3] }

function open(path = '/chat', protocols: readonly string[] = [], headers: Record<string, string> = machine): WebSocket {
  const socket = new WebSocket(gate.url.replace('http', 'ws') + path, [...protocols], { headers })
  // Some are cut off before they open.
  sockets.push(socket.on('error', () => undefined))
  return socket
}

const lines = `${credentials[0]}: ${credentials[1]}\r\n${credentials[2]}: ${credentials[3]}\r\n`
const asking = 'Connection: Upgrade\r\nUpgrade: WebSocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n'
const switching = 'HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n'

/** A client that writes by itself. */
function dial(bytes: string): { readonly socket: Socket; readonly text: () => string; readonly closed: Promise<unknown> } {
  const { hostname, port } = new URL(gate.url)
  const socket = connect(Number(port), hostname)
  sockets.push(socket)
  let text = ''
  socket.on('data', (chunk) => (text += chunk.toString('latin1'))).on('error', () => undefined)
  socket.write(bytes, 'latin1')
  return { socket, text: () => text, closed: new Promise((resolve) => socket.once('close', resolve)) }
}

const handshake = (host: string, more = '') => `GET /raw?a=b HTTP/1.1\r\nHost: ${host}\r\n${lines}${asking}${more}\r\n`

/** The next connection of the gate to the raw origin, once the whole request has come. */
function atOrigin(): Promise<Socket> {
  return new Promise((resolve) => {
    converse = (socket) => {
      let head = ''
      socket.on('data', function read(chunk) {
        head += chunk.toString('latin1')
        if (!head.includes('\r\n\r\n')) return
        socket.off('data', read)
        resolve(socket)
      })
    }
  })
}

/** Both ends of an open tunnel. */
async function tunnel() {
  const arriving = atOrigin()
  const client = dial(handshake('raw.example'))
  const far = await arriving
  const said: Buffer[] = []
  far.on('data', (chunk) => said.push(chunk)).write(switching)
  await expect.poll(client.text).toContain('\r\n\r\n')
  return {
    client,
    far,
    said: () => Buffer.concat(said).toString('latin1'),
    closedFar: new Promise((resolve) => far.once('close', resolve)),
  }
}

describe('a WebSocket of an admitted client', () => {
  test('carries messages of every kind and size both ways, compressed as both ends agree', async () => {
    const socket = open('/chat?room=1', ['one', 'two'])
    await once(socket, 'open')
    expect([socket.protocol, socket.extensions]).toEqual(['two', expect.stringContaining('permessage-deflate')])
    for (const message of ['hello', '', large, Buffer.alloc(1_000_000, 7)]) {
      socket.send(message)
      const [data, isBinary] = await once(socket, 'message')
      expect([data.equals(Buffer.from(message)), isBinary]).toEqual([true, typeof message !== 'string'])
    }
    const closed = once(socket, 'close')
    socket.close(4321, 'enough')
    expect((await closed).map(String)).toEqual(['4321', 'enough'])
  })

  test('reaches the origin below its base path, as the gate describes it and without credentials', async () => {
    await once(open('/chat?room=1'), 'open')
    const [request] = received
    expect([request?.url, request?.headers.upgrade, request?.headers.connection]).toEqual(['/base/chat?room=1', 'websocket', 'Upgrade'])
    expect(request?.headers).toMatchObject({ 'x-forwarded-for': '127.0.0.1', 'x-forwarded-proto': 'http', 'cf-ray': expect.any(String) })
    expect(request?.headersDistinct['cf-access-jwt-assertion']).toHaveLength(1)
    expect(request?.rawHeaders.join()).not.toMatch(/client-secret|token\.access/i)
  })

  test('loses nothing that was sent together with the handshake, from either side', async () => {
    converse = (socket) => {
      let heard = ''
      socket.on('data', (chunk) => {
        const isFirst = heard === ''
        heard += chunk.toString('latin1')
        if (isFirst) socket.write(`${switching}greeting `)
        if (heard.endsWith('early, late')) socket.end(`heard ${heard.split('\r\n\r\n')[1]}`)
      })
    }
    const client = dial(`${handshake('raw.example')}early, `)
    await expect.poll(client.text).toContain('greeting ')
    client.socket.write('late')
    await expect.poll(client.text).toMatch(/\r\n\r\ngreeting heard early, late$/)
    const head = client.text().split('\r\n')
    expect(head[0]).toBe('HTTP/1.1 101 Switching Protocols')
    expect(valuesIn(head.flatMap((line) => line.split(': ')).slice(1), 'cf-ray')).toEqual([expect.stringMatching(/^ray-/)])
  })

  test('ends at one side as soon as it ends at the other, after what was sent before', async () => {
    const one = await tunnel()
    one.client.socket.end('last words')
    await one.closedFar
    expect(one.said()).toBe('last words')
    await one.client.closed

    const other = await tunnel()
    other.far.end('last words')
    await other.client.closed
    expect(other.client.text()).toMatch(/last words$/)
    await other.closedFar
  })

  test('breaks at one side as soon as it breaks at the other', async () => {
    const one = await tunnel()
    one.client.socket.resetAndDestroy()
    await one.closedFar
    const other = await tunnel()
    other.far.resetAndDestroy()
    await other.client.closed
  })

  test('may be silent: nobody is cut off for having nothing to say', async () => {
    const patient = await startGate({
      applications: [anApplication({ domain: '*', originUrl: `http://127.0.0.1:${portOf(raw)}` })],
      listener: { headersTimeoutMs: 50, stallTimeoutMs: 50, keepAliveTimeoutMs: 50 },
    })
    const arriving = atOrigin()
    const socket = connect(Number(new URL(patient.url).port), '127.0.0.1')
    sockets.push(socket)
    socket.write(handshake('a.example'))
    ;(await arriving).write(switching)
    await once(socket, 'data')
    // Another connection is cut off meanwhile, so the time has passed.
    const idle = connect(Number(new URL(patient.url).port), '127.0.0.1').resume()
    await once(idle, 'close')
    expect(socket.destroyed || socket.readableEnded).toBe(false)
    socket.destroy()
    await patient.stop()
  })

  test('that is not read holds the sender back instead of filling memory', async () => {
    const { client, far } = await tunnel()
    client.socket.pause()
    const chunk = Buffer.alloc(1_000_000)
    let sent = 0
    // The sender writes on whenever it may; it comes to rest when every buffer on the way is full.
    const push = () => {
      while (sent < 500_000_000) {
        sent += chunk.length
        if (!far.write(chunk)) return
      }
    }
    far.on('drain', push)
    push()
    let before = -1
    await expect
      .poll(
        () => {
          const rests = sent === before
          before = sent
          return rests
        },
        { interval: 500, timeout: 10_000 },
      )
      .toBe(true)
    expect(sent).toBeLessThan(50_000_000)
  })
})

describe('a WebSocket that does not come about', () => {
  async function refusal(
    socket: WebSocket,
  ): Promise<{ readonly status: number | undefined; readonly answer: IncomingMessage; readonly body: string }> {
    const [, answer] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage]
    let body = ''
    for await (const chunk of answer) body += chunk
    return { status: answer.statusCode, answer, body }
  }

  test.each([
    [403, {}],
    [401, { ...machine, [credentials[2]]: 'wrong' }],
  ])('is refused with %d like every other request, and the origin hears nothing', async (status, headers) => {
    const page = await refusal(open('/chat', [], headers))
    expect([page.status, page.answer.headers['content-type'], page.answer.headers.connection]).toEqual([
      status,
      'text/html; charset=utf-8',
      'close',
    ])
    expect(page.body).toContain(`Ray ID: ${page.answer.headers['cf-ray']}`)
    const json = await refusal(open('/chat', [], { ...headers, Accept: 'application/json' }))
    expect(JSON.parse(json.body)).toMatchObject({ status_code: status, ray_id: json.answer.headers['cf-ray'] })
    expect(received).toEqual([])
  })

  test.each([
    ['down.example', 502],
    ['nowhere.example', 404],
  ])('at %s is answered %d', async (host, status) => {
    expect((await refusal(open('/chat', [], { ...machine, Host: host }))).status).toBe(status)
  })

  test('is a 504 when the origin takes too long, and its connection is given up', async () => {
    const arriving = atOrigin()
    const refused = refusal(open('/chat', [], { ...machine, Host: 'raw.example' }))
    const far = await arriving
    const gone = once(far.resume(), 'close')
    expect((await refused).status).toBe(504)
    await gone
  })

  test('is a 502 when the origin switches to another protocol', async () => {
    const arriving = atOrigin()
    const refused = refusal(open('/chat', [], { ...machine, Host: 'raw.example' }))
    ;(await arriving).write(switching.replace('websocket', 'h2c'))
    expect((await refused).status).toBe(502)
  })

  test.each([
    ['a status that is none', 'HTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['a status that is none, after another answer', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 099 Odd\r\nContent-Length: 0\r\n\r\n'],
    ['zero', 'HTTP/1.1 000 Nothing\r\nContent-Length: 0\r\n\r\n'],
    ['101 without saying to what', 'HTTP/1.1 101 Switching Protocols\r\n\r\n'],
    ['101 after another answer, without saying to what', 'HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 101 Switching Protocols\r\n\r\n'],
  ])('is a 502 when the origin answers with %s', async (_what, bytes) => {
    const arriving = atOrigin()
    const refused = refusal(open('/chat', [], { ...machine, Host: 'raw.example' }))
    const far = await arriving
    const gone = once(far.resume(), 'close')
    far.write(bytes)
    expect((await refused).status).toBe(502)
    await gone
  })

  test('gets the answer of an origin that declines, whole', async () => {
    // The application's base path would be before it.
    const declining = await startGate({ applications: [anApplication({ domain: '*', originUrl: `http://127.0.0.1:${portOf(origin)}` })] })
    const socket = new WebSocket(`${declining.url.replace('http', 'ws')}/declined`, { headers: machine })
    const { status, answer, body } = await refusal(socket)
    expect([status, answer.headers['x-from'], body === large]).toEqual([418, 'origin', true])
    await declining.stop()
  })

  test('is given up at the origin when the client leaves before', async () => {
    const arriving = atOrigin()
    const client = dial(handshake('raw.example'))
    const far = await arriving
    const gone = once(far.resume(), 'close')
    client.socket.destroy()
    await gone
  })

  test('is no WebSocket at /authorize, whose answers do not depend on what the client of the proxy wants', async () => {
    const forwarded = (end: string) => `GET /authorize HTTP/1.1\r\nHost: a\r\n${lines}${asking}${end}\r\n`
    const client = dial(forwarded('') + forwarded('Connection: close\r\n'))
    await client.closed
    expect([...client.text().matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['200', '200'])
  })
})
