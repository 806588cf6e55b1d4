import { parseLifetime } from '../domain/duration.ts'
import { newOrganization, type Organization, type OrganizationSettings } from '../domain/organization.ts'
import type { Scope } from '../domain/service-token.ts'
import { isAnswered } from './claims.ts'
import { Failure } from './failure.ts'
import { type Deed, type Journal, untilStored } from './journal.ts'
import { pagesOf } from './pages.ts'
import type { Actor, Clock, Store } from './ports.ts'

/** What accounts have decided about their machines' access as a whole. */
export interface Organizations {
  get(scope: Scope): Promise<Organization>
  /** What is left out stays as it is. */
  update(actor: Actor, scope: Scope, changes: OrganizationChanges): Promise<Organization>
}

export type OrganizationChanges = { readonly [K in keyof OrganizationSettings]?: OrganizationSettings[K] | undefined }

export interface OrganizationsDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  /** Of an account that has chosen none. */
  readonly authDomain: string
}

export function createOrganizations({ store, journal, clock, authDomain }: OrganizationsDeps): Organizations {
  /** Until something is chosen there is nothing stored. */
  async function get({ accountId }: Scope): Promise<Organization> {
    const stored = await store.find('organization', accountId)
    if (stored !== undefined) return stored
    const account = await store.find('account', accountId)
    if (account === undefined) throw new Failure('no_route')
    return newOrganization(accountId, account.name, authDomain, account.createdAt)
  }

  /** Assertions are issued in the name of this domain, and their keys are published there: it speaks for one account only, but for the one of all. */
  async function requireFree(domain: string, accountId: string): Promise<void> {
    if (domain === authDomain) return
    const taken = new Failure('invalid_request', { field: 'auth_domain', message: `must be free: ${domain} is taken` })
    for await (const page of pagesOf(store, 'organization')) {
      if (page.some((organization) => organization.id !== accountId && organization.authDomain === domain)) throw taken
    }
    // Keys are published at the hosts of applications, too.
    if (await isAnswered(store, domain, accountId)) throw taken
  }

  return {
    get,
    update: (actor, scope, changes) =>
      untilStored('organization.update', async () => {
        const since = await store.head()
        if (changes.sessionDuration !== undefined) requireSessionDuration(changes.sessionDuration)
        const before = await get(scope)
        const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
        const changed: Organization = { ...before, ...given }
        if (JSON.stringify(changed) === JSON.stringify(before)) return before
        const isMoving = changed.authDomain !== before.authDomain
        if (isMoving) await requireFree(changed.authDomain, before.id)
        const after: Organization = { ...changed, updatedAt: clock.now() }
        const { id } = before
        const deed: Deed = {
          ...{ actor, action: 'organization.update', at: after.updatedAt, accountId: id, resource: { kind: 'organization', id } },
          ...{ before: auditView(before), after: auditView(after) },
        }
        // Two accounts that choose the same at once would each find it free.
        const conditions = isMoving ? { unchanged: { kind: 'organization', since } as const } : {}
        const stored = await journal.commit(
          [{ kind: 'organization', before: before.revision === 0 ? null : before, after }],
          deed,
          conditions,
        )
        return stored ? { ...after, revision: before.revision + 1 } : undefined
      }),
  }
}

/** Fails with `invalid_request` for what is no duration, or none that ends. */
export function requireSessionDuration(duration: string, field = 'session_duration'): void {
  const lifetime = parseLifetime(duration)
  if (lifetime !== undefined && lifetime !== 'forever') return
  throw new Failure('invalid_request', { field, message: 'must be a duration above zero, such as 24h, 30m or 1h30m' })
}

function auditView({
  name,
  authDomain,
  sessionDuration,
  isStrict,
  inactivity,
  keyRotationDays,
}: Organization): Readonly<Record<string, unknown>> {
  return {
    ...{ name, auth_domain: authDomain, session_duration: sessionDuration, strict_service_token_auth: isStrict },
    service_token_inactivity: { enabled: inactivity.isOn, inactivity_threshold_days: inactivity.afterDays, action: inactivity.action },
    key_rotation_interval_days: keyRotationDays,
  }
}
