import { type Static, Type } from 'typebox'
import { Name, Shown } from './fields.ts'
import { Uuid } from './identifiers.ts'
import { PageQuery } from './pagination.ts'
import { RuleFields, ShownRules } from './rule.ts'
import { unused } from './unused.ts'

// Cf. "Access reusable policies" and "Access application-scoped policies" in the API of Cloudflare Access.

export const PolicyPath = Type.Object({ policy_id: Uuid })

const Decision = Type.Enum(['allow', 'deny', 'non_identity', 'bypass'], {
  description: 'allow, deny, non_identity (which is Service Auth) or bypass',
})
export const SessionDuration = Type.Union([Type.String({ maxLength: 100 }), Type.Null()], {
  description: 'a duration such as 24h, 30m or 1h30m, or null',
})
export const Precedence = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'a whole number from 1 to 2147483647' })

/** What a policy says. */
export const PolicyContent = { name: Name, decision: Decision, ...RuleFields, session_duration: Type.Optional(SessionDuration) }
export const UnusedOfPolicies = unused([
  ...(['approval_groups', 'approval_required', 'isolation_required', 'connection_rules', 'mfa_config'] as const),
  ...(['purpose_justification_prompt', 'purpose_justification_required'] as const),
])
const setByServer = 'left out: it is set by the server'
export const ShownOfPolicies = {
  ...{ id: Shown, created_at: Shown, updated_at: Shown },
  app_count: Type.Optional(Type.Integer({ description: setByServer })),
}
const Reusable = (value: boolean) => Type.Optional(Type.Literal(value, { description: `${value} or left out` }))

const strict = { additionalProperties: false }
const rules = { include: [{ any_valid_service_token: {} }], require: [{ ip: { ip: '203.0.113.0/24' } }], exclude: [] }
const chosen = { name: 'Deployments', decision: 'non_identity', ...rules, session_duration: '30m' }
const Shared = { ...PolicyContent, ...UnusedOfPolicies, reusable: Reusable(true) }
const Own = { ...PolicyContent, ...UnusedOfPolicies, precedence: Type.Optional(Precedence), reusable: Reusable(false) }

export const CreatePolicy = Type.Object(Shared, { ...strict, examples: [chosen] })
/** Replaces all of it. */
export const UpdatePolicy = Type.Object({ ...Shared, ...ShownOfPolicies }, { ...strict, examples: [chosen] })
export const CreateApplicationPolicy = Type.Object(Own, { ...strict, examples: [{ ...chosen, precedence: 2 }] })
export const UpdateApplicationPolicy = Type.Object({ ...Own, ...ShownOfPolicies }, { ...strict, examples: [{ ...chosen, precedence: 3 }] })

export const ListPolicies = Type.Object(PageQuery)

const Common = {
  ...{ id: Uuid, name: Type.String(), decision: Decision, ...ShownRules },
  session_duration: Type.Union([Type.String(), Type.Null()]),
  ...{ created_at: Type.String(), updated_at: Type.String() },
}
const common = {
  ...{ id: 'a91c3d86-7c1f-4f0c-8a35-0f9d5f2f8d11', ...chosen },
  ...{ created_at: '2026-01-15T09:30:00Z', updated_at: '2026-02-01T08:00:00Z' },
}

export const PolicyResult = Type.Object(
  { ...Common, reusable: Type.Literal(true), app_count: Type.Integer() },
  { examples: [{ ...common, reusable: true, app_count: 2 }] },
)
export const ApplicationPolicyResult = Type.Object(
  { ...Common, precedence: Type.Integer(), reusable: Type.Boolean() },
  { examples: [{ ...common, precedence: 2, reusable: false }] },
)
export type PolicyResult = Static<typeof PolicyResult>
export type ApplicationPolicyResult = Static<typeof ApplicationPolicyResult>

export const DeletedPolicy = Type.Object({ id: Uuid }, { examples: [{ id: common.id }] })
