import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { Decision, Policy, RuleSet } from '../domain/policy.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import { type Deed, isIn, type Journal, requireScope, untilStored } from './journal.ts'
import { requireUnnamed } from './naming.ts'
import { requireSessionDuration } from './organizations.ts'
import type { Actor, Clock, Store } from './ports.ts'
import type { Page, PageQuery } from './queries.ts'
import { requireRules, rulesInWords } from './rules.ts'

export interface PolicyDraft extends RuleSet {
  readonly name: string
  readonly decision: Decision
  /** `null` leaves it to the application. */
  readonly sessionDuration: string | null
}

/** A policy that applications share, and how many of them do. */
export interface SharedPolicy {
  readonly policy: Policy
  readonly uses: number
}

/** The policies that the applications of an account may share. All commands fail with `policy_not_found` for one of another account. */
export interface Policies {
  list(scope: Scope, page: PageQuery): Promise<Page<SharedPolicy>>
  get(scope: Scope, id: string): Promise<SharedPolicy>
  create(actor: Actor, scope: Scope, draft: PolicyDraft): Promise<SharedPolicy>
  /** Replaces all of it, for all applications that use it. */
  update(actor: Actor, scope: Scope, id: string, draft: PolicyDraft): Promise<SharedPolicy>
  /** Fails with `in_use` while an application uses it. */
  delete(actor: Actor, scope: Scope, id: string): Promise<void>
}

export interface PoliciesDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly random: RandomBytes
}

export function createPolicies({ store, journal, clock, random }: PoliciesDeps): Policies {
  async function find(scope: Scope, id: string): Promise<Policy> {
    const policy = await store.find('policy', id)
    if (policy === undefined || policy.applicationId !== null || !isIn(scope, policy)) throw new Failure('policy_not_found')
    return policy
  }

  async function counted(policies: readonly Policy[]): Promise<SharedPolicy[]> {
    const uses = await store.countUses(policies.map(({ id }) => id))
    return policies.map((policy) => ({ policy, uses: uses.get(policy.id) ?? 0 }))
  }

  async function withUses(policy: Policy): Promise<SharedPolicy> {
    return { policy, uses: (await store.countUses([policy.id])).get(policy.id) ?? 0 }
  }

  return {
    get: async (scope, id) => withUses(await find(scope, id)),

    async list(scope, page) {
      const { items, total } = await store.listPolicies(scope.accountId, page)
      return { items: await counted(items), total }
    },

    create: (actor, scope, draft) =>
      untilStored('policy.create', async () => {
        await requireScope(store, scope)
        await requirePolicy(store, scope, draft)
        const policy = newPolicy(newUuid(random), { ...scope, applicationId: null }, draft, clock.now())
        const deed = policyDeed(actor, 'policy.create', null, policy, policy.createdAt)
        return (await journal.commit([{ kind: 'policy', before: null, after: policy }], deed)) ? { policy, uses: 0 } : undefined
      }),

    update: (actor, scope, id, draft) =>
      untilStored('policy.update', async () => {
        const before = await find(scope, id)
        await requirePolicy(store, scope, draft)
        const after = changedPolicy(before, draft, clock.now())
        if (after === before) return withUses(before)
        const deed = policyDeed(actor, 'policy.update', before, after, after.updatedAt)
        return (await journal.commit([{ kind: 'policy', before, after }], deed)) ? withUses(after) : undefined
      }),

    async delete(actor, scope, id) {
      await untilStored('policy.delete', async () => {
        const before = await find(scope, id)
        await requireUnnamed(store, scope, 'policy', id)
        const deed = policyDeed(actor, 'policy.delete', before, null, clock.now())
        return (await journal.commit([{ kind: 'policy', before, after: null }], deed)) || undefined
      })
    },
  }
}

/**
 * Fails with `invalid_request` for a policy that means nothing in this account or zone.
 * @param within where it stands in the request, as `policies/0/`.
 */
export async function requirePolicy(store: Store, scope: Scope, draft: PolicyDraft, within = ''): Promise<void> {
  if (draft.sessionDuration !== null) requireSessionDuration(draft.sessionDuration, `${within}session_duration`)
  await requireRules(store, scope, draft, within)
}

export function newPolicy(id: string, owner: Scope & Pick<Policy, 'applicationId'>, draft: PolicyDraft, now: Instant): Policy {
  return { id, ...owner, ...draft, createdAt: now, updatedAt: now, revision: 0 }
}

/** The same object where nothing changes. */
export function changedPolicy(before: Policy, draft: PolicyDraft, now: Instant): Policy {
  const changed = { ...before, ...draft }
  return JSON.stringify(changed) === JSON.stringify(before) ? before : { ...changed, updatedAt: now }
}

export function policyDeed(actor: Actor, action: string, before: Policy | null, after: Policy | null, at: Instant): Deed {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  return {
    ...{ actor, action, at, accountId: subject.accountId, zoneId: subject.zoneId, resource: { kind: 'policy', id: subject.id } },
    ...{ before: before && auditView(before), after: after && auditView(after) },
  }
}

function auditView(policy: Policy): Readonly<Record<string, unknown>> {
  const { name, decision, sessionDuration, applicationId } = policy
  return { name, decision, ...rulesInWords(policy), session_duration: sessionDuration, app_id: applicationId }
}
