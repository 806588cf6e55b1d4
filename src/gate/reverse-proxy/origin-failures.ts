import type { Clock, Log } from '../../authority/ports.ts'
import { createBoundedCache } from '../bounded-cache.ts'

/** Logs that an origin failed: of each application once in a while, with the number of failures that got no line. Nothing that an origin sent is in it. */
export type NoteFailure = (error: unknown, ray: string, applicationId: string, message: string) => void

export interface OriginFailuresDeps {
  readonly log: Log
  readonly clock: Clock
}

/** An origin that is down fails with every request. */
const silentForMs = 10_000
/** Applications that are remembered at a time: at worst, one of them has a line too many. */
const maxRemembered = 10_000

export function createOriginFailures({ log, clock }: OriginFailuresDeps): NoteFailure {
  const lastLines = createBoundedCache<{ readonly atMs: number; leftOut: number }>(maxRemembered)

  return (error, ray, applicationId, message) => {
    const nowMs = clock.monotonicMs()
    const last = lastLines.get(applicationId)
    if (last !== undefined && nowMs - last.atMs < silentForMs) {
      last.leftOut++
      return
    }
    lastLines.set(applicationId, { atMs: nowMs, leftOut: 0 })
    const leftOut = last?.leftOut ?? 0
    log.warn({ err: causeOf(error), ray, application: applicationId, ...(leftOut > 0 && { leftOut }) }, message)
  }
}

/** What went wrong, without what Node and undici put beside it: bytes of the answer, with cookies and bodies. */
function causeOf(error: unknown): { readonly name: string; readonly code: string | undefined; readonly message: string } {
  const { name, code, message } = (error instanceof Error ? error : new Error(String(error))) as NodeJS.ErrnoException
  return { name, code, message }
}
