import { type ClientRequest, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { LookupFunction, Socket } from 'node:net'
import { type Duplex, pipeline } from 'node:stream'
import type { IsTrusted } from '../peer.ts'
import { refuse } from '../refusal.ts'
import { responseOn } from '../socket-response.ts'
import type { Admitted } from './admitted.ts'
import { type HeaderTerms, requestHeaders, requireKnownCoding, responseHeaders } from './headers.ts'
import { isLoop } from './loops.ts'
import type { NoteFailure } from './origin-failures.ts'
import { isTimeout, type Origin, type OriginTimeouts } from './origins.ts'

export interface Tunnels {
  /** Opens a WebSocket at the origin and joins it with the client's, for as long as it is admitted; where the origin declines, the client gets its answer. */
  open(request: IncomingMessage, socket: Duplex, head: Buffer, admitted: Admitted, ray: string): void
  /** Ends all of them. */
  close(): void
}

export interface TunnelsDeps {
  readonly isTrusted: IsTrusted
  readonly loopId: string
  readonly noteFailure: NoteFailure
  readonly originOf: (originUrl: string) => Origin
  readonly lookUp: LookupFunction
  readonly timeouts: OriginTimeouts
}

/** How often a silent connection is asked whether the other side is still there. */
const probeEveryMs = 60_000
/** How long the rest may take once one side has ended. */
const closingMs = 10_000

export function createTunnels({ isTrusted, loopId, noteFailure, originOf, lookUp, timeouts }: TunnelsDeps): Tunnels {
  const sockets = new Set<Duplex>()

  function keep(socket: Duplex): void {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  }

  return {
    open(request, duplex, head, admitted, ray) {
      const socket = duplex as Socket
      const { application, setCookie } = admitted
      const { originUrl } = application
      keep(socket.on('error', () => undefined))
      if (socket.destroyed) return
      const response = responseOn(socket, request)
      if (originUrl === null) return refuse(request, response, 404, ray, application)
      if (isLoop(request, loopId)) return refuse(request, response, 508, ray, application)
      const unwatch = admitted.watch?.(() => socket.destroy())
      if (unwatch) socket.once('close', unwatch)
      const opening = openAt(originOf(originUrl), lookUp, request, { isTrusted, ray, loopId, ...admitted })
      let isLate = false
      const stopTiming = limit(opening, timeouts, () => {
        isLate = true
        opening.destroy()
      })
      const leave = () => opening.destroy()
      socket.once('end', leave).once('close', leave)
      const settle = () => {
        stopTiming()
        socket.off('end', leave).off('close', leave)
      }
      const fail = (error: Error) => {
        settle()
        if (socket.destroyed || response.headersSent) return void socket.destroy()
        noteFailure(error, ray, application.id, 'the origin of an application opened no WebSocket')
        refuse(request, response, isLate || isTimeout(error) ? 504 : 502, ray, application)
      }

      /** An answer that nobody could pass on, for whatever reason, is a failure of the origin. */
      const attempt = (pass: () => void) => {
        try {
          pass()
        } catch (error) {
          opening.destroy()
          fail(error as Error)
        }
      }

      opening.on('upgrade', (answer, atOrigin, originHead) => {
        settle()
        keep(atOrigin.on('error', () => undefined))
        attempt(() => {
          if (answer.headers.upgrade?.toLowerCase() !== 'websocket') throw new Error('it switched to another protocol')
          const switching = switchingHead(answer, ray, setCookie)
          response.detachSocket(socket)
          socket.write(switching, 'latin1')
          join(socket, head, atOrigin as Socket, originHead)
        })
      })
      opening.on('response', (answer) => {
        settle()
        socket.once('close', leave)
        attempt(() => decline(answer, response, ray, setCookie))
      })
      opening.on('error', fail)
    },
    close() {
      for (const socket of sockets) socket.destroy()
    },
  }
}

function openAt(
  { isTls, host, port, servername, prefix }: Origin,
  lookup: LookupFunction,
  request: IncomingMessage,
  terms: HeaderTerms,
): ClientRequest {
  const headers = [...requestHeaders(request, terms), 'connection', 'Upgrade', 'upgrade', 'websocket']
  const options = { host, port, lookup, method: 'GET', path: prefix + (request.url ?? '/'), headers, agent: false, setHost: false }
  return (isTls ? httpsRequest({ ...options, servername }) : httpRequest(options)).end()
}

/** Calls back when connecting takes too long, or the answer after that. The result ends the waiting. */
function limit(opening: ClientRequest, { connectTimeoutMs, headersTimeoutMs }: OriginTimeouts, onLate: () => void): () => void {
  let timer = setTimeout(onLate, connectTimeoutMs)
  opening.once('socket', (socket) => {
    socket.once('encrypted' in socket ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer)
      timer = setTimeout(onLate, headersTimeoutMs)
    })
  })
  opening.once('close', () => clearTimeout(timer))
  return () => clearTimeout(timer)
}

function switchingHead(answer: IncomingMessage, ray: string, setCookie: string | null): string {
  const headers = [...responseHeaders(answer.rawHeaders, 101, ray, setCookie), 'connection', 'Upgrade', 'upgrade', 'websocket']
  const lines = headers.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  return `HTTP/1.1 101 ${answer.statusMessage ?? ''}\r\n${lines}\r\n`
}

/** Fails for what is no answer in place of a WebSocket: Node reads statuses from 0 on, and one below 200 would leave the client waiting for another. */
function decline(answer: IncomingMessage, response: ServerResponse, ray: string, setCookie: string | null): void {
  const { statusCode = 0, rawHeaders } = answer
  if (statusCode < 200 || statusCode > 999) throw new Error(`it answered with status ${statusCode}`)
  requireKnownCoding(rawHeaders)
  response.writeHead(statusCode, responseHeaders(rawHeaders, statusCode, ray, setCookie))
  pipeline(answer, response, () => undefined)
}

/** Lets bytes through both ways, never holding more than a socket's own buffer. What ends or breaks on one side ends both, after what was sent before. */
function join(client: Socket, clientHead: Buffer, origin: Socket, originHead: Buffer): void {
  if (clientHead.length > 0) client.unshift(clientHead)
  if (originHead.length > 0) origin.unshift(originHead)
  const cut = () => {
    client.destroy()
    origin.destroy()
  }
  for (const [from, to] of [
    [client, origin],
    [origin, client],
  ] as const) {
    from.setTimeout(0)
    from.setNoDelay(true)
    from.setKeepAlive(true, probeEveryMs)
    from.on('error', cut).on('close', cut)
    from.on('end', () => to.setTimeout(closingMs, cut).end(cut))
    from.pipe(to, { end: false })
  }
}
