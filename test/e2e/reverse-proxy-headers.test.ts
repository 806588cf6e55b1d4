import { request as httpRequest, type IncomingMessage, type RequestListener } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Server } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { anApplication, bypass, credentials, type RunningGate, startGate, startService, uses } from '../gate-fixtures.ts'
import { send, sendBytes, valuesIn } from '../raw-http.ts'

const ok: RequestListener = (request, response) => request.resume().on('end', () => response.end('ok'))

let origin: RunningGate
let bytewise: Server
let gate: RunningGate
/** The same gate behind a proxy that it trusts. */
let trusting: RunningGate
let answer: RequestListener = ok
/** What the origin behind `bytes.example` answers. */
let bytes = ''
const received: IncomingMessage[] = []

/** Name-value pairs of the last request as they reached the origin. */
const atOrigin = () => received.at(-1)?.rawHeaders ?? []
const valuesAtOrigin = (name: string) => valuesIn(atOrigin(), name)

const listen = (server: Server) => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const portOf = (server: Server) => (server.address() as AddressInfo).port

beforeAll(async () => {
  origin = await startService((request, response) => {
    received.push(request)
    answer(request, response)
  })
  bytewise = createRawServer((socket) => void socket.on('data', () => socket.write(bytes, 'latin1')).on('error', () => undefined))
  await listen(bytewise)
  const applications = [
    anApplication({ domain: '*', originUrl: origin.url }),
    anApplication({ domain: 'open.example', originUrl: origin.url, policies: uses(bypass) }),
    anApplication({ domain: 'bytes.example', originUrl: `http://127.0.0.1:${portOf(bytewise)}` }),
  ]
  gate = await startGate({ applications })
  trusting = await startGate({ applications, trusting: true })
})
afterEach(() => {
  answer = ok
})
afterAll(async () => {
  await Promise.all([gate.stop(), trusting.stop()])
  await origin.stop()
  await new Promise((resolve) => bytewise.close(resolve))
})

const ask = (headers: readonly string[], through = gate) => send(through.url, { headers: [...credentials, ...headers] })
const [Id, id, Secret, secret] = credentials

describe('the origin never sees a client id or secret', () => {
  test.each([
    ['in odd letter case', ['cF-aCCESS-cLIENT-iD', id, 'CF-ACCESS-CLIENT-SECRET', secret]],
    ['named in Connection', [...credentials, 'Connection', `${Id}, ${Secret}`]],
    ['with a copy under the spelling of CGI', [...credentials, 'CF_Access_Client_Secret', secret, 'cf_access_client_id', id]],
  ])('%s', async (_case, headers) => {
    expect((await send(gate.url, { headers })).status).toBe(200)
    expect(atOrigin().join().toLowerCase()).not.toMatch(/client[-_](id|secret)|token\.access/)
  })

  test.each([
    ['a valid token', credentials],
    ['a wrong secret', [Id, id, Secret, 'secret of another']],
    ['the secret alone', [Secret, secret]],
    ['the client id alone', [Id, id]],
    ['both twice', [...credentials, ...credentials]],
    ['an empty id beside a secret', [Id, '', Secret.toUpperCase(), secret]],
  ])('where everybody may pass: %s', async (_case, headers) => {
    expect((await send(gate.url, { headers: ['Host', 'open.example', ...headers] })).status).toBe(200)
    expect(atOrigin().join().toLowerCase()).not.toMatch(/client-(id|secret)|token\.access|secret/)
  })
})

describe('what only the gate may say', () => {
  const names = [
    ...['CF-Access-Jwt-Assertion', 'CF-Access-Authenticated-User-Email', 'CF-Access-Token', 'CF-Connecting-IP', 'CF-Ray', 'True-Client-IP'],
    ...['X-Forwarded-For', 'X-Forwarded-Host', 'X-Forwarded-Proto', 'X-Forwarded-Port', 'X-Forwarded-User', 'X-Real-IP', 'Forwarded'],
  ]

  test.each(names)('%s from a client does not reach the origin, however it is spelled', async (name) => {
    for (const spelling of [name, name.toLowerCase(), name.toUpperCase(), name.replaceAll('-', '_')]) {
      await ask([spelling, 'forged', spelling, 'forged again', 'Connection', spelling])
      expect(atOrigin().join()).not.toContain('forged')
    }
  })

  test('an untrusted client is described by its connection alone', async () => {
    const { values } = await ask([
      'Host',
      'App.example:8080',
      'X-Forwarded-For',
      '1.1.1.1',
      'X-Forwarded-Host',
      'x',
      'X-Forwarded-Proto',
      'https',
    ])
    expect(valuesAtOrigin('x-forwarded-for')).toEqual(['127.0.0.1'])
    expect(valuesAtOrigin('cf-connecting-ip')).toEqual(['127.0.0.1'])
    expect(valuesAtOrigin('x-forwarded-host')).toEqual(['App.example:8080'])
    expect(valuesAtOrigin('x-forwarded-proto')).toEqual(['http'])
    expect(valuesAtOrigin('cf-ray')).toEqual(values('cf-ray'))
    expect(valuesAtOrigin('cf-access-jwt-assertion')).toHaveLength(1)
  })

  test('nobody names another host to the origin than the one that was decided about', async () => {
    for (const name of ['X-Forwarded-Host', 'x_forwarded_host', 'X-Host', 'X-Original-Host', 'Forwarded']) {
      await ask(['Host', 'inner.example', name, 'public.example', 'Connection', name], trusting)
      expect([valuesAtOrigin('host'), valuesAtOrigin('x-forwarded-host')]).toEqual([['inner.example'], ['inner.example']])
      expect(atOrigin().join()).not.toContain('public.example')
    }
  })

  test('a trusted proxy is believed about the client, and added to the list', async () => {
    const forwarded = ['X-Forwarded-For', '1.1.1.1, 198.51.100.7', 'X-Forwarded-Host', 'public.example', 'X-Forwarded-Proto', 'https']
    await ask(['Host', 'inner.example', ...forwarded, 'CF-Connecting-IP', 'forged', 'CF-Ray', 'forged'], trusting)
    expect(valuesAtOrigin('x-forwarded-for')).toEqual(['1.1.1.1, 198.51.100.7, 127.0.0.1'])
    expect(valuesAtOrigin('cf-connecting-ip')).toEqual(['198.51.100.7'])
    expect(valuesAtOrigin('x-forwarded-proto')).toEqual(['https'])
    expect(valuesAtOrigin('host')).toEqual(['inner.example'])
    expect(atOrigin().join()).not.toContain('forged')
  })
})

describe('headers of one connection end at the gate', () => {
  const hopByHop = ['Keep-Alive', 'Proxy-Connection', 'Proxy-Authenticate', 'Proxy-Authorization', 'TE', 'Trailer', 'X-Named', 'X-Second']
  const marked = hopByHop.flatMap((name) => [name, 'marked'])
  const connections = ['Connection', 'close, x-named', 'cOnnection', ' X-SECOND ,']

  test('on the way to the origin', async () => {
    // Node's client announces trailers only for a body in chunks.
    await ask(['Transfer-Encoding', 'chunked', ...marked, ...connections, 'X-Kept', 'kept', 'Upgrade', 'websocket'])
    expect(atOrigin().join()).not.toMatch(/marked|x-named|x-second|websocket/i)
    expect(valuesAtOrigin('x-kept')).toEqual(['kept'])
  })

  test('on the way back', async () => {
    answer = (_request, response) => response.writeHead(200, [...marked, ...connections, 'X-Kept', 'kept']).end()
    const { headers, values } = await ask([])
    expect(headers.join()).not.toMatch(/marked|x-named|x-second/i)
    expect(values('x-kept')).toEqual(['kept'])
  })

  test('an upgrade to anything but a WebSocket is passed on as the plain request that it is otherwise', async () => {
    for (const body of [undefined, 'the body']) {
      answer = (request, response) => request.pipe(response)
      const headers = [
        ...credentials,
        'Connection',
        'Upgrade, HTTP2-Settings',
        'Upgrade',
        'h2c',
        'HTTP2-Settings',
        'AAMAAABkAAQCAAAAAAIAAAAA',
      ]
      const answered = await send(gate.url, { method: 'POST', headers, ...(body !== undefined && { body }) })
      expect([answered.status, answered.body]).toEqual([200, body ?? ''])
      expect([valuesAtOrigin('upgrade'), valuesAtOrigin('http2-settings')]).toEqual([[], []])
    }
  })
})

describe('all other headers pass through', () => {
  const others = [
    'X-One',
    '1',
    'x-TWO',
    'a, b',
    'X-One',
    '2',
    'x-empty',
    '',
    'X-Latin',
    'caf\u00e9 \u00ff',
    'Cookie',
    'a=b; c=d',
    'Authorization',
    'Bearer x',
  ]

  test('to the origin: in their order, case and number, byte for byte', async () => {
    await ask(others)
    const text = atOrigin().join('\n')
    expect(text).toContain(others.join('\n'))
  })

  test('back to the client: in their order, case and number, byte for byte', async () => {
    const cookies = ['Set-Cookie', 'a=b; Path=/', 'Set-Cookie', 'c=d, e; HttpOnly', 'set-cookie', 'CF_Authorization=of-the-origin']
    const date = ['Date', 'Thu, 01 Jan 1970 00:00:00 GMT']
    answer = (_request, response) => response.writeHead(200, [...others, ...cookies, ...date, 'CF-Ray', 'of-the-origin']).end()
    const { headers, values } = await ask([])
    expect(headers.join('\n')).toContain([...others, ...cookies, ...date].join('\n'))
    expect(values('cf-ray')).toEqual(valuesAtOrigin('cf-ray'))
  })

  test.each([
    ['an empty one', 'Content-Length: 0\r\n\r\n'],
    ['one that comes with the head', 'Content-Length: 4\r\n\r\nbody'],
    ['one that does not come', 'Content-Length: 4\r\n\r\n'],
  ])('bytes that are UTF-8 or nothing at all stay the same bytes, whatever the body: %s', async (_body, end) => {
    bytes = `HTTP/1.1 200 OK\r\nX-Utf: \xe2\x82\xac\xc3\xa9\r\nX-Not: \xff\xfe\x80\r\n${end}`
    const headers = { Host: 'bytes.example', [Id]: id, [Secret]: secret }
    const answered = await new Promise<IncomingMessage>((resolve, reject) => {
      httpRequest(gate.url, { headers, agent: false }, resolve).on('error', reject).end()
    })
    answered.destroy()
    const { rawHeaders } = answered
    expect([valuesIn(rawHeaders, 'x-utf'), valuesIn(rawHeaders, 'x-not')]).toEqual([['\xe2\x82\xac\xc3\xa9'], ['\xff\xfe\x80']])
  })

  test('CDN-Loop with the gate added to those that it names', async () => {
    await ask([])
    expect(valuesAtOrigin('cdn-loop')).toEqual(['postern-here'])
    await ask(['CDN-Loop', 'one.example, postern-there', 'cdn-loop', 'postern-here-too; a=b', 'Connection', 'CDN-Loop'])
    expect(valuesAtOrigin('cdn-loop')).toEqual(['one.example, postern-there, postern-here-too; a=b, postern-here'])
  })

  test.each(['a.example', 'A.Example:8080', '[::1]:80', 'a.example.'])('Host stays %s', async (host) => {
    await ask(['Host', host])
    expect(valuesAtOrigin('host')).toEqual([host])
  })

  test('a request of HTTP/1.0 without a host gets the one of the origin', async () => {
    await sendBytes(gate.url, `GET / HTTP/1.0\r\n${Id}: ${id}\r\n${Secret}: ${secret}\r\n\r\n`)
    expect(valuesAtOrigin('host')).toEqual([new URL(origin.url).host])
    expect(valuesAtOrigin('x-forwarded-host')).toEqual([])
  })
})

test.each([
  ['localhost', ['localhost']],
  // An address is no name that TLS could ask for (RFC 6066, section 3).
  ['127.0.0.1', []],
])('TLS asks the origin at %s for its own name, whatever Host the client sent', async (host, names) => {
  const asked: string[] = []
  const SNICallback = (name: string, done: (error: Error) => void) => {
    asked.push(name)
    done(new Error('no certificate'))
  }
  let connections = 0
  const server = createTlsServer({ SNICallback }).on('tlsClientError', () => connections++)
  await listen(server)
  const toTls = await startGate({ applications: [anApplication({ domain: '*', originUrl: `https://${host}:${portOf(server)}` })] })
  for (const name of ['public.example', 'other.example']) {
    expect((await send(toTls.url, { headers: [...credentials, 'Host', name] })).status).toBe(502)
  }
  await toTls.stop()
  await new Promise((resolve) => server.close(resolve))
  expect(connections).toBeGreaterThan(0)
  expect([...new Set(asked)]).toEqual(names)
})
