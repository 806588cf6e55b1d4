import type { Static } from 'typebox'
import type { ApiTokenChanges, ApiTokenDraft, IssuedApiToken } from '../../authority/api-tokens.ts'
import type { SeenApiToken } from '../../authority/ports.ts'
import { formatInstant, type Instant } from '../../domain/instant.ts'
import { type Grant, type PermissionGroup, permissionGroup } from '../../domain/permission.ts'
import { type ApiToken, isExpired, type LocationCondition } from '../../domain/principal.ts'
import type {
  ApiTokenResult,
  CreateApiToken,
  IssuedApiTokenResult,
  PermissionGroupResult,
  UpdateApiToken,
  VerifiedApiToken,
} from '../../wire/api-token.ts'
import { instantOf } from './timestamp.ts'

type Body = Omit<Static<typeof CreateApiToken>, 'status'>
type Policy = Body['policies'][number]

/** What a client asks for, in the terms of the use cases. */
export function apiTokenDraft({ name, policies, condition, not_before, expires_on }: Body): ApiTokenDraft {
  return {
    ...{ name, grants: policies.map(grantOf), location: locationOf(condition) },
    ...{ notBefore: momentOf(not_before, 'not_before'), expiresAt: momentOf(expires_on, 'expires_on') },
  }
}

/** `expired` is what a client was shown, and nothing that it can choose. */
export function apiTokenChanges({ status, ...body }: Static<typeof UpdateApiToken>): ApiTokenChanges {
  return { ...apiTokenDraft(body), ...(status && status !== 'expired' && { disabled: status === 'disabled' }) }
}

function momentOf(text: string | null | undefined, field: string): Instant | null | undefined {
  return text === null ? null : instantOf(text, field)
}

function locationOf(condition: Body['condition']): LocationCondition | undefined {
  if (condition === undefined) return undefined
  return { in: condition?.request_ip?.in ?? [], notIn: condition?.request_ip?.not_in ?? [] }
}

/** A resource in a resource becomes one with a `/` between. */
function grantOf({ id, effect, resources, permission_groups }: Policy) {
  const names = Object.entries(resources).flatMap(([outer, value]) =>
    value === '*' ? [outer] : Object.keys(value).map((inner) => `${outer}/${inner}`),
  )
  return { id, effect, resources: names, permissionGroups: permission_groups.map((group) => group.id) }
}

export function apiTokenResult({ token, lastUsedAt }: SeenApiToken, now: Instant): ApiTokenResult {
  const { name, grants, location, createdAt, updatedAt } = token
  return {
    ...{ ...known(token, now), name, policies: grants.map(policyResult) },
    ...conditionResult(location),
    ...{ issued_on: formatInstant(createdAt), modified_on: formatInstant(updatedAt) },
    ...(lastUsedAt !== null && { last_used_on: formatInstant(lastUsedAt) }),
  }
}

export function issuedApiTokenResult(issued: IssuedApiToken, now: Instant): IssuedApiTokenResult {
  return { ...apiTokenResult(issued, now), value: issued.value }
}

export function verifiedApiToken(token: ApiToken, now: Instant): VerifiedApiToken {
  return known(token, now)
}

export function permissionGroupResult({ id, name, scope }: PermissionGroup): PermissionGroupResult {
  return { id, name, scopes: [scope] }
}

function known(token: ApiToken, now: Instant): VerifiedApiToken {
  const { id, disabled, notBefore, expiresAt } = token
  return {
    ...{ id, status: disabled ? 'disabled' : isExpired(token, now) ? 'expired' : 'active' },
    ...(notBefore !== null && { not_before: formatInstant(notBefore) }),
    ...(expiresAt !== null && { expires_on: formatInstant(expiresAt) }),
  }
}

function policyResult({ id, effect, resources, permissionGroups }: Grant): ApiTokenResult['policies'][number] {
  const shown: Record<string, '*' | Record<string, '*'>> = {}
  for (const resource of resources) {
    const [outer = '', inner] = resource.split('/')
    const within = shown[outer]
    if (inner === undefined) shown[outer] = '*'
    else if (within === undefined) shown[outer] = { [inner]: '*' }
    else if (within !== '*') within[inner] = '*'
  }
  return { id, effect, resources: shown, permission_groups: permissionGroups.map((id) => ({ id, name: permissionGroup(id)?.name ?? '' })) }
}

function conditionResult({ in: allowed, notIn: denied }: LocationCondition): Pick<ApiTokenResult, 'condition'> {
  if (allowed.length === 0 && denied.length === 0) return {}
  return {
    condition: { request_ip: { ...(allowed.length > 0 && { in: [...allowed] }), ...(denied.length > 0 && { not_in: [...denied] }) } },
  }
}
