/** Every way in which a command can be refused, with the text that its caller reads. */
const failures = {
  invalid_request: 'The request body is not valid',
  invalid_query: 'A query parameter is not valid',
  invalid_header: 'A header is not valid',
  service_token_not_found: 'There is no such service token in this account or zone',
  api_token_not_found: 'There is no such API token',
  application_not_found: 'There is no such application in this account or zone',
  policy_not_found: 'There is no such policy in this account or application',
  group_not_found: 'There is no such group in this account or zone',
  webhook_not_found: 'There is no such webhook in this account',
  alert_policy_not_found: 'There is no such notification policy in this account',
  application_exists: 'There is an application that answers for this',
  service_token_in_use: 'cannot delete service token because it is used by a policy, group, or app SCIM configuration.',
  in_use: 'It is in use',
  too_many_service_tokens: 'The account has as many service tokens as this installation allows',
  zone_exists: 'The account has a zone of this name',
  not_empty: 'There is something in it still',
  last_way_in: 'It is the last way in',
  changed_meanwhile: 'It has changed since the version that If-Match names; read it again',
  missing_credentials: 'Missing X-Auth-Key, X-Auth-Email or Authorization headers',
  malformed_authorization: 'Invalid request headers',
  not_authenticated: 'Authentication error',
  invalid_api_token: 'Invalid API Token',
  wrong_location: 'Cannot use the access token from location',
  too_many_failures: 'Too many authentication failures',
  not_permitted: 'Authentication error',
  exceeds_maker: 'Authentication error',
  too_many_requests: 'Please wait and consider throttling your request speed',
  no_route: 'No route for that URI',
  method_not_allowed: 'This resource does not have that method',
  request_too_large: 'The request body is too large',
  unavailable:
    'The database cannot be reached at present; try again in a few seconds, with an Idempotency-Key where nothing may be done twice',
  request_timeout: 'The request did not arrive in time',
  malformed_request: 'Invalid request headers: this is not valid HTTP/1.1',
  headers_too_large: 'Invalid request headers: together they are too large',
} as const

export type FailureCode = keyof typeof failures

/** A command that was refused, for a reason that its caller may know. */
export class Failure extends Error {
  override readonly name = 'Failure'
  readonly code: FailureCode
  /** The field of the request that is wrong: a name, or a JSON pointer (RFC 6901) without the first `/` for one further down. */
  readonly field: string | undefined
  /** More about it, beside a text that clients know word for word. */
  readonly note: string | undefined

  /** With a field, `message` goes on from its name: what is wrong with it and what would be right. */
  constructor(
    code: FailureCode,
    { field, message, note }: { readonly field?: string; readonly message?: string; readonly note?: string } = {},
  ) {
    super(message === undefined ? failures[code] : field === undefined ? message : `${field || '""'} ${message}`)
    this.code = code
    this.field = field
    this.note = note
  }
}
