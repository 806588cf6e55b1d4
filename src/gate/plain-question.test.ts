import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, connect } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { aToken, clientIdOf } from '../../test/gate-fixtures.ts'
import { clientAddress } from './peer.ts'
import { readPlainQuestion } from './plain-question.ts'
import { createTokenTable } from './replica/token-table.ts'

const line = 'GET /authorize HTTP/1.1\r\n'
const whole = `${line}Host: app.example\r\nCF-Access-Client-Id: id\r\n\r\n`
const read = (text: string) => readPlainQuestion(Buffer.from(text, 'latin1'))

test('a question that came whole is read as it is', () => {
  expect(
    read(`${line}Host: app.example\r\nX-Forwarded-Uri:/päth\r\nCookie:   a=b; c=d\r\nEmpty:\r\nCONNECTION: Keep-Alive\r\n\r\n`),
  ).toMatchObject({
    rawHeaders: ['Host', 'app.example', 'X-Forwarded-Uri', '/päth', 'Cookie', 'a=b; c=d', 'Empty', '', 'CONNECTION', 'Keep-Alive'],
    head: { host: 'app.example', hosts: 1, forwardedUri: '/päth', cookie: 'a=b; c=d' },
  })
})

test('a query belongs to it', () => {
  expect(read(whole.replace('/authorize', '/authorize?a=/b?c#'))).toMatchObject({ method: 'GET', url: '/authorize?a=/b?c#' })
  expect(read(whole.replace('/authorize', '/authorize?'))).toMatchObject({ method: 'GET', url: '/authorize?' })
  expect(read(whole)).toMatchObject({ method: 'GET', url: '/authorize' })
})

describe('is left to Node:', () => {
  const header = (text: string) => `${line}Host: a\r\n${text}\r\n\r\n`
  test.each<[string, string]>([
    ['a part of a question', whole.slice(0, -1)],
    ['a part of a line', whole.slice(0, -20)],
    ['a first line alone', line],
    ['nothing', ''],
    ['two questions', whole + whole],
    ['a question with a body behind it', `${whole}x`],
    ['another method', whole.replace('GET', 'POST')],
    ['another path', whole.replace('/authorize', '/authorize/x')],
    ['a longer path', whole.replace('/authorize', '/authorized')],
    ['a blank in a query', whole.replace('/authorize', '/authorize?a b')],
    ['a query that is not ASCII', whole.replace('/authorize', '/authorize?\xe4')],
    ['another version', whole.replace('1.1', '1.0')],
    ['line feeds alone', whole.replaceAll('\r\n', '\n')],
    ['an empty line first', `\r\n${whole}`],
    ['no host', `${line}X: y\r\n\r\n`],
    ['no header at all', `${line}\r\n`],
    ['two hosts', header('Host: a')],
    ['a host that is none', whole.replace('app.example', 'a@b')],
    ['an empty host', whole.replace('app.example', '')],
    ['a folded line', header('X: y\r\n z')],
    ['a blank before the colon', header('X : y')],
    ['a blank behind a value', header('X: y ')],
    ['a tab before a value', header('X:\ty')],
    ['a name that is none', header('X(): y')],
    ['a line without a colon', header('X')],
    ['a line without a name', header(': y')],
    ['a control character', header('X: a\x01b')],
    ['a zero byte', header('X: a\0b')],
    ['a carriage return in a value', header('X: a\rb')],
    ['a line feed in a value', header('X: a\nb')],
    ['a length', header('Content-Length: 0')],
    ['a coding', header('Transfer-Encoding: chunked')],
    ['an upgrade', header('Upgrade: websocket')],
    ['an expectation', header('eXpect: 100-continue')],
    ['a trailer', header('Trailer: x')],
    ['the last request of a connection', header('Connection: close')],
    ['an option of the connection', header('Connection: keep-alive, x')],
    ['a connection past a proxy', header('Proxy-Connection: keep-alive')],
    ['more headers than there may be', header(Array.from({ length: 100 }, () => 'X: y').join('\r\n'))],
    ['a long question', header(`X: ${'y'.repeat(9_000)}`)],
  ])('%s', (_what, text) => {
    expect(read(text)).toBeUndefined()
  })
})

/** What Node's parser makes of bytes: requests, and whether anything went wrong or is still expected. */
interface Reading {
  readonly requests: readonly object[]
  readonly isBroken: boolean
}

const server = createServer({ requireHostHeader: false, keepAlive: true })
beforeAll(() => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)))
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

/** Behind the bytes comes a request that marks their end: where anything is still expected, it is not read as one. */
function nodesReading(bytes: Buffer): Promise<Reading> {
  return new Promise((resolve, reject) => {
    const requests: object[] = []
    const socket = connect((server.address() as AddressInfo).port, '127.0.0.1', () => {
      const { localPort } = socket
      const end = (isBroken: boolean) => {
        server.off('request', hear).off('clientError', fail)
        socket.destroy()
        resolve({ requests, isBroken })
      }
      const hear = (request: IncomingMessage, response: ServerResponse) => {
        if (request.socket.remotePort !== localPort) return
        if (request.url === '/end') return end(false)
        const { method, url, rawHeaders, httpVersion } = request
        requests.push({ method, url, rawHeaders, httpVersion, keepsAlive: response.shouldKeepAlive })
        response.end()
      }
      const fail = (_error: Error, failing: { readonly remotePort?: number }) => {
        if (failing.remotePort === localPort) end(true)
      }
      server.on('request', hear).on('clientError', fail)
      socket.write(Buffer.concat([bytes, Buffer.from('GET /end HTTP/1.1\r\nHost: end\r\n\r\n')]))
    })
    socket.on('error', reject)
  })
}

const awkward = ['\r', '\n', '\r\n', '\r\n\r\n', '\0', ' ', '\t', ':', '\x7f', '\x80', '\xff', '\x0b', '"', ',', ';', '\x85', '\xa0', 'x']
const names = [
  'Host',
  'X',
  'Accept',
  'Cookie',
  'CF-Access-Client-Id',
  'Connection',
  'Content-Length',
  'Transfer-Encoding',
  'Upgrade',
  'Expect',
]
const others = ['TE', 'Trailer', 'Keep-Alive', 'content-length', 'Content_Length', 'X-Forwarded-For', 'Transfer-Encodin', 'HTTP2-Settings']
const values = ['a', 'app.example', 'keep-alive', 'close', '0', '5', 'chunked', 'websocket', '100-continue', '', ' ', 'a b', 'ä', 'a,b']

const packet = fc
  .record({
    query: fc.constantFrom('', '', '?', '?a=b', '?a#b', '?/../%00{}|^"<>\\`', '/x'),
    headers: fc.array(fc.tuple(fc.constantFrom(...names, ...others), fc.constantFrom(...values)), { maxLength: 4 }),
    slips: fc.array(fc.tuple(fc.nat(), fc.constantFrom(...awkward), fc.boolean()), { maxLength: 2 }),
  })
  .map(({ query, headers, slips }) => {
    let text = `GET /authorize${query} HTTP/1.1\r\nHost: app.example\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`
    for (const [where, what, replaces] of slips) {
      const at = where % (text.length + 1)
      text = text.slice(0, at) + what + text.slice(at + (replaces ? 1 : 0))
    }
    return Buffer.from(text, 'latin1')
  })

test('whatever is read here, Node reads in the same way: one request, whole, without a body, on a connection that goes on', async () => {
  let accepted = 0
  await fc.assert(
    fc.asyncProperty(packet, async (bytes) => {
      const question = readPlainQuestion(bytes)
      if (question === undefined) return
      accepted++
      const { requests, isBroken } = await nodesReading(bytes)
      expect(isBroken).toBe(false)
      expect(requests).toEqual([
        { method: question.method, url: question.url, httpVersion: '1.1', rawHeaders: question.rawHeaders, keepsAlive: true },
      ])
    }),
    { numRuns: 5_000 },
  )
  expect(accepted).toBeGreaterThan(500)
}, 60_000)

test('what is remembered of a caller does not keep the packet in memory that it came in', () => {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  const heapMiB = () => {
    collect()
    return process.memoryUsage().heapUsed / 2 ** 20
  }
  const tokens = createTokenTable()
  const callers = Array.from({ length: 4_000 }, (_, number) => `caller ${number}`)
  for (const name of callers) tokens.put({ ...aToken({ name }), secretVersion: 1 })
  const remembered: unknown[] = []
  const before = heapMiB()
  for (const [number, name] of callers.entries()) {
    const lines = [
      `CF-Access-Client-Id: ${clientIdOf(name)}`,
      `X-Forwarded-For: 2001:db8:1:2:3:4:5:${number}`,
      `X-Long: ${'x'.repeat(7_000)}`,
    ]
    const { rawHeaders, head } = read(`${line}Host: a\r\n${lines.join('\r\n')}\r\n\r\n`) ?? expect.fail('it is a plain question')
    const token = tokens.find(rawHeaders[3] as string) ?? expect.fail('it is known')
    remembered.push(
      token,
      clientAddress('127.0.0.1', head.forwardedFor, (address) => address === '127.0.0.1'),
    )
  }
  // All packets together are 28 MiB.
  expect(heapMiB() - before).toBeLessThan(10)
  expect(remembered).toHaveLength(8_000)
})
