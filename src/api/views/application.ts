import type { Static } from 'typebox'
import type { ApplicationDraft } from '../../authority/application-draft.ts'
import type { FullApplication } from '../../authority/applications.ts'
import type { WantedDestination } from '../../authority/claims.ts'
import { Failure } from '../../authority/failure.ts'
import type { PolicyChoice } from '../../authority/policy-choices.ts'
import { formatInstant } from '../../domain/instant.ts'
import { type ApplicationResult, applicationConstants, type CreateApplication } from '../../wire/application.ts'
import { applicationPolicyResult, policyDraft } from './policy.ts'

type Body = Static<typeof CreateApplication>
type Chosen = NonNullable<Body['policies']>[number]

/** What a client asks for, in the terms of the use cases. */
export function applicationDraft(body: Body): ApplicationDraft {
  const destinations = destinationsIn(body)
  const domain = body.domain ?? destinations[0]?.uri ?? ''
  return {
    ...{ name: body.name ?? domain, domain, destinations, sessionDuration: body.session_duration ?? null },
    ...{ originUrl: body.origin_url === '' ? null : body.origin_url, asksForCredentials: body.service_auth_401_redirect ?? false },
    // Names of headers are the same in any case.
    tokenHeader: body.read_service_tokens_from_header?.toLowerCase() || null,
    policies: body.policies?.map(choiceOf),
  }
}

/** In whichever way they are given; where it is more than one, they must say the same. */
function destinationsIn({ domain, destinations, self_hosted_domains: older }: Body): readonly WantedDestination[] {
  const given = destinations?.map(({ uri }, index) => ({ uri, field: `destinations/${index}/uri` }))
  const inOlderForm = older?.map((uri, index) => ({ uri, field: `self_hosted_domains/${index}` }))
  const same = given?.length === older?.length && given?.every(({ uri }) => older?.includes(uri))
  if (given && older && !same) {
    throw new Failure('invalid_request', { field: 'self_hosted_domains', message: 'must be the same as destinations, or left out' })
  }
  const found = given ?? inOlderForm ?? (domain === undefined ? undefined : [{ uri: domain, field: 'domain' }])
  if (found !== undefined) return found
  throw new Failure('invalid_request', {
    field: 'domain',
    message: 'is missing; it must be a host with or without a path, such as api.example.com',
  })
}

function choiceOf(chosen: Chosen, index: number): PolicyChoice {
  if (typeof chosen === 'string') return { id: chosen }
  const { id, precedence, name, decision, include } = chosen
  const content = [name, decision, include, chosen.require, chosen.exclude, chosen.session_duration]
  if (id !== undefined && content.every((value) => value === undefined || value === null)) return { id, precedence }
  if (name === undefined || decision === undefined || include === undefined) {
    const missing = name === undefined ? 'name' : decision === undefined ? 'decision' : 'include'
    throw new Failure('invalid_request', {
      field: `policies/${index}/${missing}`,
      message: 'is missing; a policy must have name, decision and include',
    })
  }
  return { id, precedence, content: policyDraft({ ...chosen, name, decision, include }) }
}

export function applicationResult({ application, policies, sessionDuration }: FullApplication): ApplicationResult {
  const { id, audience, name, domain, destinations, originUrl, asksForCredentials, tokenHeader, createdAt, updatedAt } = application
  const precedences = new Map(application.policies.map(({ policyId, precedence }) => [policyId, precedence]))
  return {
    ...{ id, aud: audience, type: 'self_hosted', name, domain },
    destinations: destinations.map((uri) => ({ type: 'public', uri })),
    self_hosted_domains: [...destinations],
    session_duration: sessionDuration,
    policies: policies.map((policy) => applicationPolicyResult({ policy, precedence: precedences.get(policy.id) ?? 0 })),
    service_auth_401_redirect: asksForCredentials,
    ...(tokenHeader !== null && { read_service_tokens_from_header: tokenHeader }),
    ...{ origin_url: originUrl, ...applicationConstants },
    ...{ created_at: formatInstant(createdAt), updated_at: formatInstant(updatedAt) },
  }
}
