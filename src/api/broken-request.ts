import { maxHeaderSize, STATUS_CODES } from 'node:http'
import type { Socket } from 'node:net'
import { Failure } from '../authority/failure.ts'
import { answerTo } from './failures.ts'

/** How long the server waits for its clients, as options of Fastify. */
export function patience(requestTimeoutMs: number) {
  const headersTimeoutMs = Math.ceil(requestTimeoutMs / 3)
  return {
    requestTimeout: requestTimeoutMs,
    // For a client that does not read its answer. Longer, so that one that does not end its request gets its 408 first.
    connectionTimeout: Math.min(2 * requestTimeoutMs, 2 ** 31 - 1),
    // Longer than the minute for which load balancers keep a connection, so that they never use one that closes just then.
    keepAliveTimeout: 72_000,
    http: {
      headersTimeout: headersTimeoutMs,
      requestTimeout: requestTimeoutMs,
      // Node looks for late requests this often only.
      connectionsCheckingInterval: Math.min(headersTimeoutMs, 1_000),
    },
  }
}

/** Answers what Node could not read as a request at all in the form of every other refusal, and closes the connection. */
export function refuseBrokenRequest(error: Error & { readonly code?: string }, socket: Socket, rayId: string): void {
  // The caller is gone already.
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy()
    return
  }
  const { status, body } = answerTo(failureOf(error.code), '')
  const text = JSON.stringify(body)
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(text)}`,
    `cf-ray: ${rayId}`,
    'cache-control: no-store',
    'connection: close',
  ]
  socket.end(`${head.join('\r\n')}\r\n\r\n${text}`, () => socket.destroy())
}

function failureOf(code: string | undefined): Failure {
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return new Failure('request_timeout')
  if (code !== 'HPE_HEADER_OVERFLOW') return new Failure('malformed_request')
  return new Failure('headers_too_large', { message: `Invalid request headers: together they are larger than ${maxHeaderSize} bytes` })
}
