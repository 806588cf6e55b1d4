import { STATUS_CODES } from 'node:http'
import { Failure, type FailureCode } from '../../authority/failure.ts'
import { answerTo, internalError } from '../failures.ts'
import { notJson } from '../json-body.ts'
import { type Route, reachesGates } from '../route.ts'
import { headers } from './headers.ts'
import type { Json } from './schema.ts'

type Code = FailureCode | 'internal_error'

/** What can befall every request, whatever it asks for. */
const ofAll = [
  ...(['missing_credentials', 'malformed_authorization', 'malformed_request', 'too_many_failures'] as const),
  ...(['request_timeout', 'headers_too_large', 'internal_error', 'unavailable'] as const),
] as const satisfies readonly Code[]

/** In what ways a request of this route can be refused. */
function refusalCodes(route: Route): readonly Code[] {
  const { path, method, permission, query, failures = [] } = route
  const signsIn = permission !== 'itself'
  const isAdmitted = signsIn && permission !== 'signed_in'
  const codes: readonly Code[] = [
    ...(signsIn ? (['not_authenticated', 'wrong_location', 'too_many_requests'] as const) : []),
    ...(isAdmitted ? (['not_permitted'] as const) : []),
    ...(path.includes(':') ? (['no_route'] as const) : []),
    ...(query || reachesGates(route) ? (['invalid_query'] as const) : []),
    // A body is read wherever there may be one, also where none is asked for.
    ...(method === 'GET' ? [] : (['invalid_request', 'request_too_large', 'invalid_header'] as const)),
    ...failures,
    ...ofAll,
  ]
  return [...new Set(codes)]
}

/** The refusals of a route by status, each a `$ref` to one of `refusalResponses`. */
export function refusalsOf(route: Route): Readonly<Record<string, Json>> {
  return Object.fromEntries(byStatus(refusalCodes(route)).map(([status, codes]) => [status, refTo(nameOf(status, codes))]))
}

/** Every different refusal that some route can give, and those of paths and methods that no route has. */
export function refusalResponses(routes: readonly Route[]): Readonly<Record<string, Json>> {
  const nowhere = [byStatus(['no_route']), byStatus(['method_not_allowed'])]
  const all = [...routes.map((route) => byStatus(refusalCodes(route))), ...nowhere].flat()
  return Object.fromEntries(all.map(([status, codes]) => [nameOf(status, codes), responseOf(status, codes)]))
}

function byStatus(codes: readonly Code[]): readonly (readonly [status: number, codes: readonly Code[]])[] {
  const found = new Map<number, Code[]>()
  for (const code of codes) {
    const { status } = answerOf(code)
    found.set(status, [...(found.get(status) ?? []), code])
  }
  return [...found].toSorted(([a], [b]) => a - b)
}

/** "Refused404NoRoute": the status, and the codes that are not those of every route. */
function nameOf(status: number, codes: readonly Code[]): string {
  const own = codes.filter((code) => !(ofAll as readonly Code[]).includes(code))
  return `Refused${status}${own.map((code) => code.replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())).join('')}`
}

function refTo(name: string): Json {
  return { $ref: `#/components/responses/${name}` }
}

function responseOf(status: number, codes: readonly Code[]): Json {
  const bodies = codes.map((code) => [code, answerOf(code).body] as const)
  const numbers = new Set(bodies.flatMap(([, { errors }]) => errors.map(({ code }) => code)))
  const narrowed = { properties: { errors: { items: { properties: { code: { enum: [...numbers].toSorted((a, b) => a - b) } } } } } }
  const examples = bodies.map(([code, value]) => [code, { summary: summaryOf(code), value }] as const)
  return {
    description: STATUS_CODES[status] ?? '',
    headers: headersOf(status),
    content: {
      'application/json': {
        schema: { allOf: [{ $ref: '#/components/schemas/Refusal' }, narrowed] },
        examples: Object.fromEntries(examples),
      },
    },
  }
}

function headersOf(status: number): Json {
  // These come before anybody is counted, or without a request that could be.
  const isCounted = ![401, 405, 408, 431].includes(status)
  return {
    ...headers('CfRay'),
    ...(isCounted && headers('RateLimitLimit', 'RateLimitRemaining', 'RateLimitReset')),
    ...((status === 403 || status === 429) && headers('RetryAfter')),
    ...(status === 405 && headers('Allow')),
  }
}

function answerOf(code: Code) {
  if (code === 'internal_error') return { status: 500, body: internalError }
  return answerTo(code === 'invalid_request' ? notJson('text/plain') : new Failure(code), '/client/v4/…')
}

function summaryOf(code: Code): string {
  return code === 'internal_error' ? 'A fault of the server' : new Failure(code).message
}
