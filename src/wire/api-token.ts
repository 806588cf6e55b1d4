import { type Static, type TSchema, Type } from 'typebox'
import { printable, Shown, Timestamp } from './fields.ts'
import { HexId } from './identifiers.ts'
import { SmallPageQuery } from './pagination.ts'

// Cf. "user/tokens" and "accounts/{account_id}/tokens" in the v4 API, which are alike: the credentials for this API.

export const ApiTokenPath = Type.Object({ token_id: HexId })

const text = (maxLength: number) => ({ maxLength, pattern: printable })
const orNull = <const Schema extends TSchema>(schema: Schema, description: string) =>
  Type.Optional(Type.Union([schema, Type.Null()], { description }))

const Name = Type.String({ minLength: 1, ...text(120), description: 'a text of 1 to 120 characters without control characters' })
const Moment = orNull(Timestamp, 'an RFC 3339 date and time such as 2030-01-31T12:00:00Z, or null')
const Status = Type.Enum(['active', 'disabled', 'expired'], { description: 'active or disabled, or expired as it was shown' })

const resourcesForm = '{"com.cloudflare.api.account.<id>": "*"}, or the same one level deeper'
const limits = { minProperties: 1, maxProperties: 300, additionalProperties: false }
const Everything = Type.Literal('*')
const Resources = Type.Record(
  Type.String(),
  Type.Union([Everything, Type.Record(Type.String(), Everything, limits)]),
  // Which names there are is for the authority to say.
  { ...limits, description: `1 to 300 resources: ${resourcesForm}` },
)
const Attributes = Type.Record(Type.String(), Type.String(text(1000)), { maxProperties: 20, additionalProperties: false })
const PermissionGroup = Type.Object(
  // Only `id` counts. The rest is what clients may have been shown beside it.
  {
    ...{ id: HexId, name: Type.Optional(Type.String(text(350))), meta: Type.Optional(Attributes) },
    scopes: Type.Optional(Type.Array(Type.String(text(350)), { maxItems: 10 })),
  },
  { additionalProperties: false },
)
const Policy = Type.Object(
  {
    id: Shown,
    effect: Type.Enum(['allow', 'deny'], { description: 'allow or deny' }),
    resources: Resources,
    permission_groups: Type.Array(PermissionGroup, {
      minItems: 1,
      maxItems: 100,
      description: '1 to 100 objects with the "id" of a group',
    }),
  },
  { additionalProperties: false },
)
const Policies = Type.Array(Policy, {
  ...{ minItems: 1, maxItems: 100 },
  description: `1 to 100 objects like {"effect": "allow" or "deny", "resources": {…}, "permission_groups": [{"id": "…"}]}, with 1 to 300 resources and 1 to 100 groups each`,
})

const Range = Type.String({ maxLength: 50, description: 'an IPv4 or IPv6 address or range such as 203.0.113.0/24' })
const Ranges = orNull(Type.Array(Range, { maxItems: 300 }), 'at most 300 IPv4 or IPv6 addresses or ranges such as 203.0.113.0/24')
const RequestIp = Type.Object({ in: Ranges, not_in: Ranges }, { additionalProperties: false })
const conditionForm = '{"request_ip": {"in": ["203.0.113.0/24"], "not_in": ["203.0.113.7/32"]}}'
const Condition = orNull(
  Type.Object({ request_ip: orNull(RequestIp, 'an object with "in" and "not_in", or null') }, { additionalProperties: false }),
  `an object like ${conditionForm} with at most 300 ranges in each, or null`,
)

const Chosen = { name: Name, policies: Policies, condition: Condition, not_before: Moment, expires_on: Moment }
const ShownLastUse = orNull(Type.String(), 'left out: it is set by the server')
const chosen = {
  name: 'Deployments',
  policies: [
    {
      effect: 'allow',
      resources: { 'com.cloudflare.api.account.023e105f4ecef8ad9ca31a8372d0c353': '*' },
      permission_groups: [{ id: 'a1c0fec57cf94af79479a6d827fa518c' }],
    },
  ],
  condition: { request_ip: { in: ['203.0.113.0/24'], not_in: ['203.0.113.7/32'] } },
  ...{ not_before: '2026-01-15T00:00:00Z', expires_on: '2027-01-15T00:00:00Z' },
}

export const CreateApiToken = Type.Object(
  { ...Chosen, status: Type.Optional(Type.Literal('active', { description: 'active or left out' })) },
  { additionalProperties: false, examples: [chosen] },
)
/** As in the original, an update names everything that the token is to be. */
export const UpdateApiToken = Type.Object(
  { ...Chosen, status: Type.Optional(Status), ...{ id: Shown, issued_on: Shown, modified_on: Shown, last_used_on: ShownLastUse } },
  { additionalProperties: false, examples: [{ ...chosen, status: 'disabled' }] },
)
export const RollApiToken = Type.Object({}, { additionalProperties: false, examples: [{}] })

export const ListApiTokens = Type.Object({
  ...SmallPageQuery,
  include_expired: Type.Optional(Type.Enum(['true', 'false'], { description: 'true or false' })),
})

export const ListPermissionGroups = Type.Object({
  name: Type.Optional(Type.String({ ...text(350), description: 'a text of at most 350 characters without control characters' })),
  scope: Type.Optional(Type.String({ ...text(350), description: 'a text of at most 350 characters without control characters' })),
})

const Known = { id: HexId, status: Type.Enum(['active', 'disabled', 'expired']) }
const Period = { not_before: Type.Optional(Type.String()), expires_on: Type.Optional(Type.String()) }
const ShownPolicy = Type.Object({
  id: HexId,
  effect: Type.Enum(['allow', 'deny']),
  resources: Type.Record(Type.String(), Type.Union([Everything, Type.Record(Type.String(), Everything)])),
  permission_groups: Type.Array(Type.Object({ id: HexId, name: Type.String() })),
})
const ShownRanges = Type.Optional(Type.Array(Type.String()))
const Common = {
  ...{ ...Known, name: Type.String(), policies: Type.Array(ShownPolicy) },
  condition: Type.Optional(Type.Object({ request_ip: Type.Object({ in: ShownRanges, not_in: ShownRanges }) })),
  ...{ issued_on: Type.String(), modified_on: Type.String(), last_used_on: Type.Optional(Type.String()), ...Period },
}
const shown = {
  ...{ id: 'ed17574386854bf78a67040be0a770b0', ...chosen, status: 'active' },
  policies: chosen.policies.map((policy) => ({
    ...{ id: 'f267e341f3dd4697bd3b9f71dd96247f', ...policy },
    permission_groups: [{ id: 'a1c0fec57cf94af79479a6d827fa518c', name: 'Access: Service Tokens Write' }],
  })),
  ...{ issued_on: '2026-01-15T09:30:00Z', modified_on: '2026-01-15T09:30:00Z' },
}
const value = 'psu_ExampleOnlyExampleOnlyExampleOnlyExample00000000'

export const ApiTokenResult = Type.Object(Common, { examples: [{ ...shown, last_used_on: '2026-02-01T08:00:00Z' }] })
/** The answer to a creation, the only one with the value beside the token. */
export const IssuedApiTokenResult = Type.Object({ ...Common, value: Type.String() }, { examples: [{ ...shown, value }] })
export const RolledValue = Type.String({ examples: [value] })
export const DeletedApiToken = Type.Object({ id: HexId }, { examples: [{ id: shown.id }] })
export const VerifiedApiToken = Type.Object(
  { ...Known, ...Period },
  { examples: [{ id: shown.id, status: 'active', not_before: chosen.not_before, expires_on: chosen.expires_on }] },
)
export const PermissionGroupResult = Type.Object(
  { id: HexId, name: Type.String(), scopes: Type.Array(Type.String()) },
  { examples: [{ id: 'a1c0fec57cf94af79479a6d827fa518c', name: 'Access: Service Tokens Write', scopes: ['com.cloudflare.api.account'] }] },
)

export type ApiTokenResult = Static<typeof ApiTokenResult>
export type IssuedApiTokenResult = Static<typeof IssuedApiTokenResult>
export type VerifiedApiToken = Static<typeof VerifiedApiToken>
export type PermissionGroupResult = Static<typeof PermissionGroupResult>
