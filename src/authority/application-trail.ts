import type { Application } from '../domain/application.ts'
import type { Instant } from '../domain/instant.ts'
import type { Deed } from './journal.ts'
import type { Actor } from './ports.ts'

/** What the audit trail keeps of a change of an application. Its policies have entries of their own. */
export function applicationDeed(actor: Actor, action: string, before: Application | null, after: Application | null, at: Instant): Deed {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  return {
    ...{ actor, action, at, accountId: subject.accountId, zoneId: subject.zoneId, resource: { kind: 'application', id: subject.id } },
    ...{ before: before && auditView(before), after: after && auditView(after) },
  }
}

function auditView({
  name,
  domain,
  destinations,
  audience,
  originUrl,
  sessionDuration,
  policies,
  ...rest
}: Application): Readonly<Record<string, unknown>> {
  return {
    ...{ name, domain, destinations, aud: audience, origin_url: originUrl, session_duration: sessionDuration },
    ...{ service_auth_401_redirect: rest.asksForCredentials, read_service_tokens_from_header: rest.tokenHeader },
    policies: policies.map(({ policyId, precedence }) => ({ id: policyId, precedence })),
  }
}
