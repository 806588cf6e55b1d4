import type { IncomingMessage, ServerResponse } from 'node:http'
import type { LookupFunction } from 'node:net'
import type { Duplex, Readable } from 'node:stream'
import type { Dispatcher } from 'undici'
import type { Clock, Log } from '../authority/ports.ts'
import { isAwaited } from './answer.ts'
import { createContainment } from './containment.ts'
import type { IsTrusted } from './peer.ts'
import { refuse } from './refusal.ts'
import type { Admitted } from './reverse-proxy/admitted.ts'
import { exchange } from './reverse-proxy/exchange.ts'
import { requestHeaders, valuesOf } from './reverse-proxy/headers.ts'
import { isLoop } from './reverse-proxy/loops.ts'
import { createOriginFailures } from './reverse-proxy/origin-failures.ts'
import { createOriginClient, createOriginOf, isTimeout } from './reverse-proxy/origins.ts'
import { bodyOf } from './reverse-proxy/request-body.ts'
import { createTunnels } from './reverse-proxy/tunnels.ts'

export interface ReverseProxy {
  /** Passes an admitted request on to the application's origin, and its answer back, both as streams. An event stream goes on for as long as it is admitted. */
  forward(request: IncomingMessage, response: ServerResponse, admitted: Admitted, ray: string): void | Promise<void>
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
  /** Finds the addresses of origins. */
  readonly lookUp: LookupFunction
  readonly connectTimeoutMs?: number
  /** How long an origin may take until it answers with headers. */
  readonly headersTimeoutMs?: number
}

export function createReverseProxy(deps: ReverseProxyDeps): ReverseProxy {
  const { isTrusted, loopId, lookUp, connectTimeoutMs = 10_000, headersTimeoutMs = 60_000 } = deps
  const timeouts = { connectTimeoutMs, headersTimeoutMs }
  const originOf = createOriginOf()
  const client = createOriginClient(timeouts, lookUp)
  const noteFailure = createOriginFailures(deps)
  const contain = createContainment(deps.log)
  const tunnels = createTunnels({ isTrusted, loopId, noteFailure, originOf, lookUp, timeouts })

  function send(
    request: IncomingMessage,
    response: ServerResponse,
    body: Readable | null,
    originUrl: string,
    admitted: Admitted,
    ray: string,
  ): void {
    const { origin, servername, prefix } = originOf(originUrl)
    const { method, url = '/' } = request
    // Spelt out: a spread would make each of these objects the slow way.
    const { assertion, withoutHeader } = admitted
    const headers = requestHeaders(request, { isTrusted, ray, loopId, assertion, withoutHeader })
    // Node's parser has let only known methods through.
    const sent = { origin, servername, path: prefix + url, method: method as Dispatcher.HttpMethod, headers, body }
    const fail = (error: Error) => {
      noteFailure(error, ray, admitted.application.id, 'the origin of an application did not answer')
      refuse(request, response, isTimeout(error) ? 504 : 502, ray, admitted.application)
    }
    // What goes wrong in undici's turn would end the process.
    const onFailure = (error: Error) => contain(request.socket, ray, () => fail(error))
    exchange(sent, response, { client, admitted, ray, onFailure })
  }

  return {
    forward(request, response, admitted, ray) {
      const { application } = admitted
      const { originUrl } = application
      // The client may have left while it was checked.
      if (!isAwaited(response)) return
      if (originUrl === null) return refuse(request, response, 404, ray, application)
      if (isLoop(request, loopId)) return refuse(request, response, 508, ray, application)
      // Every part of the gate that has to know of this answer's end listens to it: Node would take so many for a leak, and say so.
      response.setMaxListeners(0)
      const body = askForBody(request, response)
      if (body === null) return send(request, response, null, originUrl, admitted, ray)
      response.on('close', () => {
        if (!request.complete) body.stream.destroy()
      })
      return body.begun.then(() => {
        if (isAwaited(response)) send(request, response, body.stream, originUrl, admitted, ray)
      })
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
  const isWaiting = valuesOf(request.rawHeaders, 'expect').some((expected) => /\b100-continue\b/i.test(expected))
  if (isWaiting && request.httpVersionMinor > 0) {
    response.writeContinue()
    response.shouldKeepAlive = !/\bclose\b/i.test(request.headers.connection ?? '')
  }
  return bodyOf(request)
}
