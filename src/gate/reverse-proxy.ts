import { EventEmitter } from 'node:events'
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { type Duplex, pipeline, type Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock, Log } from '../authority/ports.ts'
import { isAwaited } from './answer.ts'
import type { IsTrusted } from './peer.ts'
import { refuse } from './refusal.ts'
import type { Admitted } from './reverse-proxy/admitted.ts'
import { endToEnd, isEventStream, requestHeaders, responseHeaders } from './reverse-proxy/headers.ts'
import { isLoop } from './reverse-proxy/loops.ts'
import { createOriginFailures } from './reverse-proxy/origin-failures.ts'
import { createOriginClient, createOriginOf, isTimeout, type OriginRequest } from './reverse-proxy/origins.ts'
import { bodyOf } from './reverse-proxy/request-body.ts'
import { createTunnels } from './reverse-proxy/tunnels.ts'

export interface ReverseProxy {
  /** Passes an admitted request on to the application's origin, and its answer back, both as streams. An event stream goes on for as long as it is admitted. */
  forward(request: IncomingMessage, response: ServerResponse, admitted: Admitted, ray: string): Promise<void>
  /** The same for an admitted request that opens a WebSocket: `socket` and `head` are those of Node's `upgrade` event. */
  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, admitted: Admitted, ray: string): void
  /** Ends every WebSocket and request; for when no client is left. */
  close(): Promise<void>
}

export interface ReverseProxyDeps {
  readonly isTrusted: IsTrusted
  readonly log: Log
  readonly clock: Clock
  /** What this gate is called among those that a request has come through; no other gate's name. */
  readonly loopId: string
  readonly connectTimeoutMs?: number
  /** How long an origin may take until it answers with headers. */
  readonly headersTimeoutMs?: number
}

const noBytes = Buffer.alloc(0)

export function createReverseProxy(deps: ReverseProxyDeps): ReverseProxy {
  const { isTrusted, loopId, connectTimeoutMs = 10_000, headersTimeoutMs = 60_000 } = deps
  const timeouts = { connectTimeoutMs, headersTimeoutMs }
  const originOf = createOriginOf()
  const client = createOriginClient(timeouts)
  const noteFailure = createOriginFailures(deps)
  const tunnels = createTunnels({ isTrusted, loopId, noteFailure, originOf, timeouts })

  return {
    async forward(request, response, admitted, ray) {
      const { application } = admitted
      // The client may have left while it was checked.
      if (!isAwaited(response)) return
      if (application.originUrl === null) return refuse(request, response, 404, ray, application)
      if (isLoop(request, loopId)) return refuse(request, response, 508, ray, application)
      // Every part of the gate that has to know of this answer's end listens to it: Node would take so many for a leak, and say so.
      response.setMaxListeners(0)
      // undici listens to either; an `AbortController` costs as much as the rest of the request.
      const clientGone = Object.assign(new EventEmitter(), { aborted: false })
      const body = askForBody(request, response)
      response.once('close', () => {
        clientGone.aborted = true
        clientGone.emit('abort')
        if (!request.complete) body?.stream.destroy()
      })
      try {
        if (body !== null) await body.begun
        if (clientGone.aborted || !isAwaited(response)) return
        const { origin, servername, prefix } = originOf(application.originUrl)
        const { method, url = '/' } = request
        const answer = await client.send({
          // Node's parser has let only known methods through.
          ...{ origin, servername, path: prefix + url, method: method as Dispatcher.HttpMethod },
          headers: requestHeaders(request, { isTrusted, ray, loopId, ...admitted }),
          ...{ body: body?.stream ?? null, signal: clientGone, responseHeaders: 'raw' },
          onInfo: (info) => passOnInterim(info, response),
        } satisfies OriginRequest)
        // Where its body broke on the way, the client has got its answer.
        if (response.headersSent) return void answer.body.destroy()
        passOn(answer, response, ray, admitted.setCookie)
        if (!clientGone.aborted && isEventStream(answer.headers as unknown as readonly string[])) watchStream(response, admitted)
      } catch (error) {
        if (clientGone.aborted || response.headersSent) return
        noteFailure(error, ray, application.id, 'the origin of an application did not answer')
        refuse(request, response, isTimeout(error) ? 504 : 502, ray, application)
      }
    },
    upgrade: tunnels.open,
    async close() {
      tunnels.close()
      await client.close()
    },
  }
}

/** The body, if there is one; a client that waits for leave to send it (`Expect: 100-continue`) is given leave. */
function askForBody(request: IncomingMessage, response: ServerResponse) {
  if (/\b100-continue\b/i.test(request.headers.expect ?? '') && request.httpVersionMinor > 0) {
    response.writeContinue()
    response.shouldKeepAlive = !/\bclose\b/i.test(request.headers.connection ?? '')
  }
  return bodyOf(request)
}

function passOn(answer: Dispatcher.ResponseData<null>, response: ServerResponse, ray: string, setCookie: string | null): void {
  const { statusCode, statusText, body } = answer
  // With `responseHeaders: 'raw'` they are name-value pairs, in order and with repetitions.
  const headers = responseHeaders(answer.headers as unknown as readonly string[], ray, setCookie)
  // What is no ASCII has been read as UTF-8 by undici, and cannot be written as it was.
  if (/^[\t -~]*$/.test(statusText)) response.writeHead(statusCode, statusText, headers)
  else response.writeHead(statusCode, headers)
  if (statusCode === 304 || statusCode === 204) return endWithoutBody(body, response)
  if (body.readableLength === 0) setImmediate(sendHeadAlone, body, response)
  pipeline(body, response, () => undefined)
}

/** Ends an answer that may go on for good once it is no longer admitted. It is cut off, so that nobody takes it for one that came to its end. */
function watchStream(response: ServerResponse, { watch }: Admitted): void {
  if (watch === undefined) return
  const unwatch = watch(() => response.destroy())
  response.once('close', unwatch)
}

/**
 * Passes on what an origin says before its answer, such as 103 (Early Hints); to those who know such answers, which HTTP/1.0 does not. Fails for what is
 * no such answer: after a 101, the client would take whatever comes for another protocol.
 */
function passOnInterim({ statusCode, headers }: { statusCode: number; headers: unknown }, response: ServerResponse): void {
  if (statusCode < 100 || statusCode === 101) throw new Error(`it answered with status ${statusCode}`)
  if (response.headersSent || response.req.httpVersionMinor === 0) return
  const pairs = endToEnd(headers as readonly string[], ({ spelling }) => spelling === 'cf-ray')
  const lines = pairs.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  // Without a socket it is not yet this answer's turn: an earlier request of the connection is still to be answered.
  response.socket?.write(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\n${lines}\r\n`, 'latin1')
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
