import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'

/** What goes on on a connection: the same object from its first request to its end. */
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

/** Kept for as long as the connection, and changed with each request: nothing is made anew for those after the first. */
interface Going extends Talk {
  request: IncomingMessage
  response: ServerResponse
  readonly open: Set<ServerResponse>
}

export function createTalks(stallTimeoutMs: number): Talks {
  const talks = new WeakMap<Duplex, Going>()

  function start(request: IncomingMessage, response: ServerResponse): Going {
    const { socket } = request
    const talk: Going = { request, response, open: new Set() }
    talks.set(socket, talk)
    // Node tells only the answer whose turn it is: those behind it would wait for theirs for good, and so would their origins.
    socket.once('close', () => {
      for (const waiting of talk.open) {
        if (waiting.socket === socket) continue
        waiting.destroy()
        waiting.emit('close')
      }
    })
    return talk
  }

  /** One function for all answers; a second event, if there should be one, changes nothing. */
  function onClose(this: ServerResponse): void {
    const { req: request } = this
    if (talks.get(request.socket)?.open.delete(this)) limitRest(request, stallTimeoutMs)
  }

  return {
    begin(request, response) {
      const talk = talks.get(request.socket) ?? start(request, response)
      talk.request = request
      talk.response = response
      talk.open.add(response)
      response.on('close', onClose)
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
