import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { routes } from '../../src/api/routes.ts'
import { ConfigError, loadConfig } from '../../src/config/load.ts'
import { type RunningPostern, startPostern } from '../fixtures.ts'
import { type RawAnswer, type RawRequest, send, sendBytes } from '../raw-http.ts'
import { filledIn } from './route-calls.ts'

const website = 'https://console.example.com'
const local = 'http://localhost:5173'
/** With CORS as it is by default, and with two origins. */
let closed: RunningPostern
let open: RunningPostern

beforeAll(async () => {
  closed = await startPostern()
  open = await startPostern({ settings: { CORS_ORIGINS: `${website}, ${local}`, RATE_LIMIT: '3', SIGN_IN_FAILURES: '1' } })
})
afterAll(() => Promise.all([closed.stop(), open.stop()]))

const tokensOf = ({ bootstrap }: RunningPostern) => `/client/v4/accounts/${bootstrap.accountId}/access/service_tokens`
const bearer = ({ bootstrap }: RunningPostern) => ['Authorization', `Bearer ${bootstrap.apiToken}`]
const key = ({ bootstrap }: RunningPostern) => ['X-Auth-Email', bootstrap.email, 'X-Auth-Key', bootstrap.apiKey]
const preflight = (origin: string, method = 'POST') => ['Origin', origin, 'Access-Control-Request-Method', method]
const ask = (postern: RunningPostern, path: string, request: RawRequest = {}) =>
  send(postern.apiUrl, { method: 'OPTIONS', path, ...request })

/** All header lines but those that are different each time. */
function lines({ headers }: RawAnswer): readonly string[] {
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [`${name.toLowerCase()}: ${headers[at + 1]}`] : []))
  return pairs.filter((line) => !/^(date|cf-ray|x-ratelimit-remaining):/.test(line)).toSorted()
}
const corsLines = (answer: RawAnswer) => lines(answer).filter((line) => /^(access-control-|vary)/.test(line))

describe('OPTIONS', () => {
  test.each([...new Set(routes.map(({ path }) => path))])('says what can be done, to everybody: %s', async (path) => {
    const own = routes.filter((route) => route.path === path).map(({ method }) => method)
    const concrete = filledIn(path)
    const answer = await ask(closed, `/client/v4${concrete}`)
    expect([answer.status, answer.body, answer.values('content-type')]).toEqual([204, '', []])
    const allowed = answer.values('allow').join().split(', ')
    expect(new Set(allowed)).toEqual(new Set([...own, ...(own.includes('GET') ? ['HEAD'] : []), 'OPTIONS']))
    expect(answer.values('cf-ray')).toHaveLength(1)
  })

  test('does not read a body, nor credentials', async () => {
    for (const headers of [[], ['Authorization', 'nonsense'], ['Content-Type', 'application/json']]) {
      expect((await ask(closed, tokensOf(closed), { headers, body: '{"not": json' })).status).toBe(204)
    }
  })

  test('on a path that leads nowhere is the usual 404', async () => {
    for (const postern of [closed, open]) {
      for (const path of ['/client/v4/nothing', '/client/v4/%', '/', '/client/v4']) {
        const answer = await ask(postern, path, { headers: preflight(website) })
        expect([path, answer.status, JSON.parse(answer.body).errors[0].code]).toEqual([path, 404, 7003])
      }
    }
    expect(await sendBytes(closed.apiUrl, 'OPTIONS * HTTP/1.1\r\nhost: postern\r\nconnection: close\r\n\r\n')).toMatch(/^HTTP\/1\.1 404 /)
  })
})

test('HEAD answers with the headers of GET, and without its body', async () => {
  const created = await send(closed.apiUrl, {
    ...{ method: 'POST', path: tokensOf(closed), body: '{"name":"x"}' },
    headers: [...bearer(closed), 'Content-Type', 'application/json'],
  })
  const { id } = JSON.parse(created.body).result
  const one = `${tokensOf(closed)}/${id}`
  const cases: readonly (readonly [path: string, headers: readonly string[]])[] = [
    ...[tokensOf(closed), one, `${one.slice(0, -1)}${id.endsWith('0') ? 1 : 0}`, `${tokensOf(closed)}?page=x`].map(
      (path) => [path, bearer(closed)] as const,
    ),
    ...[tokensOf(closed), '/client/v4/nothing', '/livez'].map((path) => [path, []] as const),
  ]
  const statuses: number[] = []
  for (const [path, headers] of cases) {
    const [get, head] = [await send(closed.apiUrl, { path, headers }), await send(closed.apiUrl, { method: 'HEAD', path, headers })]
    expect([path, head.status, lines(head), head.body]).toEqual([path, get.status, lines(get), ''])
    statuses.push(get.status)
  }
  expect(statuses).toEqual([200, 200, 404, 400, 400, 404, 200])
})

describe('scripts of other origins', () => {
  test('are told nothing by default', async () => {
    const answers = [
      await ask(closed, tokensOf(closed), { headers: preflight(website) }),
      await send(closed.apiUrl, { path: tokensOf(closed), headers: [...bearer(closed), 'Origin', website] }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([204, 200])
    expect(answers.flatMap(corsLines)).toEqual([])
  })

  test.each([website, local])('of an allowed origin may do what the path can do: %s', async (origin) => {
    const answer = await ask(open, tokensOf(open), { headers: preflight(origin) })
    expect([answer.status, answer.body]).toEqual([204, ''])
    expect(corsLines(answer)).toEqual([
      'access-control-allow-headers: authorization, content-type, x-auth-email, x-auth-key, if-match, idempotency-key',
      'access-control-allow-methods: GET, HEAD, POST, OPTIONS',
      `access-control-allow-origin: ${origin}`,
      expect.stringMatching(/^access-control-expose-headers: /),
      'access-control-max-age: 600',
      'vary: Origin',
    ])
  })

  const exposed = 'etag, cf-ray, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, idempotent-replayed'

  test('of an allowed origin may read every answer, good or bad, with its headers, and send no cookies', async () => {
    const origin = ['Origin', website]
    const wrong = ['Authorization', `Bearer ${'x'.repeat(40)}`]
    const json = ['Content-Type', 'application/json']
    const path = tokensOf(open)
    const answers = [
      await send(open.apiUrl, { path, headers: [...bearer(open), ...origin] }),
      await send(open.apiUrl, { path: `${path}?page=0`, headers: [...bearer(open), ...origin] }),
      await send(open.apiUrl, { path, method: 'POST', body: 'x'.repeat(2 ** 20 + 1), headers: [...bearer(open), ...json, ...origin] }),
      await send(open.apiUrl, { path, headers: [...bearer(open), ...origin] }),
      await send(open.apiUrl, { path, headers: [...wrong, ...origin] }),
      await send(open.apiUrl, { path, headers: [...wrong, ...origin] }),
      await send(open.apiUrl, { path, headers: origin }),
      await send(open.apiUrl, { path, method: 'PATCH', headers: origin }),
      await send(open.apiUrl, { path: '/client/v4/nothing', headers: origin }),
      await send(open.apiUrl, { path: '/client/v4/%', headers: origin }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([200, 400, 413, 429, 401, 403, 400, 405, 404, 404])
    for (const answer of answers) {
      expect([answer.status, corsLines(answer)]).toEqual([
        answer.status,
        [`access-control-allow-origin: ${website}`, `access-control-expose-headers: ${exposed}`, 'vary: Origin'],
      ])
    }
  })

  test.each([
    'https://evil.example.com',
    'https://console.example.com.evil.example',
    'https://evil-console.example.com',
    'http://console.example.com',
    'https://console.example.com:8443',
    'https://console.example.com/',
    'HTTPS://CONSOLE.EXAMPLE.COM',
    'https://console.example.com, http://localhost:5173',
    'null',
    '*',
    '',
  ])('of any other origin get no CORS header at all: "%s"', async (origin) => {
    const answers = [
      await ask(open, tokensOf(open), { headers: preflight(origin) }),
      await send(open.apiUrl, { path: tokensOf(open), headers: [...key(open), 'Origin', origin] }),
      await send(open.apiUrl, { path: tokensOf(open), headers: [...key(open), 'Origin', origin, 'Origin', website] }),
      await send(open.apiUrl, { path: '/client/v4/%', headers: ['Origin', origin] }),
    ]
    for (const answer of answers) expect(corsLines(answer)).toEqual(['vary: Origin'])
  })

  test('and what has no origin is told that the answer depends on it', async () => {
    const answer = await send(open.apiUrl, { path: tokensOf(open) })
    expect(corsLines(answer)).toEqual(['vary: Origin'])
  })
})

describe('the setting', () => {
  const load = (origins: string) => loadConfig({ flags: {}, environment: { POSTERN_CORS_ORIGINS: origins } }).corsOrigins

  test('takes origins as browsers send them', () => {
    expect(load('none')).toEqual([])
    expect(load('https://a.example, http://localhost:3000,http://[::1]:8080')).toEqual([
      ...['https://a.example', 'http://localhost:3000', 'http://[::1]:8080'],
    ])
  })

  test.each([
    ...['', 'https://a.example/', 'https://a.example/console', 'https://A.example', 'https://a.example:443', 'a.example', 'null'],
    ...['https://a.example?x', 'https://user@a.example', 'file:///etc', 'https://a.example,', 'https://a.example https://b.example'],
  ])('refuses what no browser would send: "%s"', (origins) => {
    expect(() => load(origins)).toThrow(/POSTERN_CORS_ORIGINS must be exact origins separated by commas/)
  })

  test('refuses every website at once, and says why', () => {
    for (const origins of ['*', 'https://a.example,*', 'https://*.example']) {
      expect(() => load(origins)).toThrow(ConfigError)
      expect(() => load(origins)).toThrow(/named origins, each in full: with "\*", websites that nobody has thought of/)
    }
  })
})
