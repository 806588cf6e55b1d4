import type { Instant } from '../domain/instant.ts'
import type { LogAccess } from './access-log.ts'
import type { ActivityNotes } from './activity-notes.ts'
import type { Brakes } from './brakes.ts'
import type { Asked, Verdict } from './decide.ts'
import type { Metrics } from './metrics.ts'
import type { NoteRequest } from './request-log.ts'

/** Takes note of a decision. Answers with the seconds after which a client that guesses secrets may come back; `undefined` for all others. */
export type Observe = (asked: Asked, verdict: Verdict, ray: string, now: Instant, tookMs: number) => number | undefined

export interface ObserverDeps {
  readonly metrics: Pick<Metrics, 'noteVerdict' | 'noteBraked'>
  readonly noteActivity: ActivityNotes['note']
  readonly brakes: Brakes
  readonly noteRequest: NoteRequest
  readonly logAccess: LogAccess | undefined
}

/** Everything that is remembered of a request at the gate. Who is braked is only counted: guesses must not fill logs. */
export function createObserver({ metrics, noteActivity, brakes, noteRequest, logAccess }: ObserverDeps): Observe {
  return (asked, verdict, ray, now, tookMs) => {
    metrics.noteVerdict(verdict, tookMs)
    noteActivity(verdict, now)
    const braked = verdict.admitted ? undefined : brakes.noteRefusal(asked, verdict)
    if (braked !== undefined) {
      metrics.noteBraked(braked.by)
      // Only of the source: for a client id, it would tell that there is one.
      return braked.by === 'source' ? braked.retryAfterSeconds : undefined
    }
    noteRequest(asked, verdict, ray, now)
    logAccess?.(asked, verdict, ray, tookMs)
    return undefined
  }
}
