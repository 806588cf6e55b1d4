import type { Failure, FailureCode } from '../authority/failure.ts'
import { type Envelope, type ErrorItem, refusal } from '../wire/envelope.ts'
import { withoutCredentials } from './redaction.ts'

interface Answer {
  readonly status: number
  readonly code: number
  /** The `access.api.error.…` name that comes before the text. */
  readonly name?: string
  /** Says all there is to say: the failure's own text stays inside. */
  readonly fixed?: true
  readonly chain?: readonly ErrorItem[]
}

// Statuses and numbers: "Envelope and errors" in the API of Cloudflare Access.
const answers: { readonly [Code in FailureCode]: Answer } = {
  invalid_request: { status: 400, code: 12130, name: 'access.api.error.invalid_request' },
  invalid_query: { status: 400, code: 12091, name: 'access.api.error.invalid_url_parameter_value' },
  invalid_header: { status: 400, code: 12130, name: 'access.api.error.invalid_request' },
  service_token_not_found: { status: 404, code: 12135, name: 'access.api.error.not_found', fixed: true },
  api_token_not_found: { status: 404, code: 1003 },
  application_not_found: { status: 404, code: 11021, name: 'access.api.error.unknown_application', fixed: true },
  policy_not_found: { status: 404, code: 12135, name: 'access.api.error.not_found', fixed: true },
  group_not_found: { status: 404, code: 12152, name: 'access.api.error.unknown_group', fixed: true },
  webhook_not_found: { status: 404, code: 12135, name: 'access.api.error.not_found', fixed: true },
  alert_policy_not_found: { status: 404, code: 12135, name: 'access.api.error.not_found', fixed: true },
  // The original says 409, which its own clients take for a race and repeat.
  application_exists: { status: 400, code: 11010, name: 'access.api.error.application_already_exists' },
  service_token_in_use: { status: 400, code: 12139, name: 'access.api.error.service_token_in_use' },
  in_use: { status: 400, code: 12130, name: 'access.api.error.invalid_request' },
  too_many_service_tokens: { status: 400, code: 12130, name: 'access.api.error.invalid_request' },
  zone_exists: { status: 400, code: 1061 },
  not_empty: { status: 400, code: 12130, name: 'access.api.error.invalid_request' },
  last_way_in: { status: 400, code: 12130, name: 'access.api.error.invalid_request' },
  changed_meanwhile: { status: 412, code: 12130, name: 'access.api.error.precondition_failed' },
  missing_credentials: { status: 400, code: 9106 },
  malformed_authorization: { status: 400, code: 6003, chain: [{ code: 6111, message: 'Invalid format for Authorization header' }] },
  not_authenticated: { status: 401, code: 10000 },
  invalid_api_token: { status: 401, code: 1000 },
  wrong_location: { status: 403, code: 9109 },
  too_many_failures: { status: 403, code: 10502 },
  not_permitted: { status: 403, code: 10000 },
  exceeds_maker: { status: 403, code: 10000 },
  too_many_requests: { status: 429, code: 971 },
  no_route: { status: 404, code: 7003 },
  method_not_allowed: { status: 405, code: 10405 },
  request_too_large: { status: 413, code: 12130, name: 'access.api.error.invalid_request' },
  unavailable: { status: 503, code: 12130, name: 'access.api.error.unavailable' },
  request_timeout: { status: 408, code: 12130, name: 'access.api.error.invalid_request' },
  malformed_request: { status: 400, code: 6003 },
  headers_too_large: { status: 431, code: 6003 },
}

export function answerFor(code: FailureCode): Answer {
  return answers[code]
}

/** Status and body for a failure; `path` is that of the request, without its query. */
export function answerTo(failure: Failure, path: string): { readonly status: number; readonly body: Envelope<never> } {
  const { status, code, name, fixed, chain } = answerFor(failure.code)
  if (failure.code === 'no_route') return { status, body: refusal(noRoute(path)) }
  const message = withoutCredentials([name, fixed ? undefined : failure.message].filter(Boolean).join(': '))
  const hasPointer = failure.field !== undefined && failure.code !== 'invalid_query'
  const source = hasPointer ? { source: { pointer: withoutCredentials(`/${failure.field}`) } } : {}
  const remarks = failure.note === undefined ? [] : [{ code, message: withoutCredentials(failure.note) }]
  return { status, body: refusal([{ code, message, ...source, ...(chain && { error_chain: chain }) }], remarks) }
}

/** A bug, or a database that is gone: the caller learns only that it was not its fault. */
export const internalError = refusal([
  { code: 10001, message: 'Internal server error; the log has the cause under the cf-ray of this response' },
])

function noRoute(path: string): readonly ErrorItem[] {
  return [
    { code: 7003, message: `Could not route to ${withoutCredentials(path)}, perhaps your object identifier is invalid?` },
    { code: 7000, message: 'No route for that URI' },
  ]
}
