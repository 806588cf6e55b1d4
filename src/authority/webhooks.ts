import type { Webhook } from '../domain/alert.ts'
import { newHexId } from '../domain/identifier.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { flawOf } from '../domain/webhook-address.ts'
import type { Outcomes } from './deliveries.ts'
import { Failure } from './failure.ts'
import { type Deed, type Journal, requireScope, untilStored } from './journal.ts'
import { requireUnnamed } from './naming.ts'
import type { Actor, Clock, Store } from './ports.ts'
import type { Sealer } from './sealer.ts'

export interface WebhookDraft {
  readonly name: string
  readonly url: string
  /** `undefined` leaves it as it is; empty for none. */
  readonly secret: string | undefined
}

/** A webhook, and what became of the messages to it. */
export interface SeenWebhook extends Outcomes {
  readonly webhook: Webhook
}

/** Where an account's alerts go. All commands fail with `webhook_not_found` for a webhook of another account. */
export interface Webhooks {
  /** Newest first. */
  list(scope: Scope): Promise<readonly SeenWebhook[]>
  get(scope: Scope, id: string): Promise<SeenWebhook>
  create(actor: Actor, scope: Scope, draft: WebhookDraft): Promise<Webhook>
  /** Replaces name and URL. One that leads elsewhere needs its secret again: nobody learns a secret by turning a webhook to himself. */
  update(actor: Actor, scope: Scope, id: string, draft: WebhookDraft): Promise<Webhook>
  /** Fails with `in_use` while a notification policy names it. */
  delete(actor: Actor, scope: Scope, id: string): Promise<void>
}

export interface WebhooksDeps {
  readonly store: Store
  readonly journal: Journal
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: RandomBytes
  /** Whether alerts may be sent to an address. */
  readonly mayReach: (address: string) => boolean
}

/** How many an account may have. */
const maxWebhooks = 50

const nothingYet: Outcomes = { lastSuccessAt: null, lastFailureAt: null }

export function createWebhooks({ store, journal, sealer, clock, random, mayReach }: WebhooksDeps): Webhooks {
  async function find({ accountId }: Scope, id: string): Promise<Webhook> {
    const webhook = await store.find('webhook', id)
    if (webhook === undefined || webhook.accountId !== accountId) throw new Failure('webhook_not_found')
    return webhook
  }

  async function seen(webhooks: readonly Webhook[]): Promise<readonly SeenWebhook[]> {
    const outcomes = await store.outcomesOf(webhooks.map(({ id }) => id))
    return webhooks.map((webhook) => ({ webhook, ...(outcomes.get(webhook.id) ?? nothingYet) }))
  }

  function requireUrl(url: string): void {
    const flaw = flawOf(url, mayReach)
    if (flaw !== undefined) throw new Failure('invalid_request', { field: 'url', message: flaw })
  }

  const sealed = (id: string, secret: string | undefined) => (secret ? sealer.seal(purposeOf(id), secret) : null)

  return {
    list: async ({ accountId }) => seen(await store.listWebhooks(accountId)),

    async get(scope, id) {
      const webhook = await find(scope, id)
      return { webhook, ...((await store.outcomesOf([id])).get(id) ?? nothingYet) }
    },

    create: (actor, scope, { name, url, secret }) =>
      untilStored('webhook.create', async () => {
        // Of several that are made at once, none slips past the limit.
        const since = await store.head()
        await requireScope(store, scope)
        requireUrl(url)
        const { accountId } = scope
        if ((await store.listWebhooks(accountId)).length >= maxWebhooks) {
          throw new Failure('invalid_request', {
            message: `the account has ${maxWebhooks} webhooks, which is as many as it may; delete one first`,
          })
        }
        const [id, at] = [newHexId(random), clock.now()]
        const webhook: Webhook = { id, accountId, name, url, sealedSecret: sealed(id, secret), createdAt: at, updatedAt: at, revision: 0 }
        const unchanged = { kind: 'webhook', since } as const
        return (await journal.commit([{ kind: 'webhook', before: null, after: webhook }], deed(actor, null, webhook, at), { unchanged }))
          ? webhook
          : undefined
      }),

    update: (actor, scope, id, { name, url, secret }) =>
      untilStored('webhook.update', async () => {
        const before = await find(scope, id)
        requireUrl(url)
        if (secret === undefined && before.sealedSecret !== null && new URL(url).origin !== new URL(before.url).origin) {
          const message = 'must be sent again, or be empty for none, when the URL leads elsewhere: it is not passed on to another receiver'
          throw new Failure('invalid_request', { field: 'secret', message })
        }
        if (secret === undefined && name === before.name && url === before.url) return before
        const sealedSecret = secret === undefined ? before.sealedSecret : sealed(id, secret)
        const after: Webhook = { ...before, name, url, sealedSecret, updatedAt: clock.now() }
        const stored = await journal.commit([{ kind: 'webhook', before, after }], deed(actor, before, after, after.updatedAt))
        return stored ? after : undefined
      }),

    async delete(actor, scope, id) {
      await untilStored('webhook.delete', async () => {
        const before = await find(scope, id)
        await requireUnnamed(store, scope, 'webhook', id)
        const stored = await journal.commit([{ kind: 'webhook', before, after: null }], deed(actor, before, null, clock.now()))
        return stored || undefined
      })
    },
  }
}

/** The secret that goes with messages to a webhook; `null` where there is none. */
export function secretOf(sealer: Sealer, { id, sealedSecret }: Webhook): string | null {
  return sealedSecret && sealer.open(purposeOf(id), sealedSecret)
}

function purposeOf(id: string): string {
  return `webhook ${id}`
}

function deed(actor: Actor, before: Webhook | null, after: Webhook | null, at: number): Deed {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  const action = before === null ? 'webhook.create' : after === null ? 'webhook.delete' : 'webhook.update'
  return {
    ...{ actor, action, at, accountId: subject.accountId, resource: { kind: 'webhook', id: subject.id } },
    ...{ before: before && auditView(before), after: after && auditView(after) },
  }
}

/** Of the URL no more than where it leads: in those of chat services, the path is a secret. */
function auditView({ name, url, sealedSecret }: Webhook): Readonly<Record<string, unknown>> {
  return { name, origin: new URL(url).origin, has_secret: sealedSecret !== null }
}
