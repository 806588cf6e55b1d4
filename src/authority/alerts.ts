import { type AlertPolicy, alertMessage, deliveryId, keepTryingMs, pauseAfter, type Webhook } from '../domain/alert.ts'
import { dayMs } from '../domain/signing-key.ts'
import type { Delivery } from './deliveries.ts'
import { pagesOf } from './pages.ts'
import type { Clock, Log, Store } from './ports.ts'
import type { Sealer } from './sealer.ts'
import { secretOf } from './webhooks.ts'

/** A message on its way out. */
export interface Message {
  readonly url: string
  readonly secret: string | null
  /** JSON. */
  readonly body: string
}

/** Sends it once. Answers with why it has not arrived, in words for the operator; `undefined` where it has. Never throws, and ends soon after `signal` says so. */
export type Send = (message: Message, signal: AbortSignal) => Promise<string | undefined>

/** Tells people of tokens before they expire. Of several nodes, one does at a time; were there two, one message might be sent twice, with the same correlation id. */
export interface Alerts {
  /** Notes what is to be said of tokens that will expire soon: once to each webhook for each token and expiry, in the name of the oldest policy that asks for it. */
  prepare(): Promise<void>
  /** Whether anything waits to be sent. */
  isDue(): Promise<boolean>
  /** Sends what waits: a few messages to each webhook, one after the other, and to several webhooks at once. */
  deliver(): Promise<void>
  /** Forgets what was said long ago. */
  forget(): Promise<void>
  /** Breaks off what is being sent, and resolves when nothing is. */
  stop(): Promise<void>
}

export interface AlertsDeps {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
  readonly send: Send
}

/** Messages that are noted for an account in one round; the rest is in later ones. */
const mostPrepared = 1000
/** Webhooks that have their turn in one round, and messages in one turn: so a slow receiver holds up nobody for long, and itself only. */
const mostWebhooks = 500
const mostPerTurn = 10
const webhooksAtOnce = 16

/** How long is known what was said. */
const keptMs = 90 * dayMs
/** Rows a statement. */
const batchSize = 1000

export function createAlerts({ store, sealer, clock, log, send }: AlertsDeps): Alerts {
  const ending = new AbortController()
  let underWay: Promise<unknown> = Promise.resolve()

  async function prepareFor(accountId: string): Promise<void> {
    let room = mostPrepared
    for (const policy of (await store.listAlertPolicies(accountId)).toReversed()) {
      if (policy.enabled) room -= await queueFor(policy, room)
    }
  }

  /** Answers with how many messages that may have been, at most as many as there is room for. */
  async function queueFor(policy: AlertPolicy, room: number): Promise<number> {
    const now = clock.now()
    const limit = Math.floor(room / policy.webhookIds.length)
    const tokens = limit === 0 ? [] : await store.listUntold(policy, now, limit)
    const deliveries = tokens.flatMap((token) => {
      const body = JSON.stringify(alertMessage(policy, token, now))
      return policy.webhookIds.map((webhookId) => ({
        ...{ id: deliveryId(webhookId, token), accountId: policy.accountId, webhookId, body, createdAt: now },
        ...{ policyId: policy.id, policyName: policy.name, policyDescription: policy.description },
        ...{ tokenId: token.id, tokenExpiresAt: token.expiresAt },
      }))
    })
    await store.queueDeliveries(deliveries)
    return deliveries.length
  }

  /** Where a message is still to go; `undefined` where somebody has changed policy or token since, so that it would be wrong or unwanted. */
  async function receiverOf({ policyId, webhookId, tokenId, tokenExpiresAt }: Delivery): Promise<Webhook | undefined> {
    const [policy, token] = await Promise.all([store.find('alert_policy', policyId), store.find('service_token', tokenId)])
    if (policy?.enabled !== true || !policy.webhookIds.includes(webhookId)) return undefined
    if (policy.tokenIds?.includes(tokenId) === false) return undefined
    return token?.enabled === true && token.expiresAt === tokenExpiresAt ? store.find('webhook', webhookId) : undefined
  }

  async function serve(webhookId: string): Promise<void> {
    const due = await store.deliveriesDue(webhookId, clock.now(), mostPerTurn)
    for (const [index, delivery] of due.entries()) {
      if (ending.signal.aborted) return
      const webhook = await receiverOf(delivery)
      if (webhook === undefined) {
        await store.dropDelivery(delivery.id)
        continue
      }
      const flaw = await attempt(webhook, delivery.body)
      if (flaw === undefined) await store.noteSent(delivery.id, clock.now())
      // What was broken off is as it was before.
      else if (!ending.signal.aborted) await postpone(webhook, due.slice(index), flaw)
      if (flaw !== undefined) return
    }
  }

  /** Answers as `send` does. */
  async function attempt(webhook: Webhook, body: string): Promise<string | undefined> {
    let secret: string | null
    try {
      secret = secretOf(sealer, webhook)
    } catch {
      return 'its secret cannot be opened'
    }
    return send({ url: webhook.url, secret, body }, ending.signal)
  }

  /** After an attempt in vain all that waits for the same receiver waits on: one that is gone is asked once, not once for each message. */
  async function postpone(webhook: Webhook, waiting: readonly Delivery[], flaw: string): Promise<void> {
    const now = clock.now()
    const pauses = waiting.map(({ id, createdAt }) => ({ id, pause: pauseAfter(now - createdAt) }))
    const unsent = pauses.map(({ id, pause }) => ({ id, dueAt: pause === undefined ? null : now + pause }))
    await store.noteUnsent(unsent, now)
    const givenUp = unsent.filter(({ dueAt }) => dueAt === null).length
    const fields = { account: webhook.accountId, webhook: webhook.id, host: new URL(webhook.url).host, reason: flaw }
    if (givenUp > 0) log.error({ ...fields, count: givenUp, afterMs: keepTryingMs }, 'alerts could not be delivered and are given up')
    if (givenUp < unsent.length) {
      log.warn(
        { ...fields, count: unsent.length - givenUp },
        'an alert could not be delivered; all that wait for the same webhook are tried again later',
      )
    }
  }

  async function round(): Promise<void> {
    const waiting = (await store.webhooksDue(clock.now(), mostWebhooks)).values()
    const lane = async () => {
      for (const webhookId of waiting) {
        await serve(webhookId).catch((error: unknown) =>
          log.error({ err: error, webhook: webhookId }, 'alerts to a webhook could not be seen to'),
        )
      }
    }
    await Promise.all(Array.from({ length: webhooksAtOnce }, lane))
  }

  return {
    async prepare() {
      const accounts = new Set<string>()
      for await (const page of pagesOf(store, 'alert_policy')) {
        for (const { enabled, accountId } of page) if (enabled) accounts.add(accountId)
      }
      for (const accountId of accounts) await prepareFor(accountId)
    },

    isDue: async () => (await store.webhooksDue(clock.now(), 1)).length > 0,

    async deliver() {
      if (ending.signal.aborted) return
      const current = round()
      underWay = current.catch(() => undefined)
      await current
    },

    async forget() {
      while ((await store.forgetDeliveries(clock.now() - keptMs, batchSize)) === batchSize);
    },

    async stop() {
      ending.abort()
      await underWay
    },
  }
}
