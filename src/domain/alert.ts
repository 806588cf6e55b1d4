import { createHash } from 'node:crypto'
import { endOfTime, formatInstant, type Instant } from './instant.ts'
import { lifetimeOf, type ServiceToken } from './service-token.ts'

/** Where alerts of an account are sent: each is a POST to this URL. */
export interface Webhook {
  readonly id: string
  readonly accountId: string
  readonly name: string
  /** May hold a secret in its path, as those of chat services do. */
  readonly url: string
  /** Sent along, so that the receiver knows from whom it is: encrypted, as it must be read again. */
  readonly sealedSecret: Uint8Array | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

/** Which service tokens of an account somebody is told about before they expire, and where. */
export interface AlertPolicy {
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly description: string
  readonly enabled: boolean
  readonly webhookIds: readonly string[]
  /** `null` for all there are and will be. */
  readonly tokenIds: readonly string[] | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

export const alertType = 'expiring_service_token_alert'

/** How long before it expires somebody is told of a token: a week, */
export const alertAheadMs = 7 * 24 * 3_600_000
/** and not before the last quarter of its lifetime: what is refreshed when a third of that is left, as is usual, is never told of. */
export const alertShare = 1 / 4

/** Whether a token is one to tell of, now: it works, and soon will not. One that lasts for ever never is. */
export function isExpiring(
  { enabled, expiresAt, duration }: Pick<ServiceToken, 'enabled' | 'expiresAt' | 'duration'>,
  now: Instant,
): boolean {
  const lifetime = lifetimeOf(duration)
  if (!enabled || expiresAt <= now || expiresAt >= endOfTime || lifetime === 'forever') return false
  return expiresAt - now <= Math.min(alertAheadMs, lifetime * alertShare)
}

/** What is sent to a webhook, as it is on the wire. */
export interface AlertMessage {
  readonly name: string
  readonly text: string
  readonly data: Readonly<Record<string, string | null>>
  /** In whole seconds. */
  readonly ts: number
  readonly account_id: string
  readonly policy_id: string
  readonly policy_name: string
  readonly alert_type: typeof alertType
  readonly alert_correlation_id: string
  readonly alert_event: 'ALERT_STATE_EVENT_START'
}

type ToldOf = Pick<ServiceToken, 'id' | 'name' | 'clientId' | 'accountId' | 'zoneId' | 'expiresAt'>

/** Tells of a token what its list shows of it, and no secret. */
export function alertMessage(policy: Pick<AlertPolicy, 'id' | 'name'>, token: ToldOf, now: Instant): AlertMessage {
  const expiresAt = formatInstant(token.expiresAt)
  return {
    name: policy.name,
    text: `The service token "${token.name}" expires at ${expiresAt}. Refresh it, and whoever uses it goes on without a new secret.`,
    data: {
      ...{ service_token_id: token.id, service_token_name: token.name, client_id: token.clientId },
      ...{ expires_at: expiresAt, zone_id: token.zoneId },
    },
    ts: Math.floor(now / 1000),
    ...{ account_id: token.accountId, policy_id: policy.id, policy_name: policy.name, alert_type: alertType },
    ...{ alert_correlation_id: correlationId(token), alert_event: 'ALERT_STATE_EVENT_START' },
  }
}

/** The same for all that is ever said of one token and one expiry, by whatever node and however often: 32 hex digits. */
function correlationId({ id, expiresAt }: Pick<ServiceToken, 'id' | 'expiresAt'>): string {
  return digits(id, String(expiresAt))
}

/** The same for all that is said to one webhook of one token and one expiry, so that it is noted once, by whatever node and for whichever policy. */
export function deliveryId(webhookId: string, token: Pick<ServiceToken, 'id' | 'expiresAt'>): string {
  return digits(webhookId, token.id, String(token.expiresAt))
}

function digits(...parts: readonly string[]): string {
  return createHash('sha256').update(parts.join(' ')).digest('hex').slice(0, 32)
}

/** For how long it is tried to send a message: longer than a weekend. */
export const keepTryingMs = 72 * 3_600_000

const [shortestPause, longestPause] = [30_000, 12 * 3_600_000]

/** How long to wait after an attempt in vain to send what has waited for so long already: as long again. `undefined` when it is given up. */
export function pauseAfter(waitedMs: number): number | undefined {
  if (waitedMs >= keepTryingMs) return undefined
  return Math.min(Math.max(waitedMs, shortestPause), longestPause)
}
