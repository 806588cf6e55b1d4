import type { IncomingMessage, ServerResponse } from 'node:http'
import { isIP } from 'node:net'
import { PassThrough, pipeline, type Readable } from 'node:stream'
import { Agent, buildConnector, type Dispatcher, errors } from 'undici'
import type { Log } from '../authority/ports.ts'
import type { Application } from '../domain/application.ts'
import { clientAddress, type IsTrusted, peerAddress, singleHeader } from './peer.ts'
import { refuse } from './refusal.ts'

export interface ReverseProxy {
  /** Passes an admitted request on to the application's origin, and its answer back, both as streams. */
  forward(request: IncomingMessage, response: ServerResponse, application: Application, ray: string): Promise<void>
  close(): Promise<void>
}

/** They concern one connection only (RFC 9110, section 7.6.1). `expect` was answered by this server already. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer']
const perConnection: ReadonlySet<string> = new Set([...hopByHop, 'transfer-encoding', 'upgrade', 'expect'])

/** Whose name, address and way the request has: the origin hears of these from the gate alone. */
const ownedByGate: ReadonlySet<string> = new Set(['host', 'cf-ray', 'cf-connecting-ip', 'true-client-ip', 'x-real-ip', 'forwarded'])

/** The credentials, which no origin ever sees, and every header by which an origin could take the caller for somebody else. */
function isOwnedByGate(name: string): boolean {
  return ownedByGate.has(name) || name.startsWith('cf-access-') || name.startsWith('x-forwarded-')
}

function isOwnedByGateInAnswers(name: string): boolean {
  return name === 'cf-ray'
}

const noBytes = Buffer.alloc(0)

const connectTo = buildConnector({ timeout: 10_000 })

/** TLS asks an origin for its own name, and the certificate must be for that; undici would go by the `Host` that the client sent. */
const connectByOriginName: buildConnector.connector = (options, callback) =>
  connectTo({ ...options, servername: isIP(options.hostname) === 0 ? options.hostname : '' }, callback)

export interface ReverseProxyDeps {
  readonly isTrusted: IsTrusted
  readonly log: Log
  /** How long an origin may take until it answers with headers. */
  readonly headersTimeoutMs?: number
}

export function createReverseProxy({ isTrusted, log, headersTimeoutMs = 60_000 }: ReverseProxyDeps): ReverseProxy {
  // No limit between two parts of a body: event streams may be silent for long, and a client that leaves ends the request.
  const agent = new Agent({ headersTimeout: headersTimeoutMs, bodyTimeout: 0, connect: connectByOriginName })
  const origins = new WeakMap<Application, { readonly origin: string; readonly servername: string; readonly prefix: string }>()

  function originOf(application: Application, originUrl: string) {
    const known = origins.get(application)
    if (known) return known
    const { origin, hostname: servername, pathname } = new URL(originUrl)
    const parsed = { origin, servername, prefix: pathname.replace(/\/$/, '') }
    origins.set(application, parsed)
    return parsed
  }

  return {
    async forward(request, response, application, ray) {
      const { originUrl } = application
      if (originUrl === null) return refuse(request, response, 404, ray, application)
      const clientGone = new AbortController()
      response.once('close', () => clientGone.abort())
      try {
        const { origin, servername, prefix } = originOf(application, originUrl)
        const answer = await agent.request({
          // Node's parser has let only known methods through.
          ...{ origin, servername, path: prefix + (request.url ?? '/'), method: request.method as Dispatcher.HttpMethod },
          headers: requestHeaders(request, isTrusted, ray),
          ...{ body: bodyOf(request), signal: clientGone.signal, responseHeaders: 'raw' },
        })
        // With `responseHeaders: 'raw'` they are name-value pairs, in order and with repetitions.
        response.writeHead(answer.statusCode, responseHeaders(answer.headers as unknown as readonly string[], ray))
        if (answer.statusCode === 304 || answer.statusCode === 204) return endWithoutBody(answer.body, response)
        setImmediate(sendHeadAlone, answer.body, response)
        pipeline(answer.body, response, () => undefined)
      } catch (error) {
        if (clientGone.signal.aborted) return
        log.warn({ err: error, ray, application: application.id }, 'the origin of an application did not answer')
        refuse(request, response, isTimeout(error) ? 504 : 502, ray, application)
      }
    },
    close: () => agent.close(),
  }
}

function requestHeaders(request: IncomingMessage, isTrusted: IsTrusted, ray: string): string[] {
  const peer = peerAddress(request)
  const trusted = isTrusted(peer)
  const before = trusted ? request.headersDistinct['x-forwarded-for'] : undefined
  const { host } = request.headers
  const forwardedHost = (trusted && singleHeader(request, 'x-forwarded-host')) || host
  return [
    ...endToEnd(request.rawHeaders, isOwnedByGate),
    ...(host === undefined ? [] : ['host', host]),
    ...['cf-ray', ray, 'cf-connecting-ip', clientAddress(request, isTrusted)],
    ...['x-forwarded-for', [...(before ?? []), peer].join(', ')],
    ...['x-forwarded-proto', (trusted && singleHeader(request, 'x-forwarded-proto')) || 'http'],
    ...(forwardedHost === undefined ? [] : ['x-forwarded-host', forwardedHost]),
  ]
}

function responseHeaders(raw: readonly string[], ray: string): string[] {
  return [...endToEnd(raw, isOwnedByGateInAnswers), 'cf-ray', ray]
}

/** Name-value pairs without those for one connection, those that `Connection` names, and those that `isDropped`. */
function endToEnd(raw: readonly string[], isDropped: (name: string) => boolean): string[] {
  const connection = raw.filter((_value, at) => at % 2 === 1 && raw[at - 1]?.toLowerCase() === 'connection').join()
  const named = new Set(
    connection
      .toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const lower = name.toLowerCase()
    // WSGI, CGI and their like cannot tell `_` from `-` in a header's name.
    if (!perConnection.has(lower) && !isDropped(lower.replaceAll('_', '-')) && !named.has(lower)) kept.push(name, raw[at + 1] ?? '')
  }
  return kept
}

/** The body as a stream that undici may destroy, which it does when the origin fails: with the request itself the client's connection would break. */
function bodyOf(request: IncomingMessage): Readable | null {
  const { 'transfer-encoding': coding, 'content-length': length = '0' } = request.headers
  if (coding === undefined && length === '0') return null
  // What the origin does not take is read all the same: the client must be done sending before it sends the next request.
  return request.pipe(new PassThrough()).once('close', () => request.resume())
}

/** Sends the head when no part of the body has come to go with it: an event stream may begin long before its first event. */
function sendHeadAlone(body: Readable, response: ServerResponse): void {
  // `flushHeaders` would write the head as UTF-8, which turns each byte of it above 127 into two.
  if (!body.readableDidRead && !response.writableEnded && !response.destroyed) response.write(noBytes)
}

/** A 304 may name the length of what it stands for, and a careless origin that of a 204. undici waits for so many bytes, and breaks off the connection. */
function endWithoutBody(body: Readable, response: ServerResponse): void {
  body.on('error', () => undefined).resume()
  response.end()
}

function isTimeout(error: unknown): boolean {
  return error instanceof errors.HeadersTimeoutError || error instanceof errors.ConnectTimeoutError
}
