import { METHODS } from 'node:http'
import Fastify, { type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify'
import { Failure, type FailureCode } from '../authority/failure.ts'
import type { Log } from '../authority/ports.ts'
import { refuseBrokenRequest } from './broken-request.ts'
import { answerTo, internalError } from './failures.ts'
import { registerHealth } from './health.ts'
import { notJson, parseJsonBody } from './json-body.ts'
import { withoutCredentials } from './redaction.ts'
import { pathOf, type RegisterDeps, register } from './register.ts'
import { routes } from './routes.ts'

const base = '/client/v4'
const maxBodyBytes = 1024 * 1024

export interface ApiDeps extends RegisterDeps {
  readonly rayIds: () => string
  readonly log: Log
  /** What keeps this process from doing its work, in words; nothing when it is ready. */
  readonly problems: () => Promise<readonly string[]>
}

/** The management API. It does not listen yet. */
export function createApi(deps: ApiDeps): FastifyInstance {
  const { log, rayIds } = deps
  const server = Fastify({
    bodyLimit: maxBodyBytes,
    // A client that never ends its request must not keep a connection for ever.
    requestTimeout: 30_000,
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
    reply.headers({ 'cf-ray': request.id, 'cache-control': 'no-store' })
    // Before the body is read, as everywhere.
    if (request.is404) throw new Failure('no_route')
  })
  // Without the charset that Fastify adds: JSON has but one (RFC 8259, section 8.1), and the original sends none.
  server.addHook('onSend', async (_request, reply) => {
    reply.header('content-type', 'application/json')
  })
  server.setErrorHandler((error, request, reply) => refuse(error, request, reply))

  // All that Node can read, so that a wrong method is not taken for a wrong path.
  for (const method of METHODS) if (!server.supportedMethods.includes(method)) server.addHttpMethod(method)
  registerHealth(server, deps.problems)
  for (const route of routes) register(server, base, route, deps)
  for (const [path, allowed] of methodsByPath()) refuseOtherMethods(server, path, allowed)
  return server

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const failure = asFailure(error, request)
    reply.headers({ 'cf-ray': request.id, 'cache-control': 'no-store' })
    if (failure === undefined) {
      log.error(
        { err: error, ray: request.id, method: request.method, path: withoutCredentials(pathOf(request)) },
        'a request failed by a fault of the server',
      )
      return reply.code(500).send(internalError)
    }
    const { status, body } = answerTo(failure, pathOf(request))
    return reply.code(status).send(body)
  }
}

function methodsByPath(): ReadonlyMap<string, readonly string[]> {
  const byPath = new Map<string, string[]>()
  for (const { path, method } of routes) byPath.set(path, [...(byPath.get(path) ?? []), ...(method === 'GET' ? ['GET', 'HEAD'] : [method])])
  return byPath
}

function refuseOtherMethods(server: FastifyInstance, path: string, allowed: readonly string[]): void {
  server.route({
    method: server.supportedMethods.filter((method) => !allowed.includes(method)),
    url: base + path,
    async onRequest(_request, reply) {
      reply.header('allow', allowed.join(', '))
      throw new Failure('method_not_allowed')
    },
    handler: () => undefined,
  })
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
