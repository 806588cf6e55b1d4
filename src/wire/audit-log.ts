import { type Static, Type } from 'typebox'
import { printable } from './fields.ts'
import { HexId } from './identifiers.ts'
import { Direction } from './pagination.ts'

// Cf. "accounts/{account_id}/logs/audit" in the v4 API, version 2 of the audit log.

/** What a filter compares: texts, whole numbers, or one of a few words. */
type Match = 'text' | 'number' | readonly string[]

const contexts = ['api', 'api_key', 'api_token', 'dash', 'oauth', 'origin_ca_key'] as const
const actorTypes = ['account', 'cloudflare_admin', 'delegated_service', 'system', 'user'] as const
const scopes = ['accounts', 'user', 'zones', 'memberships'] as const

/** The filters by name. `<name>=x` keeps entries with x, `<name>.not=x` drops them; given several times, any of the values counts. */
export const auditLogFilters = {
  ...{ id: 'text', audit_log_id: 'text', account_name: 'text', zone_id: 'text', zone_name: 'text' },
  ...{ action_result: ['success', 'failure'], action_type: ['create', 'delete', 'view', 'update'] },
  ...{ actor_context: contexts, actor_type: actorTypes },
  ...{ actor_email: 'text', actor_id: 'text', actor_ip_address: 'text', actor_token_id: 'text', actor_token_name: 'text' },
  ...{ raw_cf_ray_id: 'text', raw_method: 'text', raw_status_code: 'number', raw_uri: 'text' },
  ...{ resource_id: 'text', resource_product: 'text', resource_scope: scopes, resource_type: 'text' },
} as const satisfies Readonly<Record<string, Match>>
export type AuditLogFilter = keyof typeof auditLogFilters

function filterOf(match: Match) {
  const { one, form } = formOf(match)
  return Type.Optional(
    Type.Union([one, Type.Array(one, { minItems: 1, maxItems: 100 })], { description: `${form}, repeated for several, at most 100` }),
  )
}

function formOf(match: Match) {
  if (match === 'number') return { one: Type.String({ pattern: '^\\d{1,9}$' }), form: 'a whole number' }
  if (match === 'text') {
    return {
      one: Type.String({ maxLength: 2000, pattern: printable }),
      form: 'a text of at most 2000 characters without control characters',
    }
  }
  return { one: Type.String({ pattern: `^(?:${match.join('|')})$` }), form: `one of ${match.join(', ')}` }
}

type Filters = { readonly [Name in AuditLogFilter as Name | `${Name}.not`]: ReturnType<typeof filterOf> }
const Filters = Object.fromEntries(
  Object.entries(auditLogFilters).flatMap(([name, match]) => [name, `${name}.not`].map((parameter) => [parameter, filterOf(match)])),
) as Filters

const Moment = Type.String({
  maxLength: 40,
  description: 'a date such as 2030-01-31, which begins at midnight UTC, or an RFC 3339 date and time such as 2030-01-31T12:00:00Z',
})

export const defaultAuditLogLimit = 100

export const ListAuditLogs = Type.Object({
  ...{ since: Moment, before: Moment, direction: Type.Optional(Direction) },
  cursor: Type.Optional(Type.String({ maxLength: 500, description: 'the cursor of the answer before' })),
  limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 1000, description: 'a number of entries, from 1 to 1000' })),
  product_category: Type.Optional(Type.Never({ description: 'left out: there are no product categories here' })),
  ...Filters,
})

const Text = Type.Optional(Type.String())
const Named = Type.Object({ id: HexId, name: Text })

export const AuditLogResult = Type.Object(
  {
    id: Type.String(),
    account: Named,
    action: Type.Object({
      ...{ type: Type.String(), description: Type.String() },
      ...{ result: Type.Enum(['success', 'failure']), time: Type.String() },
    }),
    actor: Type.Object({
      ...{ id: Text, type: Type.Enum([...actorTypes]), context: Type.Optional(Type.Enum([...contexts])) },
      ...{ email: Text, ip_address: Text, token_id: Text, token_name: Text },
    }),
    raw: Type.Optional(
      Type.Object({
        ...{ cf_ray_id: Type.String(), method: Type.String(), uri: Type.String(), user_agent: Type.String(), status_code: Type.Integer() },
      }),
    ),
    resource: Type.Object({
      ...{ id: Text, product: Type.String(), type: Type.String(), scope: Type.Enum([...scopes]) },
      ...{ request: Type.Optional(Type.Unknown()), response: Type.Optional(Type.Unknown()) },
    }),
    zone: Type.Optional(Named),
  },
  {
    examples: [
      {
        id: 'f174be97-19b1-40d6-954d-70cd5fbd52db',
        account: { id: '023e105f4ecef8ad9ca31a8372d0c353', name: 'Payments' },
        action: { type: 'create', description: 'Create service token', result: 'success', time: '2026-02-01T08:00:00Z' },
        actor: {
          ...{ id: '7c5dae5552338874e5053f2534d2767a', type: 'user', context: 'api_token', email: 'owner@example.com' },
          ...{ ip_address: '203.0.113.5', token_id: 'ed17574386854bf78a67040be0a770b0', token_name: 'Deployments' },
        },
        raw: {
          ...{ cf_ray_id: '8e9b1c60ef9e1c9a', method: 'POST', status_code: 201, user_agent: 'Cloudflare/JS 7.3.0' },
          uri: '/client/v4/accounts/023e105f4ecef8ad9ca31a8372d0c353/access/service_tokens',
        },
        resource: {
          ...{ id: '3537a672-e4d8-4d89-aab9-26cb622918a1', product: 'access', type: 'service_token', scope: 'accounts' },
          response: { name: 'CI/CD token', duration: '8760h', enabled: true },
        },
      },
    ],
  },
)

/** What stands in `result_info` instead of page numbers. Newer clients go on by `cursors.after`, older ones by `cursor`; at the end both are missing. */
export const AuditLogResultInfo = Type.Object(
  { count: Type.Integer(), cursor: Text, cursors: Type.Object({ after: Text }) },
  { examples: [{ count: 100, cursor: 'MTc3MDAwMDAwMA', cursors: { after: 'MTc3MDAwMDAwMA' } }] },
)

export type AuditLogResult = Static<typeof AuditLogResult>
export type AuditLogResultInfo = Static<typeof AuditLogResultInfo>
