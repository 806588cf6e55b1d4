import { type IncomingMessage, METHODS } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Failure, type FailureCode } from '../authority/failure.ts'
import type { Log } from '../authority/ports.ts'
import { patience, refuseBrokenRequest } from './broken-request.ts'
import { registerConsole } from './console.ts'
import { answerTo, internalError } from './failures.ts'
import { type HealthDeps, registerHealth } from './health.ts'
import { notJson, parseJsonBody } from './json-body.ts'
import { registerOtherMethods, sharedHeaders } from './other-methods.ts'
import { withoutCredentials } from './redaction.ts'
import { registerReference } from './reference-page.ts'
import { pathOf, type RegisterDeps, register } from './register.ts'
import { routes } from './routes.ts'

const base = '/client/v4'
/** A database that fails over is back within so long, or much later. */
const retryAfterSeconds = 5
const maxBodyBytes = 1024 * 1024

export interface ServerDeps extends HealthDeps {
  readonly rayIds: () => string
  /** Whether an error says no more than that the database cannot be reached at present. */
  readonly isUnavailable: (error: unknown) => boolean
  readonly log: Log
  /** The client's own address, be there proxies before the server or not. */
  readonly addressOf: (request: IncomingMessage) => string
  /** How long a request may take to arrive. */
  readonly requestTimeoutMs: number
  /** Whose scripts may use the API from a browser. */
  readonly corsOrigins: readonly string[]
  /** Speaks HTTPS with it; plain HTTP without. */
  readonly tls?: { readonly cert: Buffer; readonly key: Buffer; readonly minVersion: 'TLSv1.2' } | undefined
}

export interface ApiDeps extends RegisterDeps, ServerDeps {
  /** Where the build of the console is, if there is one. */
  readonly consoleFolder: string
}

/** The management API, with its documents, the console and the health of the process. It does not listen yet. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const server = createHealthServer(deps)
  registerReference(server)
  registerConsole(server, deps.consoleFolder)
  for (const route of routes) register(server, base, route, deps)
  registerOtherMethods(server, base, routes)
  return server
}

/** The health of the process, and nothing else, in the manner of the API. It does not listen yet. */
export function createHealthServer(deps: ServerDeps): FastifyInstance {
  const { log, rayIds, addressOf } = deps
  const corsOrigins = new Set(deps.corsOrigins)
  const server = Fastify({
    bodyLimit: maxBodyBytes,
    ...transport(deps),
    forceCloseConnections: 'idle',
    genReqId: rayIds,
    exposeHeadRoutes: true,
    frameworkErrors: (_error, request, reply) => refuse(new Failure('no_route'), request, reply),
    clientErrorHandler: (error, socket) => refuseBrokenRequest(error, socket, rayIds()),
  })

  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, async (request: FastifyRequest, body: Buffer) =>
    parseJsonBody(request.headers['content-type'], body),
  )
  server.addHook('onRequest', async (request, reply) => {
    // Cut off by a limit: what came with the same packet is not begun.
    if (request.raw.socket.destroyed) return reply.hijack()
    reply.headers(headersOfAll(request))
    // Fastify's own `trustProxy` would believe entries that are no addresses, and a forwarded host.
    Object.defineProperty(request, 'ip', { value: addressOf(request.raw) })
    // Before the body is read, as everywhere.
    if (request.is404) throw new Failure('no_route')
  })
  // Without the charset that Fastify adds: JSON has but one (RFC 8259, section 8.1), and the original sends none.
  server.addHook('onSend', async (_request, reply) => {
    if (String(reply.getHeader('content-type')).startsWith('application/json')) reply.header('content-type', 'application/json')
  })
  server.setErrorHandler((error, request, reply) => refuse(error, request, reply))

  // All that Node can read, so that a wrong method is not taken for a wrong path.
  for (const method of METHODS) if (!server.supportedMethods.includes(method)) server.addHttpMethod(method)
  registerHealth(server, deps)
  return server

  function headersOfAll(request: FastifyRequest): Record<string, string> {
    return { 'cf-ray': request.id, 'cache-control': 'no-store', ...sharedHeaders(request, corsOrigins) }
  }

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    // A client that leaves breaks a connection, too.
    const isAway = !(request.raw.destroyed && !request.raw.complete) && deps.isUnavailable(error)
    if (isAway) log.error({ err: error, ray: request.id }, 'a request was refused: the database cannot be reached, or cannot be written')
    const failure = isAway ? new Failure('unavailable') : asFailure(error, request)
    reply.headers(headersOfAll(request))
    if (failure === undefined) {
      log.error(
        { err: error, ray: request.id, method: request.method, path: withoutCredentials(pathOf(request)) },
        'a request failed by a fault of the server',
      )
      return reply.code(500).send(internalError)
    }
    const { status, body } = answerTo(failure, pathOf(request))
    if (status === 503) reply.header('retry-after', String(retryAfterSeconds))
    // As bytes: to a text Fastify adds a charset, and for a URL that it cannot read it runs no hook to take it away.
    return reply
      .code(status)
      .header('content-type', 'application/json')
      .send(Buffer.from(JSON.stringify(body)))
  }
}

/** The server below Fastify, by its options. */
function transport({ requestTimeoutMs, tls }: ServerDeps): ReturnType<typeof patience> {
  const { http, ...others } = patience(requestTimeoutMs)
  // Fastify has a type of its own for an instance on HTTPS; nothing here could tell the difference.
  const https = { https: { ...http, ...tls, handshakeTimeout: http.headersTimeout } } as unknown as { http: typeof http }
  return { ...others, ...(tls === undefined ? { http } : https) }
}

const frameworkFailures: Readonly<Record<string, FailureCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'request_too_large',
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: 'invalid_request',
  FST_ERR_BAD_URL: 'no_route',
}

function asFailure(error: unknown, { raw }: FastifyRequest): Failure | undefined {
  if (error instanceof Failure) return error
  const { code = '', message } = error as { code?: string; message?: string }
  if (raw.destroyed && !raw.complete) return new Failure('invalid_request', { message: 'the body broke off' })
  if (code === 'FST_ERR_CTP_INVALID_MEDIA_TYPE') return notJson(raw.headers['content-type'])
  const failure = frameworkFailures[code]
  if (failure === 'request_too_large') return new Failure(failure, { message: `the body must not be larger than ${maxBodyBytes} bytes` })
  return failure && new Failure(failure, message === undefined ? {} : { message })
}
