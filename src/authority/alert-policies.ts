import type { AlertPolicy } from '../domain/alert.ts'
import { newHexId } from '../domain/identifier.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import type { SentAlert, SentQuery } from './deliveries.ts'
import { Failure } from './failure.ts'
import { type Deed, type Journal, requireScope, untilStored } from './journal.ts'
import type { Actor, Clock, Store } from './ports.ts'
import type { Page } from './queries.ts'

export type AlertPolicyDraft = Pick<AlertPolicy, 'name' | 'description' | 'enabled' | 'webhookIds' | 'tokenIds'>
export type AlertPolicyChanges = { readonly [K in keyof AlertPolicyDraft]?: AlertPolicyDraft[K] | undefined }

/** Who is told in an account that service tokens expire. All commands fail with `alert_policy_not_found` for a policy of another account. */
export interface AlertPolicies {
  /** Newest first. */
  list(scope: Scope): Promise<readonly AlertPolicy[]>
  get(scope: Scope, id: string): Promise<AlertPolicy>
  create(actor: Actor, scope: Scope, draft: AlertPolicyDraft): Promise<AlertPolicy>
  /** What is left out stays as it is. */
  update(actor: Actor, scope: Scope, id: string, changes: AlertPolicyChanges): Promise<AlertPolicy>
  delete(actor: Actor, scope: Scope, id: string): Promise<void>
  /** What arrived, newest first. */
  history(scope: Scope, query: Omit<SentQuery, 'accountId'>): Promise<Page<SentAlert>>
}

export interface AlertPoliciesDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly random: RandomBytes
}

/** How many an account may have. */
const maxAlertPolicies = 50

export function createAlertPolicies({ store, journal, clock, random }: AlertPoliciesDeps): AlertPolicies {
  async function get({ accountId }: Scope, id: string): Promise<AlertPolicy> {
    const policy = await store.find('alert_policy', id)
    if (policy === undefined || policy.accountId !== accountId) throw new Failure('alert_policy_not_found')
    return policy
  }

  /** Fails for webhooks and tokens that are not this account's. Tokens may go later on: there is nothing to tell of them then. */
  async function requireKnown({ accountId }: Scope, { webhookIds, tokenIds }: Pick<AlertPolicy, 'webhookIds' | 'tokenIds'>): Promise<void> {
    const own = async (kind: 'webhook' | 'service_token', ids: readonly string[]) => {
      const found: readonly { readonly id: string; readonly accountId: string }[] = await store.findEach(kind, ids)
      const known = new Set(found.filter((thing) => thing.accountId === accountId).map(({ id }) => id))
      return ids.findIndex((id) => !known.has(id))
    }
    const webhook = await own('webhook', webhookIds)
    if (webhook !== -1) {
      throw new Failure('invalid_request', {
        field: `mechanisms/webhooks/${webhook}/id`,
        message: 'must be the id of a webhook of this account',
      })
    }
    const token = await own('service_token', tokenIds ?? [])
    if (token === -1) return
    const message = 'must be the id of a service token of this account or of one of its zones'
    throw new Failure('invalid_request', { field: `filters/token_id/${token}`, message })
  }

  return {
    get,
    list: ({ accountId }) => store.listAlertPolicies(accountId),

    create: (actor, scope, draft) =>
      untilStored('alert_policy.create', async () => {
        // Of several that are made at once, none slips past the limit.
        const since = await store.head()
        await requireScope(store, scope)
        await requireKnown(scope, draft)
        const { accountId } = scope
        if ((await store.listAlertPolicies(accountId)).length >= maxAlertPolicies) {
          const message = `the account has ${maxAlertPolicies} notification policies, which is as many as it may; delete one first`
          throw new Failure('invalid_request', { message })
        }
        const at = clock.now()
        const policy: AlertPolicy = { id: newHexId(random), accountId, ...draft, createdAt: at, updatedAt: at, revision: 0 }
        const unchanged = { kind: 'alert_policy', since } as const
        const writes = [{ kind: 'alert_policy', before: null, after: policy } as const]
        return (await journal.commit(writes, deed(actor, null, policy, at), { unchanged })) ? policy : undefined
      }),

    update: (actor, scope, id, changes) =>
      untilStored('alert_policy.update', async () => {
        const before = await get(scope, id)
        const given = Object.fromEntries(Object.entries(changes).filter(([, value]) => value !== undefined))
        const changed: AlertPolicy = { ...before, ...given }
        if (JSON.stringify(changed) === JSON.stringify(before)) return before
        // Tokens that it named before may be gone, and are let be.
        await requireKnown(scope, { webhookIds: changed.webhookIds, tokenIds: changes.tokenIds ?? null })
        const after: AlertPolicy = { ...changed, updatedAt: clock.now() }
        const stored = await journal.commit([{ kind: 'alert_policy', before, after }], deed(actor, before, after, after.updatedAt))
        return stored ? after : undefined
      }),

    async delete(actor, scope, id) {
      await untilStored('alert_policy.delete', async () => {
        const before = await get(scope, id)
        const stored = await journal.commit([{ kind: 'alert_policy', before, after: null }], deed(actor, before, null, clock.now()))
        return stored || undefined
      })
    },

    history: ({ accountId }, query) => store.listSent({ ...query, accountId }),
  }
}

function deed(actor: Actor, before: AlertPolicy | null, after: AlertPolicy | null, at: number): Deed {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  const action = before === null ? 'alert_policy.create' : after === null ? 'alert_policy.delete' : 'alert_policy.update'
  return {
    ...{ actor, action, at, accountId: subject.accountId, resource: { kind: 'alert_policy', id: subject.id } },
    ...{ before: before && auditView(before), after: after && auditView(after) },
  }
}

function auditView({ name, description, enabled, webhookIds, tokenIds }: AlertPolicy): Readonly<Record<string, unknown>> {
  return { name, description, enabled, webhooks: webhookIds, token_id: tokenIds }
}
