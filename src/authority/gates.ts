import type { Instant } from '../domain/instant.ts'
import { type Arrival, arrivalAt, isLive } from '../domain/revocation.ts'
import type { Nodes, SeenGate } from './nodes.ts'
import type { Clock, Log, Store } from './ports.ts'
import { inTurn } from './rounds.ts'

/** What the gates have of what was stored. */
export interface Gates {
  /** Those that are live, and those that fell silent not long ago. */
  list(): Promise<{ readonly head: number; readonly gates: readonly SeenGate[] }>
  /** Waits until whatever has been stored counts at every live gate, or that long; and tells what became of it at each. */
  receipt(withinMs: number): Promise<Receipt>
}

export interface Receipt {
  /** The newest change when it was asked for: the one in question, or a later one. `null` where the database did not say. */
  readonly change: number | null
  /** Nothing that came before the change counts anywhere any more. */
  readonly isComplete: boolean
  readonly at: Instant
  readonly arrivals: readonly (Arrival & { readonly gate: SeenGate })[]
}

export interface GatesDeps {
  readonly store: Pick<Store, 'head'> & Pick<Nodes, 'listGates'>
  readonly clock: Clock
  readonly log: Log
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>
}

/** Between two looks at what the gates say. All who wait look together. */
const lookEveryMs = 50

export function createGates({ store, clock, log, pause }: GatesDeps): Gates {
  let gates: readonly SeenGate[] = []
  /** Since when each has said nothing new, by the clock of this node: that of the database may be put forward, and all would seem to be silent. */
  const silentSince = new Map<string, { readonly reportedAt: Instant; readonly ms: number }>()

  function withSilence(gate: SeenGate, nowMs: number): SeenGate {
    const before = silentSince.get(gate.id)
    const since = before?.reportedAt === gate.reportedAt ? before : { reportedAt: gate.reportedAt, ms: nowMs }
    silentSince.set(gate.id, since)
    return { ...gate, silentMs: nowMs - since.ms }
  }

  const look = inTurn(async () => {
    const nowMs = clock.monotonicMs()
    const listed = await store.listGates()
    const ids = new Set(listed.map(({ id }) => id))
    for (const id of silentSince.keys()) if (!ids.has(id)) silentSince.delete(id)
    gates = listed.map((gate) => withSilence(gate, nowMs))
  })

  /** What is stored already is not undone because nobody can tell what became of it. */
  async function lookAgain(): Promise<boolean> {
    try {
      await look.run()
      return true
    } catch (error) {
      log.warn({ err: error }, 'it cannot be told what the gates have of a change')
      return false
    }
  }

  return {
    async list() {
      return { head: await store.head(), gates: await store.listGates() }
    },

    async receipt(withinMs) {
      const change = await store.head().catch(() => Number.POSITIVE_INFINITY)
      // By the clock that is never put back; the instants that are shown are reckoned from it.
      const [storedAtMs, storedAt] = [clock.monotonicMs(), clock.now()]
      for (;;) {
        const isKnown = await lookAgain()
        const passedMs = clock.monotonicMs() - storedAtMs
        const at = storedAt + passedMs
        const arrivals = gates.filter(isLive).map((gate) => ({ ...arrivalAt(gate, change, storedAt, at), gate }))
        const isComplete = isKnown && Number.isFinite(change) && arrivals.every(({ status }) => status !== 'waiting')
        if (isComplete || passedMs >= withinMs) return { change: Number.isFinite(change) ? change : null, isComplete, at, arrivals }
        await pause(Math.min(lookEveryMs, withinMs - passedMs))
      }
    },
  }
}
