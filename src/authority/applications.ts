import type { Application } from '../domain/application.ts'
import { newAudience, newUuid } from '../domain/identifier.ts'
import type { Policy } from '../domain/policy.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import type { AccessKeys } from './access-keys.ts'
import { type ApplicationDraft, requireSettings, settingsOf } from './application-draft.ts'
import { findApplication, policiesOf } from './application-finder.ts'
import { applicationDeed } from './application-trail.ts'
import { requireFree } from './claims.ts'
import { type Journal, requireScope, untilStored } from './journal.ts'
import type { Organizations } from './organizations.ts'
import { policyDeed } from './policies.ts'
import { type PolicyPlan, planPolicies } from './policy-choices.ts'
import type { Actor, Clock, Store, Write } from './ports.ts'
import type { ApplicationQuery, Page } from './queries.ts'

/** An application together with its policies, in their order. */
export interface FullApplication {
  readonly application: Application
  readonly policies: readonly Policy[]
  /** Its own, or the organization's. */
  readonly sessionDuration: string
}

/** What the gate stands in front of. All commands fail with `application_not_found` for an application of another account or zone. */
export interface Applications {
  list(scope: Scope, query: ApplicationQuery): Promise<Page<FullApplication>>
  /** @param id its id or its audience, in every command. */
  get(scope: Scope, id: string): Promise<FullApplication>
  /** Fails with `application_exists` for what another one answers for. */
  create(actor: Actor, scope: Scope, draft: ApplicationDraft): Promise<FullApplication>
  /** Replaces all that can be chosen. `check` throws where the application that is there is not the one that the command is about. */
  update(
    actor: Actor,
    scope: Scope,
    id: string,
    draft: ApplicationDraft,
    check?: (application: Application) => void,
  ): Promise<FullApplication>
  /** Together with the policies that are its own. */
  delete(actor: Actor, scope: Scope, id: string): Promise<Application>
}

export interface ApplicationsDeps {
  readonly store: Store
  readonly journal: Journal
  readonly organizations: Organizations
  readonly accessKeys: AccessKeys
  readonly clock: Clock
  readonly random: RandomBytes
}

export function createApplications({ store, journal, organizations, accessKeys, clock, random }: ApplicationsDeps): Applications {
  async function withDuration(scope: Scope, items: readonly Omit<FullApplication, 'sessionDuration'>[]): Promise<FullApplication[]> {
    const { sessionDuration } = await organizations.get(scope)
    return items.map((item) => ({ ...item, sessionDuration: item.application.sessionDuration ?? sessionDuration }))
  }

  async function full(application: Application): Promise<FullApplication> {
    const { sessionDuration } = await organizations.get(application)
    const policies = await policiesOf(store, [application])
    return { application, policies: policies(application), sessionDuration: application.sessionDuration ?? sessionDuration }
  }

  /** An update says everything anew, as it was shown: a duration that was the organization's goes on being that, and does not become the application's own. */
  async function stillInherited<Settings extends Pick<Application, 'sessionDuration'>>(before: Application, settings: Settings) {
    if (before.sessionDuration !== null || settings.sessionDuration === null) return settings
    const { sessionDuration } = await organizations.get(before)
    return settings.sessionDuration === sessionDuration ? { ...settings, sessionDuration: null } : settings
  }

  function save(before: Application | null, after: Application, plan: PolicyPlan, actor: Actor, since: number): Promise<boolean> {
    const action = before === null ? 'application.create' : 'application.update'
    const isSame = after === before
    // Policies name their application, so it comes before new ones; those that go may go at any time.
    const writes: Write[] = [...(isSame ? [] : [{ kind: 'application' as const, before, after }]), ...plan.writes, ...plan.removals]
    if (writes.length === 0) return Promise.resolve(true)
    const deeds = [...(isSame ? [] : [applicationDeed(actor, action, before, after, clock.now())]), ...plan.deeds]
    // Two that claim the same host at once would each look fine: so of two changes of applications at once, one is decided anew.
    return journal.commit(writes, deeds, { unchanged: { kind: 'application', since } })
  }

  return {
    get: async (scope, id) => full(await findApplication(store, scope, id)),

    async list(scope, query) {
      const { items, total } = await store.listApplications(scope, query)
      const policies = await policiesOf(store, items)
      return {
        items: await withDuration(
          scope,
          items.map((application) => ({ application, policies: policies(application) })),
        ),
        total,
      }
    },

    async create(actor, scope, draft) {
      requireSettings(draft)
      return untilStored('application.create', async () => {
        const since = await store.head()
        await requireScope(store, scope)
        await requireFree(store, scope, draft.destinations)
        const now = clock.now()
        const blank: Application = {
          ...{ id: newUuid(random), ...scope, ...settingsOf(draft), audience: newAudience(random), policies: [] },
          ...{ createdAt: now, updatedAt: now, revision: 0 },
        }
        const plan = await planPolicies({ store, random }, { actor, now }, blank, [], draft.policies ?? [])
        const application = { ...blank, policies: plan.uses }
        await accessKeys.ensure(scope)
        return (await save(null, application, plan, actor, since)) ? full(application) : undefined
      })
    },

    update: (actor, scope, id, draft, check) =>
      untilStored('application.update', async () => {
        requireSettings(draft)
        const since = await store.head()
        const before = await findApplication(store, scope, id)
        check?.(before)
        await requireFree(store, scope, draft.destinations, before.id)
        const current = (await policiesOf(store, [before]))(before)
        const now = clock.now()
        const kept: PolicyPlan = { uses: before.policies, writes: [], removals: [], deeds: [] }
        const plan = draft.policies ? await planPolicies({ store, random }, { actor, now }, before, current, draft.policies) : kept
        const changed = { ...before, ...(await stillInherited(before, settingsOf(draft, before))), policies: plan.uses }
        const after = withoutDates(changed) === withoutDates(before) ? before : { ...changed, updatedAt: now }
        return (await save(before, after, plan, actor, since)) ? full(after) : undefined
      }),

    delete: (actor, scope, id) =>
      untilStored('application.delete', async () => {
        const before = await findApplication(store, scope, id)
        const own = (await policiesOf(store, [before]))(before).filter(({ applicationId }) => applicationId === before.id)
        const at = clock.now()
        // They name it, so they go first.
        const writes: Write[] = [
          ...own.map((policy) => ({ kind: 'policy' as const, before: policy, after: null })),
          { kind: 'application', before, after: null },
        ]
        const deeds = own.map((policy) => policyDeed(actor, 'policy.delete', policy, null, at))
        return (await journal.commit(writes, [applicationDeed(actor, 'application.delete', before, null, at), ...deeds]))
          ? before
          : undefined
      }),
  }
}

function withoutDates({ createdAt, updatedAt, revision, ...rest }: Application): string {
  return JSON.stringify(rest)
}
