import type { Explanation, ExplanationReason } from '../../authority/explanation.ts'
import type { Finding } from '../../domain/admission.ts'
import type { ExplanationResult } from '../../wire/explanation.ts'
import { ruleResult } from './rule.ts'

const sentences: { readonly [Reason in ExplanationReason]: string } = {
  admitted: 'The gate lets this request in.',
  no_credentials: 'The request has no service token, and no policy lets such requests in.',
  disabled: 'The service token is disabled, and no policy lets requests in without one.',
  expired: 'The service token has expired, and no policy lets requests in without one. Refresh it.',
  wrong_scope: "The service token is another zone's: it does not open this application.",
  denied: 'A policy of the application denies this request.',
  no_policy: 'No policy of the application lets this request in.',
  no_application: 'No application answers for this host and path.',
  other_application: 'Another application answers for this host and path: its destination is more specific, or it is older.',
  ambiguous_path: 'Servers read this path in different ways, and applications of this host are told apart by path: the gate refuses it.',
}

const messages = {
  applies: 'It applies.',
  unclear: 'It names a group that is not there or contains itself, so it never applies.',
  needs_token: 'Service Auth applies only to a request with a valid service token of this account or zone.',
  nothing_included: 'Nothing that it includes matches.',
} as const

export function explanationResult({ status, reason, policy, otherApplication, findings }: Explanation): ExplanationResult {
  return {
    ...{ allowed: status === 200, status, reason, message: sentences[reason] },
    policy: policy && { id: policy.id, name: policy.name, decision: policy.decision },
    ...(otherApplication && { other_application: { id: otherApplication.id, name: otherApplication.name } }),
    policies: findings.map(({ policy: { id, name, decision }, applies, because }) => ({
      ...{ id, name, decision, applies, message: messageOf(because) },
    })),
  }
}

function messageOf(because: Finding['because']): string {
  if (typeof because === 'string') return messages[because]
  const rule = JSON.stringify(ruleResult(because.rule))
  return because.part === 'require' ? `It requires ${rule}, which does not hold.` : `It excludes ${rule}, which holds.`
}
