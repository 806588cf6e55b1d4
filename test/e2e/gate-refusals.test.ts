import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { machineHeaders, type Origin, type RunningPostern, startOrigin, startPostern } from '../fixtures.ts'
import { send, sendBytes } from '../raw-http.ts'

let origin: Origin
let postern: RunningPostern
/** Opens the default application. */
let valid: readonly string[]

beforeAll(async () => {
  origin = await startOrigin()
  postern = await startPostern({ settings: { ORIGIN_URL: origin.url } })
  const { accountId: account_id } = postern.bootstrap
  valid = Object.entries(machineHeaders(await postern.client.zeroTrust.access.serviceTokens.create({ account_id, name: 'valid' }))).flat()
})
afterAll(async () => {
  await postern.stop()
  await origin.stop()
})

const wrong = ['CF-Access-Client-Id', 'x.access', 'CF-Access-Client-Secret', 'x']
const doors = ['/authorize', '/some/path']

describe.each(doors)('a refusal at %s', (path) => {
  const ask = (headers: readonly string[], method = 'GET') => send(postern.gateUrl, { path, headers, method })

  test.each([
    [401, wrong, "Unauthorized. You don't have permission to view this. Please contact your system administrator."],
    [403, [], "Forbidden. You don't have permission to view this. Please contact your system administrator."],
  ])('%d is JSON for those who ask for it, and says which application and which request', async (status, headers, message) => {
    for (const accept of ['application/json', 'Application/JSON', 'text/html;q=0.5, application/json', '*/*,application/json;q=0.9']) {
      const { values, body } = await ask([...headers, 'Accept', accept])
      expect(values('content-type')).toEqual(['application/json'])
      const shape = { message, status_code: status, aud: expect.stringMatching(/^[0-9a-f]{64}$/), ray_id: values('cf-ray')[0] }
      expect(JSON.parse(body)).toEqual(shape)
      expect(Object.keys(JSON.parse(body))).toEqual(['message', 'status_code', 'aud', 'ray_id'])
    }
  })

  test.each([
    [401, wrong],
    [403, []],
  ])('%d is a page for everybody else', async (status, headers) => {
    for (const accept of [[], ['Accept', '*/*'], ['Accept', 'text/html'], ['Accept', '']]) {
      const { values, body } = await ask([...headers, ...accept])
      expect(values('content-type')).toEqual(['text/html; charset=utf-8'])
      expect(body).toMatch(/^<!doctype html>/)
      expect(body).toContain(`<h1>${status} `)
      expect(body).toContain(values('cf-ray')[0])
    }
  })

  test('names the application in headers on 403, and on 403 only', async () => {
    const { values, body } = await ask(['Accept', 'application/json'])
    expect([values('cf-access-aud'), values('cf-access-domain')]).toEqual([[JSON.parse(body).aud], ['*']])
    for (const headers of [wrong, valid]) {
      const other = await ask(headers)
      expect([...other.values('cf-access-aud'), ...other.values('cf-access-domain')]).toEqual([])
    }
  })

  test('has no body for HEAD, and the headers of a GET', async () => {
    const [head, get] = await Promise.all([ask(wrong, 'HEAD'), ask(wrong)])
    expect(head.body).toBe('')
    expect(head.values('content-length')).toEqual(get.values('content-length'))
  })

  test('is not to be kept by caches', async () => {
    for (const headers of [wrong, []]) expect((await ask(headers)).values('cache-control')).toEqual(['no-store'])
  })

  test('repeats nothing of the request', async () => {
    const { headers, body } = await send(postern.gateUrl, {
      path: `${path}?marked`,
      headers: ['Host', 'marked', 'User-Agent', 'marked', 'X', 'marked'],
    })
    expect(`${headers.join()}${body}`).not.toContain('marked')
  })

  test('does not end the connection: the next request on it is judged by itself', async () => {
    const request = (headers: readonly string[], connection: string) => {
      const lines = headers.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
      return `POST ${path} HTTP/1.1\r\nHost: a\r\n${lines}Content-Length: 4\r\nConnection: ${connection}\r\n\r\nbody`
    }
    const answers = await sendBytes(postern.gateUrl, request([], 'keep-alive') + request(wrong, 'keep-alive') + request(valid, 'close'))
    expect([...answers.matchAll(/^HTTP\/1\.1 (\d+)/gm)].map(([, status]) => status)).toEqual(['403', '401', '200'])
  })
})

test('what /authorize admits has an empty answer that no cache keeps', async () => {
  const { status, values, body } = await send(postern.gateUrl, { path: '/authorize?with=query', headers: valid })
  expect([status, values('content-length'), values('cache-control'), body]).toEqual([200, ['0'], ['no-store'], ''])
})

describe('request targets', () => {
  test.each(['http://a.example/authorize', 'http://a.example/', 'HTTP://a.example', '*'])('%s is answered 400', async (path) => {
    const before = origin.received.length
    const { status, values, body } = await send(postern.gateUrl, {
      path,
      method: 'OPTIONS',
      headers: [...valid, 'Accept', 'application/json'],
    })
    expect(status).toBe(400)
    expect(JSON.parse(body)).toMatchObject({ status_code: 400, aud: '', ray_id: values('cf-ray')[0] })
    expect(origin.received).toHaveLength(before)
  })

  test.each(['authorize', '?', 'a.example:80', '/with space', '/with\ttab'])('%s is no request target at all', async (target) => {
    const before = origin.received.length
    const answer = await sendBytes(postern.gateUrl, `GET ${target} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`)
    expect(answer).toMatch(/^HTTP\/1\.1 400/)
    expect(origin.received).toHaveLength(before)
  })

  test.each(['/cdn-cgi/access/', '/cdn-cgi/access/login', '/cdn-cgi/access/../x', '/cdn-cgi/access/logout?a=b'])(
    "%s is the gate's own: 404, and the origin never sees it",
    async (path) => {
      const before = origin.received.length
      for (const headers of [valid, wrong, []]) expect((await send(postern.gateUrl, { path, headers })).status).toBe(404)
      expect(origin.received).toHaveLength(before)
    },
  )

  test.each(['/authorized', '//authorize', '/Authorize', '/x/authorize', '/cdn-cgi/accessible'])(
    '%s belongs to the origin',
    async (path) => {
      expect((await send(postern.gateUrl, { path, headers: valid })).status).toBe(200)
      expect(origin.received.at(-1)?.path).toBe(path)
    },
  )

  test('a CONNECT leads nowhere', async () => {
    const answer = await sendBytes(postern.gateUrl, 'CONNECT a.example:80 HTTP/1.1\r\nHost: a.example:80\r\n\r\n')
    expect(answer).not.toMatch(/^HTTP\/1\.1 2/)
  })
})

describe.each(doors)('the host of a request to %s', (path) => {
  test('two Host lines are answered 400, in any letter case and even when they agree', async () => {
    const before = origin.received.length
    for (const second of ['a.example', 'b.example']) {
      const { status } = await send(postern.gateUrl, { path, headers: [...valid, 'Host', 'a.example', 'hOST', second] })
      expect(status).toBe(400)
    }
    expect(origin.received).toHaveLength(before)
  })

  test('none is answered 400, save in HTTP/1.0', async () => {
    expect(await sendBytes(postern.gateUrl, `GET ${path} HTTP/1.1\r\nConnection: close\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400/)
    expect(await sendBytes(postern.gateUrl, `GET ${path} HTTP/1.0\r\n\r\n`)).toMatch(/^HTTP\/1\.1 403/)
  })

  test('a space before the colon, which some would read as the header and some would not, is answered 400', async () => {
    const lines = `Host: a\r\nConnection: close\r\n${valid[0]} : ${valid[1]}\r\n${valid[2]}: ${valid[3]}\r\n`
    expect(await sendBytes(postern.gateUrl, `GET ${path} HTTP/1.1\r\n${lines}\r\n`)).toMatch(/^HTTP\/1\.1 400/)
  })
})

describe('a request whose end two servers could see in different places is answered 400', () => {
  test.each([
    ['a length and chunks', 'Content-Length: 4\r\nTransfer-Encoding: chunked', '0\r\n\r\nGET / HTTP/1.1\r\n\r\n'],
    ['two lengths', 'Content-Length: 4\r\nContent-Length: 5', 'body!'],
    ['a length that is no number', 'Content-Length: +4', 'body'],
    ['chunks that are not the last coding', 'Transfer-Encoding: chunked, identity', '0\r\n\r\n'],
    ['chunks twice', 'Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked', '0\r\n\r\n'],
    ['a chunk whose size is no number', 'Transfer-Encoding: chunked', 'x\r\nbody\r\n0\r\n\r\n'],
    ['a header that goes on in the next line', 'X: a\r\n b', ''],
  ])('%s', async (_case, lines, body) => {
    const credentials = valid.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
    const answer = await sendBytes(
      postern.gateUrl,
      `POST /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n${credentials}${lines}\r\n\r\n${body}`,
    )
    expect(answer).toMatch(/^HTTP\/1\.1 400/)
  })
})
