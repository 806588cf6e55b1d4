import type { Instant } from './instant.ts'
import type { Scope } from './service-token.ts'

/** Something that policies and groups ask of a request. */
export type Rule =
  | { readonly kind: 'everyone' }
  | { readonly kind: 'any_valid_service_token' }
  | { readonly kind: 'service_token'; readonly tokenId: string }
  /** An address or a CIDR range. */
  | { readonly kind: 'ip'; readonly range: string }
  | { readonly kind: 'group'; readonly groupId: string }

/** Holds when one of `include`, all of `require` and none of `exclude` hold. */
export interface RuleSet {
  readonly include: readonly Rule[]
  readonly require: readonly Rule[]
  readonly exclude: readonly Rule[]
}

/** `non_identity` is the decision that people know as Service Auth. */
export type Decision = 'non_identity' | 'bypass' | 'allow' | 'deny'

/** Whom an application lets in. */
export interface Policy extends RuleSet, Scope {
  readonly id: string
  readonly name: string
  readonly decision: Decision
  /** How long an assertion lasts that this policy led to: a Go duration; `null` leaves it to the application. */
  readonly sessionDuration: string | null
  /** The application that it is a part of; `null` for one that applications of the account share. */
  readonly applicationId: string | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

/** Rules under a name, for policies and other groups to refer to. */
export interface Group extends RuleSet, Scope {
  readonly id: string
  readonly name: string
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

export function rulesOf({ include, require, exclude }: RuleSet): readonly Rule[] {
  return [...include, ...require, ...exclude]
}

export function groupsNamedBy(rules: RuleSet): ReadonlySet<string> {
  return new Set(rulesOf(rules).flatMap((rule) => (rule.kind === 'group' ? [rule.groupId] : [])))
}

export function tokensNamedBy(rules: RuleSet): ReadonlySet<string> {
  return new Set(rulesOf(rules).flatMap((rule) => (rule.kind === 'service_token' ? [rule.tokenId] : [])))
}

/** Whether `group`, with these rules, would contain itself by way of the groups that it names. */
export function isCircular(group: Group, groups: ReadonlyMap<string, Group>): boolean {
  const seen = new Set<string>()
  const next = [...groupsNamedBy(group)]
  for (let id = next.pop(); id !== undefined; id = next.pop()) {
    if (id === group.id) return true
    const named = seen.has(id) ? undefined : groups.get(id)
    seen.add(id)
    if (named !== undefined) next.push(...groupsNamedBy(named))
  }
  return false
}
