import type { Instant } from './instant.ts'

// When a change is sure to count at every gate. The argument is in docs/adr/0017.

/** What a gate says of itself, and how long ago. */
export interface KnownGate {
  readonly id: string
  readonly name: string
  readonly appliedChange: number
  readonly stalenessBudgetMs: number
  readonly onStale: 'refuse' | 'serve'
  readonly silentMs: number
}

/** What became of a change at one gate. Until `leaseEndsAt` a gate that has not applied it may act on what it knew before; `null` where it may for good. */
export type Arrival =
  | { readonly status: 'applied'; readonly gate: KnownGate }
  | { readonly status: 'waiting' | 'lease_ended'; readonly gate: KnownGate; readonly leaseEndsAt: Instant | null }

/** Clocks of different machines count the same seconds, but for less than this in so long a time. */
const driftIn = (ms: number) => Math.max(1_000, ms / 1_000)

/** After so long a silence a gate no longer lets anybody in, whatever else it knows, until it has made itself known again. */
export function silentAfterMs(stalenessBudgetMs: number): number {
  return 10 * stalenessBudgetMs
}

/** Whether a gate still counts: of the others, it is certain that they stand still. */
export function isLive({ silentMs, stalenessBudgetMs, onStale }: KnownGate): boolean {
  return onStale === 'serve' || silentMs <= silentAfterMs(stalenessBudgetMs) + driftIn(silentAfterMs(stalenessBudgetMs))
}

/**
 * What became of the change at a gate, as seen by who knows that it was stored before `storedAt`. No poll that was sent later can have missed it, so without
 * it no lease outlives the budget from then on.
 */
export function arrivalAt(gate: KnownGate, change: number, storedAt: Instant, now: Instant): Arrival {
  if (gate.appliedChange >= change) return { status: 'applied', gate }
  if (gate.onStale === 'serve') return { status: 'waiting', gate, leaseEndsAt: null }
  const leaseEndsAt = storedAt + gate.stalenessBudgetMs + driftIn(gate.stalenessBudgetMs)
  return { status: now >= leaseEndsAt ? 'lease_ended' : 'waiting', gate, leaseEndsAt }
}
