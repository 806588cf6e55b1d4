import { isIP, type LookupFunction } from 'node:net'
import { Agent, buildConnector, type Dispatcher, errors } from 'undici'

/** Where an application's requests go. */
export interface Origin {
  readonly origin: string
  readonly isTls: boolean
  /** As one connects to it: IPv6 addresses without brackets. */
  readonly host: string
  readonly port: number
  /** The name that TLS asks for, and that the certificate must be for; empty for an address. */
  readonly servername: string
  /** What stands before the path of each request. */
  readonly prefix: string
}

/** Parsed URLs that are kept at a time. */
const maxParsed = 10_000

/** Takes the URLs of origins apart, each of them once. */
export function createOriginOf(): (originUrl: string) => Origin {
  const parsed = new Map<string, Origin>()
  return (originUrl) => {
    const known = parsed.get(originUrl)
    if (known !== undefined) return known
    if (parsed.size >= maxParsed) parsed.clear()
    const origin = parse(originUrl)
    parsed.set(originUrl, origin)
    return origin
  }
}

function parse(originUrl: string): Origin {
  const { origin, hostname, port, protocol, pathname } = new URL(originUrl)
  const isTls = protocol === 'https:'
  const host = hostname.replace(/^\[|\]$/g, '')
  const servername = isIP(host) === 0 ? host : ''
  return { origin, isTls, host, servername, port: Number(port || (isTls ? 443 : 80)), prefix: pathname.replace(/\/$/, '') }
}

export interface OriginTimeouts {
  readonly connectTimeoutMs: number
  /** How long an origin may take until it answers with headers. */
  readonly headersTimeoutMs: number
}

export type OriginRequest = Dispatcher.DispatchOptions & { readonly origin: string }

export interface OriginClient {
  /** Sends a request to its origin. All that comes of it, its failure as well, is for the handler. */
  send(request: OriginRequest, handler: Dispatcher.DispatchHandler): void
  /** Sends a request that has failed once more, on a connection of its own: if it may be sent twice, and the open connection that it took turned out to be closed. */
  sendAgain(request: OriginRequest, error: Error, handler: Dispatcher.DispatchHandler): boolean
  /** Breaks off what is under way. */
  close(): Promise<void>
}

/** Those that change nothing more when they arrive twice (RFC 9110, section 9.2.2). */
const idempotent: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS', 'TRACE', 'PUT', 'DELETE', 'PROPFIND', 'SEARCH', 'REPORT'])

/** Keeps connections to origins open and uses them again. */
export function createOriginClient({ connectTimeoutMs, headersTimeoutMs }: OriginTimeouts, lookUp: LookupFunction): OriginClient {
  const connectTo = buildConnector({ timeout: connectTimeoutMs, lookup: lookUp })
  // TLS asks an origin for its own name, and the certificate must be for that; undici would go by the `Host` that the client sent.
  const connect: buildConnector.connector = (options, callback) =>
    connectTo({ ...options, servername: isIP(options.hostname) === 0 ? options.hostname : '' }, callback)
  // No limit between two parts of a body: event streams may be silent for long, and a client that leaves ends the request.
  const limits = { headersTimeout: headersTimeoutMs, bodyTimeout: 0, connect }
  const agent = new Agent(limits)
  // Each of its requests has a connection of its own.
  const fresh = new Agent({ ...limits, pipelining: 0 })
  return {
    send(request, handler) {
      agent.dispatch(request, handler)
    },
    sendAgain(request, error, handler) {
      const mayBeSent = request.body === null && idempotent.has(request.method) && isStale(error)
      if (mayBeSent) fresh.dispatch(request, handler)
      return mayBeSent
    },
    async close() {
      await Promise.all([agent.destroy(), fresh.destroy()])
    },
  }
}

/** Whether a connection was closed that had served before: origins close idle ones, and the news may cross the next request. */
function isStale(error: unknown): boolean {
  if (error instanceof errors.SocketError) return (error.socket?.bytesRead ?? 0) > 0
  const { code } = error as NodeJS.ErrnoException
  return code === 'ECONNRESET' || code === 'EPIPE'
}

/** Whether it was time that ran out. */
export function isTimeout(error: unknown): boolean {
  if (error instanceof errors.HeadersTimeoutError || error instanceof errors.ConnectTimeoutError) return true
  return (error as NodeJS.ErrnoException).code === 'ETIMEDOUT'
}
