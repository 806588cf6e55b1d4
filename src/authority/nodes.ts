import type { Instant } from '../domain/instant.ts'

// What the nodes of an installation know of each other: a part of the store.

/** A gate of the installation, as it tells of itself. */
export interface GateReport {
  /** Another one at each start. */
  readonly id: string
  readonly name: string
  readonly role: 'both' | 'gate'
  readonly version: string
  readonly startedAt: Instant
  /** The newest change that it has applied, and all before it. */
  readonly appliedChange: number
  /** How long ago the poll was sent that confirmed this. */
  readonly confirmedAgeMs: number
  readonly stalenessBudgetMs: number
  readonly onStale: 'refuse' | 'serve'
}

/** The same as others see it, by the database's clock. */
export interface SeenGate extends GateReport {
  readonly reportedAt: Instant
  readonly silentMs: number
}

export interface Nodes {
  /** Calls as soon as somebody may have stored something, where the database can tell: nobody may rely on it. Answers with a way to end it. */
  watch(onRing: () => void): () => Promise<void>
  reportGate(report: GateReport): Promise<void>
  /** Where `reportedAt` is given, only if it has said nothing since. */
  forgetGate(id: string, reportedAt?: Instant): Promise<void>
  listGates(): Promise<readonly SeenGate[]>
  /**
   * Takes what one node at a time may do, for so many milliseconds by the database's clock, or keeps it. Answers with how long ago it was done last, `null` where
   * that is not known; `undefined` where another node has it. All ask for the same time: a lease that ends later is of before the clock was put back, and counts for nothing.
   */
  takeLease(name: string, holder: string, forMs: number): Promise<{ readonly doneMsAgo: number | null } | undefined>
  noteDone(name: string, holder: string): Promise<void>
  releaseLease(name: string, holder: string): Promise<void>
  /** Removes up to `limit` of the oldest changes but for the `keep` newest, and says how many. */
  pruneChanges(keep: number, limit: number): Promise<number>
}
