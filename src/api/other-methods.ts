import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { TObject } from 'typebox'
import { Failure } from '../authority/failure.ts'
import { requirePlace } from './register.ts'
import type { Route } from './route.ts'
import { createBodyValidator } from './validation.ts'

// By hand and not with @fastify/cors: its route for every OPTIONS takes the place of our 404, and it knows no methods by path.
const allowedHeaders = 'authorization, content-type, x-auth-email, x-auth-key, if-match, idempotency-key'
const exposedHeaders = 'etag, cf-ray, x-ratelimit-limit, x-ratelimit-remaining, x-ratelimit-reset, retry-after, idempotent-replayed'
const preflightAgeSeconds = 600

/** What lets scripts of an allowed origin read an answer, be it good or bad (Fetch, "CORS protocol"). Another origin gets nothing of it. */
export function sharedHeaders({ headers: { origin = '' } }: FastifyRequest, allowed: ReadonlySet<string>): Record<string, string> {
  if (allowed.size === 0) return {}
  // Said to everybody, so that no cache hands one origin's answer to another.
  if (!allowed.has(origin)) return { vary: 'Origin' }
  return { vary: 'Origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': exposedHeaders }
}

/** Every method that a path of the routes does not have is refused with those that it has; OPTIONS asks for just that. Before a body is read. */
export function registerOtherMethods(server: FastifyInstance, base: string, routes: readonly Route[]): void {
  for (const [path, { params, methods }] of byPath(routes)) {
    const list = methods.join(', ')
    const validate = createBodyValidator(params)
    answerOptions(server, base + path, list, validate)
    server.route({
      method: server.supportedMethods.filter((method) => !methods.includes(method)),
      url: base + path,
      async onRequest(request, reply) {
        requirePlace(request.params, validate)
        reply.header('allow', list)
        throw new Failure('method_not_allowed')
      },
      handler: () => undefined,
    })
  }
}

/** OPTIONS tells everybody what a path can do, and browsers of allowed origins whether they may. */
function answerOptions(server: FastifyInstance, url: string, list: string, validate: (params: unknown) => unknown): void {
  const preflight = {
    ...{ 'access-control-allow-methods': list, 'access-control-allow-headers': allowedHeaders },
    'access-control-max-age': preflightAgeSeconds,
  }
  server.options(url, {
    async onRequest(request, reply) {
      requirePlace(request.params, validate)
      reply.header('allow', list)
      if (reply.hasHeader('access-control-allow-origin')) reply.headers(preflight)
      return reply.code(204).send()
    },
    handler: () => undefined,
  })
}

function byPath(routes: readonly Route[]): ReadonlyMap<string, { readonly params: TObject; readonly methods: readonly string[] }> {
  const found = new Map<string, { params: TObject; methods: string[] }>()
  for (const { path, params, method } of routes) {
    const methods = found.get(path)?.methods ?? []
    found.set(path, { params, methods: [...methods, ...(method === 'GET' ? ['GET', 'HEAD'] : [method])] })
  }
  for (const { methods } of found.values()) methods.push('OPTIONS')
  return found
}
