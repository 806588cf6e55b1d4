import { type IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** How long a client may take to read the last answer and close its side. */
const closingMs = 2_000

/** An answer on a socket that Node's server has given up, as it does for `upgrade` and for what it cannot read. The connection ends with it. */
export function responseOn(duplex: Duplex, request: IncomingMessage): ServerResponse {
  const socket = duplex as Socket
  const response = new ServerResponse(request)
  response.shouldKeepAlive = false
  response.assignSocket(socket)
  // Node's server, which would see to both, listens no longer.
  socket.on('error', () => undefined)
  socket.on('drain', () => response.emit('drain'))
  response.once('finish', () => endGently(socket))
  return response
}

/** Closes a connection so that the other side can read to the end: with bytes unread on this side, what is still on its way would be lost. */
export function endGently(socket: Socket): void {
  const cut = setTimeout(() => socket.destroy(), closingMs).unref()
  socket.once('close', () => clearTimeout(cut)).once('end', () => socket.destroySoon())
  socket.end()
  socket.resume()
}
