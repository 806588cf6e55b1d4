import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Contain } from './containment.ts'
import { addFastLane, type FastLaneDeps } from './fast-lane.ts'
import { refuse } from './refusal.ts'
import { type Head, readHead } from './request-head.ts'
import { responseOn } from './socket-response.ts'
import { createTalks } from './talks.ts'
import { createRefuseUnreadable } from './unreadable-request.ts'

/** What `tls.createSecureContext` takes. */
export interface TlsOptions {
  /** The certificate with its chain, as PEM. */
  readonly cert: Buffer
  readonly key: Buffer
  readonly minVersion: 'TLSv1.2'
}

export interface ListenerOptions {
  /** Speaks HTTPS with it; plain HTTP without. */
  readonly tls?: TlsOptions | undefined
  /** How long the head of a request may take to arrive, and a TLS handshake. */
  readonly headersTimeoutMs?: number
  /** How long a client that has to send or read on may do neither. */
  readonly stallTimeoutMs?: number
  /** How long a connection is kept for its next request. */
  readonly keepAliveTimeoutMs?: number
}

export interface ListenerDeps extends ListenerOptions, Pick<FastLaneDeps, 'clock' | 'answerQuestion'> {
  readonly rayIds: () => string
  readonly contain: Contain
  /** A promise, if there is one, is what may still go wrong. */
  readonly answer: (request: IncomingMessage, response: ServerResponse, ray: string, head: Head) => unknown
  /** Takes over a request for a WebSocket, or declines: then it is answered as a plain request. */
  readonly upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, ray: string) => boolean
}

const defaultLimits: FastLaneDeps['limits'] = {
  headersTimeoutMs: 10_000,
  stallTimeoutMs: 60_000,
  // Longer than the minute for which load balancers keep a connection, so that they never use one that closes just then.
  keepAliveTimeoutMs: 72_000,
}

/** How many headers a request may have. How long they are is limited by Node, to 16 KiB together. */
const maxHeaders = 200

/** An HTTP or HTTPS server that no client can hold up: whatever a client has to do has a limit, and what cannot be read is refused as everything else is. */
export function createListener({ rayIds, contain, clock, answer, answerQuestion, upgrade, tls, ...options }: ListenerDeps): Server {
  const limits = { ...defaultLimits, ...options }
  const { stallTimeoutMs } = limits
  const server = createBareServer(tls, limits)
  addFastLane(server, { answerQuestion, rayIds, contain, clock, limits })
  const talks = createTalks(stallTimeoutMs)
  const refuseUnreadable = createRefuseUnreadable()

  function hear(request: IncomingMessage, response: ServerResponse): void {
    // Cut off by a limit: what came with the same packet is not begun.
    if (request.socket.destroyed) return
    const ray = rayIds()
    talks.begin(request, response)
    const head = readHead(request.rawHeaders)
    if (hasTooManyHeaders(request)) refuse(request, response, 431, ray, null)
    else if (lacksHost(request, head)) refuse(request, response, 400, ray, null)
    else if (hasForeignCoding(head)) refuse(request, response, 501, ray, null)
    else contain(request.socket, ray, () => answer(request, response, ray, head))
  }

  /** Waits for the answers that are due on a connection: another one would be taken for that of a request that came first. */
  function afterOthers(socket: Duplex, then: () => void): void {
    socket.off('error', ignore).on('error', ignore)
    const talk = talks.on(socket)
    if (talk !== undefined && talk.open.size > 0) return void talk.response.once('close', () => afterOthers(socket, then))
    if (!socket.destroyed && socket.writable) then()
  }

  server.setTimeout(stallTimeoutMs, talks.endIfStalled)
  server.on('request', hear).on('checkExpectation', hear)
  server.on('checkContinue', (request, response) => {
    // Who is refused before it has sent its body may send it or not, and nobody could tell where its next request begins.
    response.shouldKeepAlive = false
    hear(request, response)
  })
  server.on('upgrade', (request, socket, head) => {
    afterOthers(socket, () => {
      const ray = rayIds()
      contain(socket, ray, () => {
        if (!isWebSocket(request) || !upgrade(request, socket, head, ray)) hearAgain(server, request, socket.off('error', ignore), head)
      })
    })
  })
  server.on('connect', (request, socket) => {
    afterOthers(socket, () => {
      const ray = rayIds()
      contain(socket, ray, () => refuse(request, responseOn(socket, request), 400, ray, null))
    })
  })
  server.on('clientError', (error, socket) => {
    const ray = rayIds()
    contain(socket, ray, () => refuseUnreadable(error, socket as Socket, talks.on(socket), ray))
  })
  return server
}

const ignore = () => undefined

function createBareServer(tls: TlsOptions | undefined, { headersTimeoutMs, keepAliveTimeoutMs }: FastLaneDeps['limits']): Server {
  const options = {
    // A body may take as long as it takes, if only it goes on coming.
    requestTimeout: 0,
    headersTimeout: headersTimeoutMs,
    // Node looks for late heads this often only.
    connectionsCheckingInterval: Math.min(headersTimeoutMs, 1_000),
    keepAliveTimeout: keepAliveTimeoutMs,
    // Node would answer in its own way.
    requireHostHeader: false,
  }
  const server = tls ? createTlsServer({ ...options, ...tls, handshakeTimeout: headersTimeoutMs }) : createServer(options)
  // Of more headers than that, Node would show the first ones only.
  server.maxHeadersCount = 0
  return server
}

function hasTooManyHeaders({ rawHeaders }: IncomingMessage): boolean {
  return rawHeaders.length > 2 * maxHeaders
}

/** RFC 9112, section 3.2. */
function lacksHost({ httpVersionMinor }: IncomingMessage, { host }: Head): boolean {
  return host === undefined && httpVersionMinor > 0
}

/** RFC 9112, section 6.1: what Node takes the last coding off would go on without the word that there are others. */
function hasForeignCoding({ transferEncoding: coding }: Head): boolean {
  return coding !== undefined && coding.trim().toLowerCase() !== 'chunked'
}

/** RFC 6455, section 4.1. With any other protocol, such as `h2c`, requests would follow that the gate does not see. */
function isWebSocket(request: IncomingMessage): boolean {
  const { method, headers } = request
  const isPlainGet = method === 'GET' && headers['transfer-encoding'] === undefined && Number(headers['content-length'] ?? 0) === 0
  return (
    isPlainGet &&
    headers.upgrade?.toLowerCase() === 'websocket' &&
    !lacksHost(request, readHead(request.rawHeaders)) &&
    !hasTooManyHeaders(request)
  )
}

/** Gives a connection back to the server, which reads the same request anew, but without `Upgrade`: a server may ignore that (RFC 9110, section 7.8). */
function hearAgain(server: Server, request: IncomingMessage, socket: Duplex, head: Buffer): void {
  const { method, url, httpVersion, rawHeaders } = request
  const lines = rawHeaders.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`))
  const kept = lines.filter((_line, at) => rawHeaders[at - (at % 2)]?.toLowerCase() !== 'upgrade')
  socket.unshift(Buffer.concat([Buffer.from(`${method} ${url} HTTP/${httpVersion}\r\n${kept.join('')}\r\n`, 'latin1'), head]))
  server.emit('encrypted' in socket ? 'secureConnection' : 'connection', socket)
}
