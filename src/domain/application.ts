import type { Instant } from './instant.ts'
import type { Scope, ServiceToken } from './service-token.ts'

/** Something a policy asks of a request. */
export type Rule =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'any_valid_service_token' }
  | { readonly kind: 'service_token'; readonly tokenId: string }

/** `non_identity` is the decision that people know as Service Auth. */
export type Decision = 'non_identity' | 'bypass' | 'allow' | 'deny'

/** Applies when one of `include`, all of `require` and none of `exclude` match. */
export interface Policy {
  readonly id: string
  readonly name: string
  readonly decision: Decision
  readonly include: readonly Rule[]
  readonly require: readonly Rule[]
  readonly exclude: readonly Rule[]
}

/** What the gate stands in front of. */
export interface Application extends Scope {
  readonly id: string
  readonly name: string
  /** The host that it answers for; `*` for every host that no other application names. */
  readonly domain: string
  /** Tells the application apart in refusals and assertions: 64 hex digits. */
  readonly audience: string
  /** Where the reverse proxy sends admitted requests; without one the application serves forward-auth only. */
  readonly originUrl: string | null
  readonly policies: readonly Policy[]
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

/** Whether the application lets a request in that proved `token`, or proved none. Nothing matching is a refusal. */
export function admits(application: Application, token: ServiceToken | null): boolean {
  const subject = token !== null && belongsTo(token, application) ? token : null
  const first = application.policies.find((policy) => isServiceAuthOrBypass(policy) && applies(policy, subject))
  // `allow` and `deny` are about people. A machine has none of their traits, so `allow` never lets it in.
  return first !== undefined
}

/** A token opens applications of its own account; a zone's token only that zone's. */
export function belongsTo(token: Scope, application: Scope): boolean {
  return token.accountId === application.accountId && (token.zoneId === null || token.zoneId === application.zoneId)
}

function isServiceAuthOrBypass(policy: Policy): boolean {
  return policy.decision === 'non_identity' || policy.decision === 'bypass'
}

function applies(policy: Policy, token: ServiceToken | null): boolean {
  const holds = (rule: Rule) => matches(rule, policy.decision, token)
  return policy.include.some(holds) && policy.require.every(holds) && !policy.exclude.some(holds)
}

/** Service-token rules count only in Service Auth policies. */
function matches(rule: Rule, decision: Decision, token: ServiceToken | null): boolean {
  if (rule.kind === 'everyone') return decision !== 'non_identity' || token !== null
  if (decision !== 'non_identity' || token === null) return false
  return rule.kind === 'any_valid_service_token' || rule.tokenId === token.id
}
