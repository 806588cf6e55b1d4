import type { Instant } from '../domain/instant.ts'
import { type Arrival, arrivalAt, isLive } from '../domain/revocation.ts'
import type { Nodes, SeenGate } from './nodes.ts'
import type { Clock, Store } from './ports.ts'
import { inTurn } from './rounds.ts'

/** What the gates have of what was stored. */
export interface Gates {
  /** Those that are live, and those that fell silent not long ago. */
  list(): Promise<{ readonly head: number; readonly gates: readonly SeenGate[] }>
  /** Waits until whatever has been stored counts at every live gate, or that long; and tells what became of it at each. */
  receipt(withinMs: number): Promise<Receipt>
}

export interface Receipt {
  /** The newest change when it was asked for: the one in question, or a later one. */
  readonly change: number
  /** Nothing that came before the change counts anywhere any more. */
  readonly isComplete: boolean
  readonly at: Instant
  readonly arrivals: readonly (Arrival & { readonly gate: SeenGate })[]
}

export interface GatesDeps {
  readonly store: Pick<Store, 'head'> & Pick<Nodes, 'listGates'>
  readonly clock: Clock
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>
}

/** Between two looks at what the gates say. All who wait look together. */
const lookEveryMs = 50

export function createGates({ store, clock, pause }: GatesDeps): Gates {
  let gates: readonly SeenGate[] = []
  const look = inTurn(async () => {
    gates = await store.listGates()
  })

  return {
    async list() {
      return { head: await store.head(), gates: await store.listGates() }
    },

    async receipt(withinMs) {
      const change = await store.head()
      // By the clock that is never put back; the instants that are shown are reckoned from it.
      const [storedAtMs, storedAt] = [clock.monotonicMs(), clock.now()]
      for (;;) {
        await look.run()
        const passedMs = clock.monotonicMs() - storedAtMs
        const at = storedAt + passedMs
        const arrivals = gates.filter(isLive).map((gate) => ({ ...arrivalAt(gate, change, storedAt, at), gate }))
        const isComplete = arrivals.every(({ status }) => status !== 'waiting')
        if (isComplete || passedMs >= withinMs) return { change, isComplete, at, arrivals }
        await pause(Math.min(lookEveryMs, withinMs - passedMs))
      }
    },
  }
}
