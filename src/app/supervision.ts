import { setTimeout } from 'node:timers/promises'
import type { Log } from '../authority/ports.ts'
import type { Worker } from './worker-process.ts'

export interface SupervisionDeps {
  /** Starts another one in its place; what could not begin to answer has ended. Rejects where there is no process to be had. */
  readonly replace: (number: number) => Promise<Worker>
  readonly log: Log
  /** Ends the supervision. */
  readonly signal: AbortSignal
}

/** Before one that has ended is replaced; twice as long each time that the next one does not last either. */
const shortestPauseMs = 100
const longestPauseMs = 30_000
const lastingMs = 60_000

/** Has another worker take the place of one that ends, again and again. */
export async function supervise(worker: Worker, { replace, log, signal }: SupervisionDeps): Promise<void> {
  let current = worker
  let pauseMs = shortestPauseMs
  while (!signal.aborted) {
    const from = performance.now()
    const ended = await current.ended
    if (signal.aborted) return
    if (performance.now() - from > lastingMs) pauseMs = shortestPauseMs
    log.error({ worker: current.number, ended, nextInMs: pauseMs }, 'a gate worker has ended; another takes its place')
    await setTimeout(pauseMs, undefined, { signal }).catch(() => undefined)
    if (signal.aborted) return
    pauseMs = Math.min(pauseMs * 2, longestPauseMs)
    current = await replace(current.number).catch((error: unknown) => {
      log.error({ err: error, worker: current.number }, 'no process could be started for a gate worker')
      return current
    })
  }
}
