import { type ServerResponse, STATUS_CODES } from 'node:http'
import type { Dispatcher } from 'undici'
import type { Admitted } from './admitted.ts'
import { endToEnd, isEventStream, requireKnownCoding, responseHeaders, textsOf } from './headers.ts'
import type { OriginClient, OriginRequest } from './origins.ts'

export interface ExchangeTerms {
  readonly client: OriginClient
  readonly admitted: Admitted
  readonly ray: string
  /** Called at most once, and only while the client waits for an answer. */
  readonly onFailure: (error: Error) => void
}

const noBytes = Buffer.alloc(0)
/** What an origin may say before its answer to one request. */
const mostInterim = 32

/**
 * Sends a request to its origin, and writes the answer to the client as it comes, no faster than the client takes it. undici's own promise and stream for an
 * answer, and a pipeline from there to the client, would cost more than everything else about it.
 */
export function exchange(request: OriginRequest, response: ServerResponse, { client, admitted, ray, onFailure }: ExchangeTerms): void {
  let atOrigin: Dispatcher.DispatchController | undefined
  let isOver = false
  let isSentAgain = false
  let isHeadAlone = true
  let interims = 0

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(controller) {
      atOrigin = controller
      if (response.destroyed) leave()
    },
    onResponseStart(controller, statusCode, _headers, statusText = '') {
      // Where its body broke on the way, the client has got its answer.
      if (response.headersSent) return leave()
      const headers = textsOf(controller.rawHeaders as readonly Buffer[])
      if (statusCode < 200) {
        if (++interims > mostInterim) throw new Error(`it said more than ${mostInterim} things before its answer`)
        return passOnInterim(statusCode, headers, response)
      }
      requireKnownCoding(headers)
      passOnHead(response, statusCode, statusText, responseHeaders(headers, statusCode, ray, admitted.setCookie))
      // A 304 may name the length of what it stands for, and a careless origin that of a 204. undici waits for so many bytes.
      if (statusCode === 304 || statusCode === 204) response.end()
      else if (isEventStream(headers)) watchStream(response, admitted)
      setImmediate(sendHeadAlone)
    },
    onResponseData(controller, chunk) {
      isHeadAlone = false
      if (response.writableEnded || response.write(chunk)) return
      controller.pause()
      response.once('drain', () => controller.resume())
    },
    onResponseEnd() {
      isOver = true
      response.end()
    },
    onResponseError(_controller, error) {
      if (response.writableEnded || response.destroyed) return
      // Cut off, so that nobody takes the part for the whole.
      if (response.headersSent) return void response.destroy()
      if (!isSentAgain) {
        isSentAgain = true
        if (client.sendAgain(request, error, handler)) return
      }
      onFailure(error)
    },
  }

  function leave(): void {
    atOrigin?.abort(new Error('the client has left'))
  }

  /** Sends the head when no part of the body has come to go with it: an event stream may begin long before its first event. */
  function sendHeadAlone(): void {
    // `flushHeaders` would write the head as UTF-8, which turns each byte of it above 127 into two.
    if (isHeadAlone && !response.writableEnded && !response.destroyed) response.write(noBytes)
  }

  // Not `once`: V8 may put what that makes among the long-lived, and with it every answer until the next full collection.
  response.on('close', () => {
    if (!isOver) leave()
  })
  client.send(request, handler)
}

function passOnHead(response: ServerResponse, statusCode: number, statusText: string, headers: string[]): void {
  // What is no ASCII has been read as UTF-8 by undici, and cannot be written as it was.
  if (/^[\t -~]*$/.test(statusText)) response.writeHead(statusCode, statusText, headers)
  else response.writeHead(statusCode, headers)
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
function passOnInterim(statusCode: number, headers: readonly string[], response: ServerResponse): void {
  if (statusCode < 100 || statusCode === 101) throw new Error(`it answered with status ${statusCode}`)
  if (response.req.httpVersionMinor === 0) return
  // Without a socket it is not yet this answer's turn: an earlier request of the connection is still to be answered.
  const { socket } = response
  // undici cannot be paused here, so a client that does not read gets no more of them: they would only be kept.
  if (socket === null || socket.writableLength >= socket.writableHighWaterMark) return
  const pairs = endToEnd(headers, statusCode)
  const lines = pairs.map((text, at) => (at % 2 === 0 ? `${text}: ` : `${text}\r\n`)).join('')
  socket.write(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode] ?? ''}\r\n${lines}\r\n`, 'latin1')
}
