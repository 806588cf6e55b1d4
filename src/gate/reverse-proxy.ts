import type { IncomingMessage, ServerResponse } from 'node:http'
import { pipeline } from 'node:stream'
import { Agent, type Dispatcher, errors } from 'undici'
import type { Log } from '../authority/ports.ts'
import type { Application } from '../domain/application.ts'
import { clientIdHeader, clientSecretHeader } from './credentials.ts'
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

/** The origin never sees a secret, and believes of these only what the gate itself says. */
const ownedByGate: ReadonlySet<string> = new Set([
  ...[clientIdHeader, clientSecretHeader, 'cf-access-jwt-assertion', 'cf-connecting-ip', 'cf-ray'],
  ...['host', 'x-forwarded-for', 'x-forwarded-host', 'x-forwarded-proto'],
])

const headersTimeoutMs = 60_000
const connectTimeoutMs = 10_000

export function createReverseProxy({ isTrusted, log }: { isTrusted: IsTrusted; log: Log }): ReverseProxy {
  // No limit between two parts of a body: event streams may be silent for long, and a client that leaves ends the request.
  const agent = new Agent({ headersTimeout: headersTimeoutMs, bodyTimeout: 0, connect: { timeout: connectTimeoutMs } })
  const origins = new WeakMap<Application, { readonly origin: string; readonly prefix: string }>()

  function originOf(application: Application, originUrl: string) {
    const known = origins.get(application)
    if (known) return known
    const { origin, pathname } = new URL(originUrl)
    const parsed = { origin, prefix: pathname.replace(/\/$/, '') }
    origins.set(application, parsed)
    return parsed
  }

  return {
    async forward(request, response, application, ray) {
      const { originUrl } = application
      if (originUrl === null) return refuse(request, response, 404, ray, application)
      const { origin, prefix } = originOf(application, originUrl)
      const clientGone = new AbortController()
      response.once('close', () => clientGone.abort())
      try {
        const answer = await agent.request({
          // Node's parser has let only known methods through.
          ...{ origin, path: prefix + (request.url ?? '/'), method: request.method as Dispatcher.HttpMethod },
          headers: requestHeaders(request, isTrusted, ray),
          ...{ body: hasBody(request) ? request : null, signal: clientGone.signal, responseHeaders: 'raw' },
        })
        // With `responseHeaders: 'raw'` they are name-value pairs, in order and with repetitions.
        response.writeHead(answer.statusCode, responseHeaders(answer.headers as unknown as readonly string[], ray))
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
    ...endToEnd(request.rawHeaders, request.headers.connection, ownedByGate),
    ...(host === undefined ? [] : ['host', host]),
    ...['cf-ray', ray, 'cf-connecting-ip', clientAddress(request, isTrusted)],
    ...['x-forwarded-for', [...(before ?? []), peer].join(', ')],
    ...['x-forwarded-proto', (trusted && singleHeader(request, 'x-forwarded-proto')) || 'http'],
    ...(forwardedHost === undefined ? [] : ['x-forwarded-host', forwardedHost]),
  ]
}

function responseHeaders(raw: readonly string[], ray: string): string[] {
  const connection = raw.findIndex((name, at) => at % 2 === 0 && name.toLowerCase() === 'connection')
  return [...endToEnd(raw, connection === -1 ? undefined : raw[connection + 1], new Set(['cf-ray'])), 'cf-ray', ray]
}

/** Name-value pairs without those for one connection, those that `Connection` names, and `dropped`. */
function endToEnd(raw: readonly string[], connection: string | undefined, dropped: ReadonlySet<string>): string[] {
  const named = new Set(
    connection
      ?.toLowerCase()
      .split(',')
      .map((name) => name.trim()),
  )
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = raw[at] ?? ''
    const lower = name.toLowerCase()
    if (!perConnection.has(lower) && !dropped.has(lower) && !named.has(lower)) kept.push(name, raw[at + 1] ?? '')
  }
  return kept
}

function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || (headers['content-length'] !== undefined && headers['content-length'] !== '0')
}

function isTimeout(error: unknown): boolean {
  return error instanceof errors.HeadersTimeoutError || error instanceof errors.ConnectTimeoutError
}
