import { STATUS_CODES } from 'node:http'
import type { Server, Socket } from 'node:net'
import type { Clock } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import type { Answer } from './answer.ts'
import type { Contain } from './containment.ts'
import type { AnswerQuestion } from './forward-auth.ts'
import { peerAddress } from './peer.ts'
import { type PlainQuestion, readPlainQuestion } from './plain-question.ts'

export interface FastLaneDeps {
  readonly answerQuestion: AnswerQuestion
  readonly rayIds: () => string
  readonly contain: Contain
  readonly clock: Pick<Clock, 'now'>
  /** The listener's. */
  readonly limits: { readonly headersTimeoutMs: number; readonly stallTimeoutMs: number; readonly keepAliveTimeoutMs: number }
}

/**
 * Answers plain questions without the objects that Node makes of a request and its answer, which cost more than a check. A connection begins in this lane, and
 * leaves it for good with the first packet that is anything else: Node's server gets it as if it had just come, with that packet still to be read.
 *
 * Tells `busy` and `waiting` of a connection, as events of the server: once a second at least while it is used, and around answers that take time.
 */
export function addFastLane(server: Server, { answerQuestion, rayIds, contain, clock, limits }: FastLaneDeps): void {
  const event = 'setSecureContext' in server ? 'secureConnection' : 'connection'
  const nodes = server.listeners(event) as ((socket: Socket) => void)[]
  const hasLeft = new WeakSet<Socket>()
  const ending = `Connection: keep-alive\r\nKeep-Alive: timeout=${Math.floor(limits.keepAliveTimeoutMs / 1000)}\r\n\r\n`

  server.removeAllListeners(event)
  server.on(event, (socket: Socket) => {
    if (hasLeft.has(socket)) handToNode(socket)
    else enter(socket)
  })

  function handToNode(socket: Socket): void {
    for (const listen of nodes) listen.call(server, socket)
  }

  function enter(socket: Socket): void {
    const peer = peerAddress({ socket })
    let dateLine = ''
    /** The second in which it last said that it is used; 0 before its first question. */
    let usedAt = 0
    socket.on('data', hear).on('drain', goOn).on('end', end).on('timeout', timeOut).on('error', ignore)
    socket.setTimeout(limits.headersTimeoutMs)

    function hear(packet: Buffer): void {
      const question = readPlainQuestion(packet)
      if (question === undefined) return leave(packet)
      noteUse(clock.now())
      const ray = rayIds()
      contain(socket, ray, () => answer(question, ray))
    }

    function noteUse(now: Instant): void {
      const second = Math.floor(now / 1000)
      if (usedAt === second) return
      if (usedAt === 0) socket.setTimeout(limits.keepAliveTimeoutMs)
      usedAt = second
      dateLine = dateLineOf(now)
      server.emit('busy', socket)
      server.emit('waiting', socket)
    }

    function answer({ method, url, rawHeaders, head }: PlainQuestion, ray: string): void | Promise<void> {
      const known = answerQuestion({ method, url, rawHeaders, head, peer }, ray)
      if (!(known instanceof Promise)) return say(known)
      socket.pause()
      server.emit('busy', socket)
      return known.then(say).finally(() => {
        server.emit('waiting', socket)
        if (!socket.writableNeedDrain) socket.resume()
      })
    }

    function say(known: Answer): void {
      if (!socket.writable || socket.write(written(known, dateLine + ending), 'latin1')) return
      // Who does not read is not read from.
      socket.pause().setTimeout(limits.stallTimeoutMs)
    }

    function goOn(): void {
      socket.setTimeout(limits.keepAliveTimeoutMs).resume()
    }

    function end(): void {
      socket.end()
    }

    function timeOut(): void {
      if (usedAt > 0) return void socket.destroy()
      forget()
      server.emit('clientError', Object.assign(new Error('nothing was asked in time'), { code: 'ERR_HTTP_REQUEST_TIMEOUT' }), socket)
    }

    function forget(): void {
      socket.off('data', hear).off('drain', goOn).off('end', end).off('timeout', timeOut).setTimeout(0)
    }

    function leave(packet: Buffer): void {
      forget()
      socket.off('error', ignore)
      hasLeft.add(socket)
      socket.unshift(packet)
      handToNode(socket)
    }
  }
}

const ignore = () => undefined

/** RFC 9110, section 6.6.1. */
function dateLineOf(now: Instant): string {
  return `Date: ${new Date(now).toUTCString()}\r\n`
}

/** By status: put together once. */
const statusLines = Object.fromEntries(Object.entries(STATUS_CODES).map(([status, words]) => [status, `HTTP/1.1 ${status} ${words}\r\n`]))
const admitted = statusLines[200] as string

/** What no header may contain: with it, a value would go on as something else. */
const unsafe = /[^\t\x20-\x7e]/

/** An answer in the bytes in which Node would write it, with these lines at the end of its head. Added up, as templates would ask of each part whether it is a string. */
function written({ status, headers, body }: Answer, lastLines: string): string {
  let text = status === 200 ? admitted : (statusLines[status] as string)
  for (let at = 0; at + 1 < headers.length; at += 2) {
    const value = headers[at + 1] as string
    // What an admission says is all of the gate's own making, and long.
    if (status !== 200 && unsafe.test(value)) throw new Error(`a header would contain ${JSON.stringify(value)}`)
    text += (headers[at] as string) + ': ' + value + '\r\n'
  }
  return text + (body === '' ? 'content-length: 0\r\n' : `content-length: ${body.length}\r\n`) + lastLines + body
}
