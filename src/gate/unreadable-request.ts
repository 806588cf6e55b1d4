import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { refuse } from './refusal.ts'
import { endGently, responseOn } from './socket-response.ts'
import type { Talk } from './talks.ts'

/** Stands for a request of which not enough could be read to know anything about it. */
const unreadable = { method: 'GET', httpVersionMajor: 1, httpVersionMinor: 1, rawHeaders: [] as string[] } as IncomingMessage

/** Refuses what Node could not read as a request (its `clientError` event), after the answers that are due before, and ends the connection. */
export function createRefuseUnreadable() {
  const seen = new WeakSet<Socket>()

  function end(socket: Socket, status: 400 | 408 | 431, ray: string): void {
    if (socket.writable) refuse(unreadable, responseOn(socket, unreadable), status, ray, null)
    else endGently(socket)
  }

  return (error: Error, socket: Socket, talk: Talk | undefined, ray: string): void => {
    // What follows on the same connection cannot be read either.
    if (seen.has(socket)) return
    seen.add(socket)
    const status = statusOf((error as NodeJS.ErrnoException).code)
    if (status === undefined || socket.destroyed) return void socket.destroy()
    if (talk === undefined || talk.open.size === 0) return end(socket, status, ray)
    const { request, response, open } = talk
    if (request.complete) return void response.once('close', () => end(socket, status, ray))
    // It is the latest request whose body is broken: the origin must not take what came of it for the whole.
    if (open.size > 1 || response.headersSent) return void socket.destroy()
    response.shouldKeepAlive = false
    refuse(request, response, status, ray, null)
  }
}

/** None for what went wrong below HTTP, where an answer would not be understood. */
function statusOf(code = ''): 400 | 408 | 431 | undefined {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return 408
  if (code === 'HPE_HEADER_OVERFLOW') return 431
  return code.startsWith('HPE_') ? 400 : undefined
}
