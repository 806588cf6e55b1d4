import type { Clock } from '../authority/ports.ts'
import type { Asked, Reason, Verdict } from './decide.ts'

/**
 * Notices who goes on presenting wrong secrets. Whatever it finds, the right secret is let in: it is asked only about requests that were refused already,
 * which then are told to come back later and leave no further trace.
 */
export interface Brakes {
  /** What is braked about a refused request, and for how many seconds still; `undefined` for nothing. */
  noteRefusal(asked: Asked, verdict: Extract<Verdict, { admitted: false }>): Braked | undefined
}

export interface Braked {
  readonly by: 'source' | 'client_id'
  readonly retryAfterSeconds: number
}

export interface BrakesDeps {
  readonly clock: Clock
  /** Who is counted as one: an address, or the network that it is in. */
  readonly sourceOf: (address: string) => string
  /** Wrong secrets a minute, from one address or for one client id, before the brake; 0 for any number. */
  readonly wrongSecretsPerMinute: number
}

const windowMs = 60_000
/** Sources, and client ids, that are counted in one minute: an attacker with more of them is not braked, and fills no memory either. */
const maxCounted = 100_000

/** Only these are about guessing. Who forgets a header or is let in nowhere is answered as ever. */
const guesses: ReadonlySet<Reason> = new Set<Reason>([
  ...(['unknown_client_id', 'malformed_client_id', 'wrong_secret', 'truncated_secret', 'damaged_secret', 'stray_characters'] as const),
  ...(['swapped', 'previous_secret_ended'] as const),
])

export function createBrakes({ clock, sourceOf, wrongSecretsPerMinute }: BrakesDeps): Brakes {
  let sources = new Map<string, number>()
  let clientIds = new Map<string, number>()
  let endsAtMs = Number.NEGATIVE_INFINITY

  function count(counts: Map<string, number>, key: string): number {
    const next = (counts.get(key) ?? 0) + 1
    if (next > 1 || counts.size < maxCounted) counts.set(key, next)
    return next
  }

  return {
    noteRefusal({ address }, { reason, token }) {
      if (wrongSecretsPerMinute === 0 || !guesses.has(reason)) return undefined
      const nowMs = clock.monotonicMs()
      if (nowMs >= endsAtMs) {
        sources = new Map()
        clientIds = new Map()
        endsAtMs = nowMs + windowMs
      }
      const fromSource = count(sources, sourceOf(address))
      // Client ids that nobody has are an attacker's to invent.
      const forClientId = token === null ? 0 : count(clientIds, token.id)
      const retryAfterSeconds = Math.ceil((endsAtMs - nowMs) / 1000)
      if (fromSource > wrongSecretsPerMinute) return { by: 'source', retryAfterSeconds }
      return forClientId > wrongSecretsPerMinute ? { by: 'client_id', retryAfterSeconds } : undefined
    },
  }
}
