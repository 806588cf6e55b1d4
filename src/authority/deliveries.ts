import type { AlertPolicy, Webhook } from '../domain/alert.ts'
import type { Instant } from '../domain/instant.ts'
import type { ServiceToken } from '../domain/service-token.ts'

// Alerts that wait to be sent, and those that were: a part of the store.

/** One alert to one webhook. */
export interface Delivery {
  /** Made of webhook, token and expiry: nobody is told twice of the same, whichever policies ask for it. */
  readonly id: string
  readonly accountId: string
  readonly policyId: string
  readonly policyName: string
  readonly policyDescription: string
  readonly webhookId: string
  readonly tokenId: string
  readonly tokenExpiresAt: Instant
  /** The message, the same in each attempt. */
  readonly body: string
  readonly createdAt: Instant
}

/** One that has arrived. */
export interface SentAlert extends Delivery {
  readonly sentAt: Instant
}

export interface SentQuery {
  readonly accountId: string
  readonly since?: Instant | undefined
  readonly before?: Instant | undefined
  /** From 1. */
  readonly page: number
  readonly perPage: number
}

/** What became of the messages to a webhook lately. */
export interface Outcomes {
  readonly lastSuccessAt: Instant | null
  readonly lastFailureAt: Instant | null
}

export interface Deliveries {
  /** Newest first. */
  listWebhooks(accountId: string): Promise<readonly Webhook[]>
  /** Newest first. */
  listAlertPolicies(accountId: string): Promise<readonly AlertPolicy[]>
  /** Up to `limit` tokens of the account and its zones that are expiring, and of which one of the policy's webhooks at least has not been told for that expiry. */
  listUntold(
    policy: Pick<AlertPolicy, 'accountId' | 'webhookIds' | 'tokenIds'>,
    now: Instant,
    limit: number,
  ): Promise<readonly ServiceToken[]>
  /** Notes what is to be sent at once, a few at a time; what is noted already stays as it is. */
  queueDeliveries(deliveries: readonly Delivery[]): Promise<void>
  /** Up to `limit` webhooks for which something is due, those first that have waited longest. */
  webhooksDue(now: Instant, limit: number): Promise<readonly string[]>
  /** Up to `limit` of what is due to a webhook: what was tried least often first, then the oldest. */
  deliveriesDue(webhookId: string, now: Instant, limit: number): Promise<readonly Delivery[]>
  noteSent(id: string, at: Instant): Promise<void>
  /** Notes that the first of them was tried in vain, and when to try them again; `null` for never. */
  noteUnsent(unsent: readonly { readonly id: string; readonly dueAt: Instant | null }[], at: Instant): Promise<void>
  /** Forgets what need not be sent any more. */
  dropDelivery(id: string): Promise<void>
  outcomesOf(webhookIds: readonly string[]): Promise<ReadonlyMap<string, Outcomes>>
  /** Newest first, and how many there are in all. */
  listSent(query: SentQuery): Promise<{ readonly items: readonly SentAlert[]; readonly total: number }>
  /** Removes up to `limit` from before an instant, and says how many. */
  forgetDeliveries(before: Instant, limit: number): Promise<number>
}
