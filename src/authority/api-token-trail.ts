import { formatInstant, type Instant } from '../domain/instant.ts'
import { parseResource } from '../domain/permission.ts'
import type { ApiToken } from '../domain/principal.ts'
import type { Deed } from './journal.ts'
import { type Actor, installationTrail, type Store } from './ports.ts'

/** What was done to an API token, for the trail of every account that it reaches or belongs to; for the installation's if that is none, or all. */
export async function apiTokenDeed(
  store: Store,
  actor: Actor,
  action: string,
  before: ApiToken | null,
  after: ApiToken | null,
  at: Instant,
): Promise<Deed> {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  return {
    ...{ actor, action, at, accountIds: await accountsOf(store, [before, after]), resource: { kind: 'api_token', id: subject.id } },
    ...{ before: before && auditView(before), after: after && auditView(after) },
  }
}

async function accountsOf(store: Store, versions: readonly (ApiToken | null)[]): Promise<readonly string[]> {
  const ids = new Set<string>()
  for (const version of versions) {
    if (version?.owner.accountId) ids.add(version.owner.accountId)
    for (const resource of version?.grants.flatMap((grant) => grant.resources.map(parseResource)) ?? []) {
      if (resource === undefined || resource.kind === 'user') continue
      const zone = resource.kind === 'zone' && resource.id !== '*' ? await store.find('zone', resource.id) : undefined
      const id = zone?.accountId ?? (resource.kind === 'account' ? resource.id : resource.accountId)
      if (id !== null) ids.add(id === '*' ? installationTrail : id)
    }
  }
  return ids.size === 0 ? [installationTrail] : [...ids]
}

/** What the audit trail may show of an API token. */
function auditView({ name, grants, location, disabled, notBefore, expiresAt }: ApiToken): Readonly<Record<string, unknown>> {
  return {
    ...{ name, disabled, policies: grants, condition: location },
    ...{ not_before: notBefore && formatInstant(notBefore), expires_on: expiresAt && formatInstant(expiresAt) },
  }
}
