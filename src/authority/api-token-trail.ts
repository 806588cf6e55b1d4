import { formatInstant, type Instant } from '../domain/instant.ts'
import { parseResource } from '../domain/permission.ts'
import type { ApiToken } from '../domain/principal.ts'
import type { Deed } from './journal.ts'
import { type Actor, installationTrail, type Store } from './ports.ts'

/**
 * What was done to an API token: for the trail of each account that it reaches or belongs to, with the policies that are about that account;
 * and as a whole for the installation's trail, if it reaches several accounts or none.
 */
export async function apiTokenDeeds(
  store: Store,
  actor: Actor,
  action: string,
  before: ApiToken | null,
  after: ApiToken | null,
  at: Instant,
): Promise<readonly Deed[]> {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  const reach = await reachOf(store, [before, after])
  const deed = (accountId: string, resources: (resource: string) => boolean): Deed => ({
    ...{ actor, action, at, accountId, resource: { kind: 'api_token', id: subject.id } },
    ...{ before: before && auditView(before, resources), after: after && auditView(after, resources) },
  })
  const inAccounts = [...reach.byAccount].map(([accountId, resources]) => deed(accountId, (resource) => resources.has(resource)))
  const asAWhole = deed(installationTrail, () => true)
  return reach.isWider || inAccounts.length !== 1 ? [...inAccounts, asAWhole] : inAccounts
}

interface Reach {
  /** The resources that are about each account. */
  readonly byAccount: ReadonlyMap<string, ReadonlySet<string>>
  /** Whether there are others. */
  readonly isWider: boolean
}

async function reachOf(store: Store, versions: readonly (ApiToken | null)[]): Promise<Reach> {
  const byAccount = new Map<string, Set<string>>()
  let isWider = false
  for (const version of versions) {
    const own = version?.owner.accountId
    if (own && !byAccount.has(own)) byAccount.set(own, new Set())
    for (const text of version?.grants.flatMap((grant) => grant.resources) ?? []) {
      const accountId = await accountOf(store, text)
      if (accountId === undefined) isWider = true
      else byAccount.set(accountId, (byAccount.get(accountId) ?? new Set()).add(text))
    }
  }
  return { byAccount, isWider }
}

/** The one account that a resource is about. */
async function accountOf(store: Store, text: string): Promise<string | undefined> {
  const resource = parseResource(text)
  if (resource === undefined || resource.kind === 'user') return undefined
  const zone = resource.kind === 'zone' && resource.id !== '*' ? await store.find('zone', resource.id) : undefined
  const id = zone?.accountId ?? (resource.kind === 'account' ? resource.id : resource.accountId)
  return id === null || id === '*' ? undefined : id
}

/** What the audit trail may show of an API token. */
function auditView(token: ApiToken, isShown: (resource: string) => boolean): Readonly<Record<string, unknown>> {
  const { name, grants, location, disabled, notBefore, expiresAt } = token
  const policies = grants
    .map((grant) => ({ ...grant, resources: grant.resources.filter(isShown) }))
    .filter(({ resources }) => resources.length > 0)
  return {
    ...{ name, disabled, policies, condition: location },
    ...{ not_before: notBefore && formatInstant(notBefore), expires_on: expiresAt && formatInstant(expiresAt) },
  }
}
