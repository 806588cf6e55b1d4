import type { Rule, RuleSet } from '../../domain/policy.ts'
import type { Rule as WireRule } from '../../wire/rule.ts'

interface WireRules {
  readonly include: readonly WireRule[]
  readonly require?: readonly WireRule[] | null
  readonly exclude?: readonly WireRule[] | null
}

/** What a client asks for, in the terms of the use cases. */
export function rulesOf({ include, require, exclude }: WireRules): RuleSet {
  return { include: include.map(ruleOf), require: (require ?? []).map(ruleOf), exclude: (exclude ?? []).map(ruleOf) }
}

/** The schema lets one field through, and no rule without any. */
function ruleOf({ service_token, any_valid_service_token, ip, group }: WireRule): Rule {
  if (service_token) return { kind: 'service_token', tokenId: service_token.token_id }
  if (any_valid_service_token) return { kind: 'any_valid_service_token' }
  if (ip) return { kind: 'ip', range: ip.ip }
  return group ? { kind: 'group', groupId: group.id } : { kind: 'everyone' }
}

export function shownRules({ include, require, exclude }: RuleSet): { readonly [K in keyof RuleSet]: WireRule[] } {
  return { include: include.map(ruleResult), require: require.map(ruleResult), exclude: exclude.map(ruleResult) }
}

export function ruleResult(rule: Rule): WireRule {
  switch (rule.kind) {
    case 'service_token':
      return { service_token: { token_id: rule.tokenId } }
    case 'any_valid_service_token':
      return { any_valid_service_token: {} }
    case 'ip':
      return { ip: { ip: rule.range } }
    case 'group':
      return { group: { id: rule.groupId } }
    case 'everyone':
      return { everyone: {} }
  }
}
