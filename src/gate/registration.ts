import type { GateReport, Nodes } from '../authority/nodes.ts'
import type { Clock, Log } from '../authority/ports.ts'
import { every, inTurn } from '../authority/rounds.ts'
import { silentAfterMs } from '../domain/revocation.ts'
import { inTime, patienceMs } from './patience.ts'
import type { Position } from './replica/follower.ts'

/** What makes a gate known to those who want to be sure that a revocation has reached it. */
export interface Registration {
  /** Makes it known. What the gate learns by polls that are sent from then on counts. */
  start(): Promise<void>
  /** Tells of new changes, a moment later. */
  tellSoon(): void
  /** Whether whoever asks for all gates is told of this one, and was all the time since a poll that was sent at `confirmedAtMs`. */
  covers(confirmedAtMs: number, monotonicMs: number): boolean
  stop(): Promise<void>
}

export interface RegistrationDeps {
  readonly store: Pick<Nodes, 'reportGate' | 'forgetGate'>
  readonly gate: Omit<GateReport, 'appliedChange' | 'confirmedAgeMs'>
  readonly position: () => Position
  readonly clock: Clock
  readonly log: Log
}

/** Often enough that a budget of a few seconds is not used up by silence, and no burden where there are many gates. */
const mostMsBetweenReports = 5_000
/** Changes that come one after the other are told together. */
const soonMs = 50

export function createRegistration({ store, gate, position, clock, log }: RegistrationDeps): Registration {
  const [silentAfter, mostMsToAnswer] = [silentAfterMs(gate.stalenessBudgetMs), patienceMs(gate.stalenessBudgetMs)]
  /** When the last report that was stored was sent. */
  let reportedAtMs = Number.NEGATIVE_INFINITY
  /** When it was known to all, without a break since. */
  let knownSinceMs = Number.POSITIVE_INFINITY
  let isFailing = false
  let timer: NodeJS.Timeout | undefined
  let stopReporting: () => Promise<void> = () => Promise.resolve()

  async function report(): Promise<void> {
    const sentAtMs = clock.monotonicMs()
    const { seq, confirmedAtMs } = position()
    // One that is stored later all the same says less than what holds by then.
    await inTime(store.reportGate({ ...gate, appliedChange: seq, confirmedAgeMs: Math.round(sentAtMs - confirmedAtMs) }), mostMsToAnswer)
    const nowMs = clock.monotonicMs()
    // In the meantime a revocation may have been confirmed without this gate: what it had learnt by then proves nothing.
    if (nowMs - reportedAtMs > silentAfter) knownSinceMs = nowMs
    reportedAtMs = sentAtMs
    if (isFailing) log.info({}, 'the gate is known to the others again')
    isFailing = false
  }

  const reports = inTurn(() =>
    report().catch((error: unknown) => {
      if (!isFailing) log.error({ err: error }, 'the gate cannot make itself known to the others')
      isFailing = true
    }),
  )

  return {
    async start() {
      await report()
      stopReporting = every(Math.min(mostMsBetweenReports, gate.stalenessBudgetMs / 3), reports.run)
    },
    tellSoon() {
      timer ??= setTimeout(() => {
        timer = undefined
        void reports.run()
      }, soonMs)
    },
    covers: (confirmedAtMs, monotonicMs) => confirmedAtMs >= knownSinceMs && monotonicMs - reportedAtMs <= silentAfter,
    async stop() {
      clearTimeout(timer)
      await stopReporting()
      await reports.ended()
      await store.forgetGate(gate.id)
    },
  }
}
