import type { Instant } from './instant.ts'

export const hourMs = 3_600_000

/** The beginning of the hour that a moment is in. */
export function hourOf(now: Instant): Instant {
  return Math.floor(now / hourMs) * hourMs
}

/** What became of requests at the gate. */
export interface Outcomes {
  readonly allowed: number
  readonly refused: number
  /** Of those allowed: by the secret before the last rotation. */
  readonly previousSecret: number
}

/** The requests of one hour in which a service token was presented, or that asked for an application of an account or of a zone. */
export interface HourlyCount extends Outcomes {
  /** Its beginning. */
  readonly hour: Instant
  /** The service token's id, or the account's or zone's. */
  readonly subjectId: string
}
