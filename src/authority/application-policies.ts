import type { Application, PolicyUse } from '../domain/application.ts'
import { newUuid } from '../domain/identifier.ts'
import type { Policy } from '../domain/policy.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { findApplication, policiesOf } from './application-finder.ts'
import { applicationDeed } from './application-trail.ts'
import { Failure } from './failure.ts'
import { type Journal, untilStored } from './journal.ts'
import { changedPolicy, newPolicy, type PolicyDraft, policyDeed, requirePolicy } from './policies.ts'
import { notUnique } from './policy-choices.ts'
import type { Actor, Clock, Store, Write } from './ports.ts'
import type { Page, PageQuery } from './queries.ts'

/** A policy of an application, and where it stands among the others. */
export interface PlacedPolicy {
  readonly policy: Policy
  readonly precedence: number
}

/**
 * The policies of one application: its own and, to be seen only, those that it shares with others. All commands fail with `application_not_found` for an
 * application of another account or zone, and with `policy_not_found` for a policy that it does not have.
 */
export interface ApplicationPolicies {
  list(scope: Scope, applicationId: string, page: PageQuery): Promise<Page<PlacedPolicy>>
  get(scope: Scope, applicationId: string, id: string): Promise<PlacedPolicy>
  /** Behind all others when no precedence is given. */
  create(actor: Actor, scope: Scope, applicationId: string, draft: PolicyDraft, precedence?: number): Promise<PlacedPolicy>
  /** Replaces all of it. It stays in its place when no precedence is given. */
  update(actor: Actor, scope: Scope, applicationId: string, id: string, draft: PolicyDraft, precedence?: number): Promise<PlacedPolicy>
  delete(actor: Actor, scope: Scope, applicationId: string, id: string): Promise<void>
}

export interface ApplicationPoliciesDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly random: RandomBytes
}

const maxPolicies = 1000

export function createApplicationPolicies({ store, journal, clock, random }: ApplicationPoliciesDeps): ApplicationPolicies {
  async function find(scope: Scope, applicationId: string, id: string): Promise<PlacedPolicy & { readonly application: Application }> {
    const application = await findApplication(store, scope, applicationId)
    const use = application.policies.find(({ policyId }) => policyId === id)
    const policy = use && (await store.find('policy', id))
    if (use === undefined || policy === undefined) throw new Failure('policy_not_found')
    return { application, policy, precedence: use.precedence }
  }

  /** Stores a policy's step from `before` to `after`, and with it the application where that uses others now, or the same in another order. */
  function save(
    actor: Actor,
    application: Application,
    uses: readonly PolicyUse[],
    before: Policy | null,
    after: Policy | null,
  ): Promise<boolean> {
    const at = clock.now()
    const next = { ...application, policies: uses, updatedAt: at }
    const isReordered = JSON.stringify(uses) !== JSON.stringify(application.policies)
    const action = before === null ? 'create' : after === null ? 'delete' : 'update'
    const writes: Write[] = [
      ...(isReordered ? [{ kind: 'application' as const, before: application, after: next }] : []),
      ...(before === after ? [] : [{ kind: 'policy' as const, before, after }]),
    ]
    if (writes.length === 0) return Promise.resolve(true)
    return journal.commit(writes, [
      ...(isReordered ? [applicationDeed(actor, 'application.update', application, next, at)] : []),
      ...(before === after ? [] : [policyDeed(actor, `policy.${action}`, before, after, at)]),
    ])
  }

  return {
    get: find,

    async list(scope, applicationId, { page, perPage }) {
      const application = await findApplication(store, scope, applicationId)
      const precedences = new Map(application.policies.map(({ policyId, precedence }) => [policyId, precedence]))
      const all = (await policiesOf(store, [application]))(application)
      const shown = all.slice((page - 1) * perPage, page * perPage)
      return { items: shown.map((policy) => ({ policy, precedence: precedences.get(policy.id) ?? 0 })), total: all.length }
    },

    create: (actor, scope, applicationId, draft, wanted) =>
      untilStored('policy.create', async () => {
        const application = await findApplication(store, scope, applicationId)
        await requirePolicy(store, application, draft)
        const { policies } = application
        if (policies.length >= maxPolicies)
          throw new Failure('invalid_request', { message: `an application may have at most ${maxPolicies} policies` })
        const precedence = wanted ?? (policies.at(-1)?.precedence ?? 0) + 1
        const { accountId, zoneId } = application
        const policy = newPolicy(newUuid(random), { accountId, zoneId, applicationId: application.id }, draft, clock.now())
        return (await save(actor, application, placed(policies, policy.id, precedence), null, policy)) ? { policy, precedence } : undefined
      }),

    update: (actor, scope, applicationId, id, draft, wanted) =>
      untilStored('policy.update', async () => {
        const { application, policy: before, precedence: current } = await find(scope, applicationId, id)
        requireOwn(before, application)
        await requirePolicy(store, application, draft)
        const precedence = wanted ?? current
        const after = changedPolicy(before, draft, clock.now())
        const uses = placed(application.policies, id, precedence)
        return (await save(actor, application, uses, before, after)) ? { policy: after, precedence } : undefined
      }),

    async delete(actor, scope, applicationId, id) {
      await untilStored('policy.delete', async () => {
        const { application, policy } = await find(scope, applicationId, id)
        requireOwn(policy, application)
        const others = application.policies.filter(({ policyId }) => policyId !== id)
        return (await save(actor, application, others, policy, null)) || undefined
      })
    },
  }
}

/** The uses with this one in its place; fails where another one stands. */
function placed(uses: readonly PolicyUse[], policyId: string, precedence: number): readonly PolicyUse[] {
  const others = uses.filter((use) => use.policyId !== policyId)
  if (others.some((use) => use.precedence === precedence)) throw notUnique('precedence', precedence)
  return [...others, { policyId, precedence }].toSorted((one, other) => one.precedence - other.precedence)
}

function requireOwn(policy: Policy, application: Application): void {
  if (policy.applicationId === application.id) return
  const message = `the policy "${policy.name}" is a reusable one, which other applications may use: change it under /access/policies, or the list of policies of the application`
  throw new Failure('invalid_request', { message })
}
