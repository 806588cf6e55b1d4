import type { Static } from 'typebox'
import type { PlacedPolicy } from '../../authority/application-policies.ts'
import type { PolicyDraft, SharedPolicy } from '../../authority/policies.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { Policy } from '../../domain/policy.ts'
import type { ApplicationPolicyResult, CreatePolicy, PolicyResult } from '../../wire/access-policy.ts'
import { rulesOf, shownRules } from './rule.ts'

type Content = Pick<Static<typeof CreatePolicy>, 'name' | 'decision' | 'include' | 'require' | 'exclude' | 'session_duration'>

/** What a client asks for, in the terms of the use cases. */
export function policyDraft({ name, decision, session_duration: sessionDuration = null, ...rules }: Content): PolicyDraft {
  return { name, decision, ...rulesOf(rules), sessionDuration }
}

export function policyResult({ policy, uses }: SharedPolicy): PolicyResult {
  return { ...common(policy), reusable: true, app_count: uses }
}

export function applicationPolicyResult({ policy, precedence }: PlacedPolicy): ApplicationPolicyResult {
  return { ...common(policy), precedence, reusable: policy.applicationId === null }
}

function common(policy: Policy): Omit<ApplicationPolicyResult, 'precedence' | 'reusable'> {
  const { id, name, decision, sessionDuration, createdAt, updatedAt } = policy
  return {
    ...{ id, name, decision, ...shownRules(policy), session_duration: sessionDuration },
    ...{ created_at: formatInstant(createdAt), updated_at: formatInstant(updatedAt) },
  }
}
