import { permissionGroups } from '../../domain/permission.ts'
import { mostSecondsToWait, ReceiptResult } from '../../wire/gate.ts'
import { type Route, reachesGates } from '../route.ts'
import { type HeaderName, headers } from './headers.ts'
import { refusalsOf } from './refusals.ts'
import { asDemand, asStatement, type Json, schemaOf } from './schema.ts'

const verbs: Readonly<Record<Route['method'], string>> = { GET: 'get', POST: 'create', PUT: 'update', PATCH: 'edit', DELETE: 'delete' }
/** Last segments of a path that say what is done, not to what. */
const deeds = ['refresh', 'rotate', 'verify']

/** One route as an operation of the document. */
export function operationOf(route: Route, tag: string, isVersioned: boolean): Json {
  return {
    ...{ operationId: operationId(route), summary: route.summary, description: descriptionOf(route), tags: [tag] },
    security: route.permission === 'itself' ? [{ api_token: [] }] : [{ api_token: [] }, { api_email: [], api_key: [] }],
    parameters: [...pathParameters(route), ...queryParameters(route), ...sharedParameters(route)],
    ...(route.body && { requestBody: bodyOf(route.body) }),
    responses: { [route.status ?? 200]: successOf(route, isVersioned), ...refusalsOf(route) },
  }
}

/** `/accounts/:account_id/access/service_tokens/:service_token_id/rotate` with POST is `rotateAccountServiceToken`. */
function operationId({ method, path, result }: Pick<Route, 'method' | 'path' | 'result'>): string {
  const segments = path.split('/').filter((segment) => segment !== '' && segment !== 'access' && !/^v\d$/.test(segment))
  const last = segments.at(-1) ?? ''
  const isDeed = deeds.includes(last)
  const isList = method === 'GET' && (result as { readonly type?: unknown }).type === 'array'
  const isCreation = method === 'POST' && !isDeed
  const nouns = segments.flatMap((segment, index) => {
    if (segment.startsWith(':') || (isDeed && segment === last)) return []
    const isOne = segments[index + 1]?.startsWith(':') || (isCreation && segment === last)
    return isOne ? [segment.replace(/s$/, '')] : [segment]
  })
  const subject = nouns.join('_').replaceAll(/(?:^|_)(\w)/g, (_, letter: string) => letter.toUpperCase())
  return `${isDeed ? last : isList ? 'list' : verbs[method]}${subject}`
}

function descriptionOf({ permission }: Route): string {
  if (permission === 'itself') return 'About the API token with which the request is sent. It needs no permission.'
  if (permission === 'signed_in') return 'For everybody who has signed in. What an API token sees and may do here is what its policies say.'
  const groups = permissionGroups.filter(({ permissions }) => permissions.includes(permission)).map(({ name }) => `*${name}*`)
  return `An API token needs the permission group ${[...new Set(groups)].join(' or ')}.`
}

function pathParameters({ path, params }: Route): readonly Json[] {
  const names = [...path.matchAll(/:(\w+)/g)].map(([, name = '']) => name)
  return names.map((name) => parameter('path', name, true, params.properties[name]))
}

function queryParameters({ query }: Route): readonly Json[] {
  const offered = Object.entries(query?.properties ?? {}).filter(([, schema]) => !('not' in schema))
  return offered.map(([name, schema]) => parameter('query', name, query?.required?.includes(name) === true, schema))
}

function parameter(place: 'path' | 'query', name: string, required: boolean, given: unknown): Json {
  const { description, ...schema } = schemaOf(given, asDemand)
  return { name, in: place, required, ...(description !== undefined && { description }), schema: repeated(schema) }
}

/** One value or several is a parameter that may be repeated, and one is a list of one. */
function repeated(schema: Json): Json {
  const choices = schema['anyOf'] as readonly Json[] | undefined
  return choices?.find(({ type }) => type === 'array') ?? schema
}

function sharedParameters(route: Route): readonly Json[] {
  const { isConditional, isRepeatable } = route
  return [
    ...(reachesGates(route) ? [{ $ref: '#/components/parameters/Wait' }] : []),
    ...(isConditional ? [{ $ref: '#/components/parameters/IfMatch' }] : []),
    ...(isRepeatable ? [{ $ref: '#/components/parameters/IdempotencyKey' }] : []),
  ]
}

export const namedParameters: Json = {
  Wait: {
    ...{ name: 'wait', in: 'query', required: false, schema: { type: 'integer', minimum: 0, maximum: mostSecondsToWait } },
    description:
      'How many seconds to wait, once it is done, until no gate acts on what was before. The answer then has a `receipt`, which says what became of the change at each gate.',
  },
  IfMatch: {
    ...{ name: 'If-Match', in: 'header', required: false, schema: { type: 'string' } },
    description:
      'The `ETag` of an earlier answer, such as `"3"`: do it only if nothing has changed since. Otherwise it is refused with 412.',
  },
  IdempotencyKey: {
    ...{ name: 'Idempotency-Key', in: 'header', required: false },
    schema: { type: 'string', minLength: 1, maxLength: 255, pattern: '^[\\x21-\\x7e]+$' },
    description:
      'Of your own choice, and new for each thing to be done. When the same request comes again with the same key, it gets the answer of the first, and nothing is done twice.',
  },
}

function bodyOf(body: Route['body'] & object): Json {
  const [example] = examplesOf(body)
  return {
    required: (body.required ?? []).length > 0,
    content: { 'application/json': { schema: schemaOf(body, asDemand), ...(example !== undefined && { example }) } },
  }
}

function successOf(route: Route, isVersioned: boolean): Json {
  const { result, info, isRepeatable, permission } = route
  const resultInfo = info && schemaOf(info, asStatement)
  const schema = {
    type: 'object',
    required: ['result', 'success', 'errors', 'messages', ...(info ? ['result_info'] : [])],
    properties: {
      result: schemaOf(result, asStatement),
      ...{ success: { type: 'boolean', const: true }, errors: { type: 'array', maxItems: 0 }, messages: { type: 'array', maxItems: 0 } },
      ...(resultInfo && { result_info: resultInfo }),
      ...(reachesGates(route) && { receipt: schemaOf(ReceiptResult, asStatement) }),
    },
  }
  const [example] = examplesOf(result)
  const [infoExample] = examplesOf(info)
  const envelope = { result: example, success: true, errors: [], messages: [], ...(info && { result_info: infoExample }) }
  const names: readonly HeaderName[] = [
    'CfRay',
    ...(permission === 'itself' ? [] : (['RateLimitLimit', 'RateLimitRemaining', 'RateLimitReset'] as const)),
    ...(isVersioned ? (['ETag'] as const) : []),
    ...(isRepeatable ? (['IdempotentReplayed'] as const) : []),
  ]
  return {
    description: 'It is done.',
    headers: headers(...names),
    content: { 'application/json': { schema, ...(example !== undefined && { example: envelope }) } },
  }
}

function examplesOf(schema: unknown): readonly unknown[] {
  const { examples, type, items } = (schema ?? {}) as { examples?: readonly unknown[]; type?: unknown; items?: unknown }
  if (examples !== undefined) return examples
  return type === 'array' ? [examplesOf(items)] : []
}
