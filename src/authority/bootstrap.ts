import type { Application } from '../domain/application.ts'
import { newAudience, newHexId, newUuid } from '../domain/identifier.ts'
import { accountResource, permissionGroups, userResource } from '../domain/permission.ts'
import type { Policy } from '../domain/policy.ts'
import { digestOf, newSecret, type RandomBytes } from '../domain/secret.ts'
import { type AuditEntry, type Clock, type Store, system, type Write } from './ports.ts'

/** What an operator may choose about the first account; the rest is generated. */
export interface BootstrapOptions {
  readonly accountId?: string | undefined
  readonly zoneId?: string | undefined
  readonly zoneName: string
  readonly email: string
  readonly apiKey?: string | undefined
  readonly apiToken?: string | undefined
  readonly originUrl?: string | undefined
}

/** What the first start made. The key and the token cannot be read again. */
export interface Bootstrap {
  readonly accountId: string
  readonly zoneId: string
  readonly email: string
  readonly apiKey: string
  readonly apiToken: string
}

/** Gives an empty database an account, a zone, an owner and an application that admits any valid service token; on any other it does nothing. */
export async function bootstrap(
  { store, clock, random }: { store: Store; clock: Clock; random: RandomBytes },
  options: BootstrapOptions,
): Promise<Bootstrap | undefined> {
  if ((await store.head()) > 0) return undefined
  const now = clock.now()
  const { email, zoneName: name, originUrl = null } = options
  const { accountId = newHexId(random), zoneId = newHexId(random) } = options
  const { apiKey = newSecret('psk_', random), apiToken = newSecret('psu_', random) } = options
  const userId = newHexId(random)
  const application: Application = {
    ...{
      id: newUuid(random),
      accountId,
      zoneId: null,
      name: 'Default application',
      domain: '*',
      destinations: ['*'],
      audience: newAudience(random),
    },
    ...{
      originUrl,
      sessionDuration: null,
      asksForCredentials: false,
      tokenHeader: null,
      policies: [{ policyId: newUuid(random), precedence: 1 }],
    },
    ...{ createdAt: now, updatedAt: now, revision: 0 },
  }
  const everywhere = [accountResource('*'), userResource(userId)]
  const grants = [
    { id: newHexId(random), effect: 'allow' as const, resources: everywhere, permissionGroups: permissionGroups.map(({ id }) => id) },
  ]
  const times = { createdAt: now, updatedAt: now, revision: 0 }
  const writes: readonly Write[] = [
    { kind: 'account', before: null, after: { id: accountId, name: 'Default account', createdAt: now, revision: 0 } },
    { kind: 'zone', before: null, after: { id: zoneId, accountId, name, ...times } },
    { kind: 'user', before: null, after: { id: userId, email, keyDigest: digestOf(apiKey), createdAt: now, revision: 0 } },
    {
      ...{ kind: 'api_token', before: null },
      after: {
        ...{ id: newHexId(random), owner: { userId, accountId: null }, name: 'First API token', digest: digestOf(apiToken), grants },
        ...{ location: { in: [], notIn: [] }, disabled: false, notBefore: null, expiresAt: null, ...times },
      },
    },
    { kind: 'application', before: null, after: application },
    ...application.policies.map(({ policyId }) => ({
      kind: 'policy' as const,
      before: null,
      after: anyValidServiceToken(policyId, application),
    })),
  ]
  const audit: AuditEntry = {
    ...{ id: newUuid(random), at: now, accountId, zoneId: null, action: 'installation.bootstrap', succeeded: true },
    ...{ resourceKind: 'account', resourceId: accountId },
    actor: system,
    ...{ before: null, after: { zone_id: zoneId, email, application_id: application.id } },
  }
  // Another node may have been quicker: then its account stands, and there is nothing to show here.
  return (await store.commit(writes, audit, { first: true })) ? { accountId, zoneId, email, apiKey, apiToken } : undefined
}

function anyValidServiceToken(id: string, { id: applicationId, accountId, zoneId, createdAt, updatedAt }: Application): Policy {
  return {
    ...{ id, accountId, zoneId, applicationId, name: 'Any valid service token', decision: 'non_identity', sessionDuration: null },
    ...{ include: [{ kind: 'any_valid_service_token' }], require: [], exclude: [], createdAt, updatedAt, revision: 0 },
  }
}
