import { once } from 'node:events'
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import WebSocket, { WebSocketServer } from 'ws'
import { machineHeaders, movableClock, silent } from '../fixtures.ts'
import { type RawApi, startRawApi } from '../raw-api.ts'

// What stays open through the reverse proxy lives as long as a new request like it would be admitted.

const noon = '2026-03-01T12:00:00Z'
const clock = movableClock(noon)
const inAnHour = '2026-03-01T13:00:00Z'

/** An origin that echoes WebSocket messages, and whose event streams go on until they are ended. */
const streams = new Set<ServerResponse>()
const origin = createServer((_request, response) => {
  streams.add(response.on('close', () => streams.delete(response)))
  response.writeHead(200, { 'content-type': 'text/event-stream; charset=utf-8' }).write('data: open\n\n')
})
const echo = new WebSocketServer({ server: origin }).on('connection', (socket) => socket.on('message', (data) => socket.send(data)))

let api: RawApi
let account: string
let hosts = 0
let host: string
/** Of the application at `host`. */
let application: { readonly id: string; readonly path: string; readonly policy: string; readonly body: object }
const open: Open[] = []
const logged: unknown[] = []

beforeAll(async () => {
  await new Promise<void>((resolve) => origin.listen(0, '127.0.0.1', resolve))
  api = await startRawApi({ clock, log: { ...silent, info: (line) => logged.push(line) } })
  account = `/accounts/${api.postern.bootstrap.accountId}/access`
})
beforeEach(async () => {
  clock.set(noon)
  host = `open-${hosts++}.access.localhost`
  application = await protect(host)
})
afterEach(() => {
  for (const { end } of open.splice(0)) end()
})
afterAll(async () => {
  await api.stop()
  echo.close()
  origin.closeAllConnections()
  await new Promise((resolve) => origin.close(resolve))
})

interface Token {
  readonly id: string
  readonly client_id: string
  readonly client_secret: string
}

async function call<Result>(method: string, path: string, body?: object): Promise<Result> {
  const { status, text, envelope } = await api.call({ method, path: account + path, ...(body && { body }) })
  expect(status, text).toBeLessThan(300)
  return envelope.result as Result
}

async function protect(domain: string) {
  const any = { name: 'any', decision: 'non_identity', include: [{ any_valid_service_token: {} }] }
  const { id: policy } = await call<Token>('POST', '/policies', any)
  const originUrl = `http://127.0.0.1:${(origin.address() as AddressInfo).port}`
  const body = { type: 'self_hosted', domain, policies: [policy], origin_url: originUrl, session_duration: '1h' }
  const { id } = await call<Token>('POST', '/apps', body)
  return { id, path: `/apps/${id}`, policy, body }
}

const issue = (fields: object = {}) => call<Token>('POST', '/service_tokens', { name: 'machine', ...fields })
const change = (token: Token, fields: object) => call<Token>('PUT', `/service_tokens/${token.id}`, { name: 'machine', ...fields })
const rotate = (token: Token, until?: string) =>
  call<Token>('POST', `/service_tokens/${token.id}/rotate`, until === undefined ? {} : { previous_client_secret_expires_at: until })

/** A WebSocket or an event stream that has opened. */
interface Open {
  readonly closed: Promise<unknown>
  readonly isClosed: () => boolean
  /** Resolves when something that was sent now has come through. */
  lives(): Promise<void>
  end(): void
}

function watched(part: Pick<Open, 'lives' | 'end'>, closed: Promise<unknown>): Open {
  let isClosed = false
  void closed.then(() => (isClosed = true))
  const opened = { ...part, closed, isClosed: () => isClosed }
  open.push(opened)
  return opened
}

async function webSocket(headers: Readonly<Record<string, string>>): Promise<Open> {
  const socket = new WebSocket(api.postern.gateUrl.replace('http', 'ws'), { headers: { ...headers, Host: host } })
  await once(socket, 'open')
  const closed = new Promise((resolve) => socket.once('close', resolve))
  const lives = async () => {
    socket.send('still there?')
    await once(socket, 'message', { signal: AbortSignal.timeout(5000) })
  }
  return watched({ lives, end: () => socket.terminate() }, closed)
}

async function eventStream(headers: Readonly<Record<string, string>>): Promise<Open> {
  const request = httpRequest(`${api.postern.gateUrl}/events`, { headers: { ...headers, Host: host }, agent: false }).end()
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  expect(answer.statusCode).toBe(200)
  let text = ''
  answer.on('data', (chunk) => (text += chunk)).on('error', () => undefined)
  const closed = new Promise((resolve) => answer.once('close', resolve))
  // A stream that is cut off must not look as if it had come to its end.
  const cut = closed.then(() => expect(answer.complete).toBe(false))
  let count = 0
  const lives = async () => {
    const event = `data: ${count++} for all\n\n`
    for (const stream of streams) stream.write(event)
    await expect.poll(() => text, { timeout: 5000 }).toContain(event)
  }
  return watched({ lives, end: () => answer.destroy() }, cut)
}

const kinds = [
  ['a WebSocket', webSocket],
  ['an event stream', eventStream],
] as const

const cookieOf = async (token: Token) => {
  const answer = await fetch(`${api.postern.gateUrl}/authorize`, { headers: { ...machineHeaders(token), 'X-Forwarded-Host': host } })
  return { Cookie: `CF_Authorization=${answer.headers.get('cf-access-jwt-assertion')}` }
}

describe.each(kinds)('%s', (_kind, start) => {
  /** It ends within seconds, and one that another token opened before goes on. */
  async function endsWhen(happens: (token: Token) => Promise<unknown>, fields: object = {}) {
    const [token, other] = [await issue(fields), await issue()]
    const [ending, staying] = [await start(machineHeaders(token)), await start(machineHeaders(other))]
    await ending.lives()
    await happens(token)
    await ending.closed
    await staying.lives()
    expect(staying.isClosed()).toBe(false)
  }

  /** It is still there after one that was opened later, by a token that is disabled then, has ended: so it was looked at. */
  async function goesOnWhen(happens: (token: Token) => Promise<unknown>, headers = async (token: Token) => machineHeaders(token)) {
    const token = await issue()
    const staying = await start(await headers(token))
    await happens(token)
    const last = await issue()
    const ending = await start(machineHeaders(last))
    await change(last, { enabled: false })
    await ending.closed
    await staying.lives()
    expect(staying.isClosed()).toBe(false)
  }

  const until = async (time: string) => clock.set(time)

  test('ends when its token is disabled', () => endsWhen((token) => change(token, { enabled: false })))
  test('ends when its token is deleted', () => endsWhen((token) => call('DELETE', `/service_tokens/${token.id}`)))
  test('ends when its token expires', () => endsWhen(() => until(inAnHour), { duration: '1h' }))
  test('ends when its secret is replaced at once', () => endsWhen((token) => rotate(token)))

  test('ends with the grace period of its secret', () =>
    endsWhen(async (token) => {
      await rotate(token, inAnHour)
      clock.set(inAnHour)
    }))

  test('ends when a policy no longer lets its token in', () =>
    endsWhen(({ id }) => {
      const [include, exclude] = [[{ any_valid_service_token: {} }], [{ service_token: { token_id: id } }]]
      return call('PUT', `/policies/${application.policy}`, { name: 'others', decision: 'non_identity', include, exclude })
    }))

  test('goes on while its token only gets another name', () => goesOnWhen((token) => change(token, { name: 'renamed' })))
  test('goes on after a rotation, for as long as its secret works', () => goesOnWhen((token) => rotate(token, inAnHour)))
  test('goes on up to the last millisecond of its token', () => goesOnWhen(() => until('2026-03-01T12:59:59.999Z')))

  test.each([
    ['has no policies any more', () => call('PUT', application.path, { ...application.body, policies: [] })],
    ['is deleted', () => call('DELETE', application.path)],
    ['moves to another host', () => call('PUT', application.path, { ...application.body, domain: `moved-${host}` })],
  ])('ends when its application %s', async (_what, happens) => {
    const [one, two] = [await start(machineHeaders(await issue())), await start(machineHeaders(await issue()))]
    await happens()
    await Promise.all([one.closed, two.closed])
  })

  test('ends with the session that opened it, and at once with the token', async () => {
    const [token, revoked] = [await issue(), await issue()]
    const [one, two] = [await start(await cookieOf(token)), await start(await cookieOf(revoked))]
    await change(revoked, { enabled: false })
    await two.closed
    await one.lives()
    clock.set(inAnHour)
    await one.closed
  })

  test('goes on with its session while the secret that may have led to it works', () =>
    goesOnWhen((token) => rotate(token, inAnHour), cookieOf))
})

test('nothing is kept of what has ended by itself, and the log says how many were ended', async () => {
  const token = await issue()
  for (const [, start] of kinds) for (let count = 0; count < 3; count++) (await start(machineHeaders(token))).end()
  await expect.poll(() => streams.size + echo.clients.size).toBe(0)
  const last = await webSocket(machineHeaders(token))
  logged.length = 0
  await change(token, { enabled: false })
  await last.closed
  expect(logged).toContainEqual({ ended: 1, open: 0 })
})

test('an ordinary answer that is under way is brought to its end', async () => {
  const token = await issue()
  const slow = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/plain' }).write('first, ')
    finish = () => response.end('last')
  })
  let finish = () => {}
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve))
  await call('PUT', application.path, { ...application.body, origin_url: `http://127.0.0.1:${(slow.address() as AddressInfo).port}` })
  const request = httpRequest(api.postern.gateUrl, { headers: { ...machineHeaders(token), Host: host }, agent: false }).end()
  const [answer] = (await once(request, 'response')) as [IncomingMessage]
  await call('PUT', application.path, application.body)
  const ending = await eventStream(machineHeaders(token))
  await change(token, { enabled: false })
  await ending.closed
  finish()
  let text = ''
  for await (const chunk of answer) text += chunk
  expect(text).toBe('first, last')
  await new Promise((resolve) => slow.close(resolve))
})
