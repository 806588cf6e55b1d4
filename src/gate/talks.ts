import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What goes on on a connection. */
export interface Talk {
  /** The latest request, and its answer. */
  readonly request: IncomingMessage
  readonly response: ServerResponse
  /** Answers that are not sent to their end. */
  readonly open: ReadonlySet<ServerResponse>
}

export interface Talks {
  /** A request has come; its answer is open until it is sent, or the connection is closed. */
  begin(request: IncomingMessage, response: ServerResponse): Talk
  /** Nothing where no request has come yet. */
  on(socket: Duplex): Talk | undefined
  /** Ends a connection on which nothing has moved, if it is the client's turn. It is not while the gate or an origin takes its time. */
  endIfStalled(socket: Socket): void
}

export function createTalks(stallTimeoutMs: number): Talks {
  const talks = new WeakMap<Duplex, Talk>()

  function openOn(socket: Socket): Set<ServerResponse> {
    const open = new Set<ServerResponse>()
    // Node tells only the answer whose turn it is: those behind it would wait for theirs for good, and so would their origins.
    socket.once('close', () => {
      for (const response of open) {
        if (response.socket === socket) continue
        response.destroy()
        response.emit('close')
      }
    })
    return open
  }

  return {
    begin(request, response) {
      const { socket } = request
      const open = (talks.get(socket)?.open as Set<ServerResponse> | undefined) ?? openOn(socket)
      const talk = { request, response, open: open.add(response) }
      talks.set(socket, talk)
      response.once('close', () => {
        open.delete(response)
        limitRest(request, stallTimeoutMs)
      })
      return talk
    },
    on: (socket) => talks.get(socket),
    endIfStalled(socket) {
      const talk = talks.get(socket)
      // The first head has a limit of its own, and its lateness an answer.
      const isIdle = talk?.open.size === 0
      const isStalled = socket.writableLength > 0 || (talk !== undefined && owesBody(talk.request))
      if (isIdle || isStalled) socket.destroy()
      else socket.setTimeout(stallTimeoutMs)
    },
  }
}

/** Whether the body is waited for, not held back because nobody takes it as fast as it comes. */
function owesBody(request: IncomingMessage): boolean {
  return !request.complete && request.readableFlowing === true
}

/** A body that nobody wanted is read to its end, so that the connection can serve again; but not for as long as the client likes. */
function limitRest(request: IncomingMessage, timeoutMs: number): void {
  const { socket, complete } = request
  if (complete || socket.destroyed) return
  const cut = setTimeout(() => socket.destroy(), timeoutMs).unref()
  const clear = () => clearTimeout(cut)
  request.once('end', clear)
  socket.once('close', clear)
}
