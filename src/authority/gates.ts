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
  /** Forgets those of which nothing has been heard for a day, and of which this node knows that they let nobody in. */
  forgetSilent(): Promise<void>
}

export interface Receipt {
  /** The newest change when it was asked for: the one in question, or a later one. `null` where the database did not say. */
  readonly change: number | null
  /** Nothing that came before the change counts anywhere any more. */
  readonly isComplete: boolean
  readonly at: Instant
  /** `appliedAt`: by when at the latest the gate had applied the change. */
  readonly arrivals: readonly (Arrival & { readonly gate: SeenGate; readonly appliedAt: Instant | null })[]
}

export interface GatesDeps {
  readonly store: Pick<Store, 'head'> & Pick<Nodes, 'listGates' | 'forgetGate'>
  readonly clock: Clock
  readonly log: Log
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>
}

/** Between two looks at what the gates say. All who wait look together. */
const lookEveryMs = 50
const mostMsOfSilence = 24 * 3_600_000

interface WatchedGate extends SeenGate {
  /** By the clock of the database. */
  readonly saidToBeSilentMs: number
}

/** One that serves on without a lease may let somebody in however long it is silent: a day is all that it is waited for. */
function isGone(gate: WatchedGate): boolean {
  const standsStill = gate.onStale === 'serve' ? gate.silentMs > mostMsOfSilence : !isLive(gate)
  return standsStill && gate.saidToBeSilentMs > mostMsOfSilence
}

export function createGates({ store, clock, log, pause }: GatesDeps): Gates {
  let gates: readonly WatchedGate[] = []
  /** Since when each has said nothing new, by the clock of this node: that of the database may be put forward, and all would seem to be silent. */
  const silentSince = new Map<string, { readonly reportedAt: Instant; readonly ms: number }>()

  /** An answer may have taken a while: what it says was seen by the time it came, and is still so only as of when it was asked for. */
  function watched(gate: SeenGate, askedAtMs: number, heardAtMs: number): WatchedGate {
    const before = silentSince.get(gate.id)
    const since = before?.reportedAt === gate.reportedAt ? before : { reportedAt: gate.reportedAt, ms: heardAtMs }
    silentSince.set(gate.id, since)
    return { ...gate, silentMs: Math.max(0, askedAtMs - since.ms), saidToBeSilentMs: gate.silentMs }
  }

  const look = inTurn(async () => {
    const askedAtMs = clock.monotonicMs()
    const listed = await store.listGates()
    const heardAtMs = clock.monotonicMs()
    const ids = new Set(listed.map(({ id }) => id))
    for (const id of silentSince.keys()) if (!ids.has(id)) silentSince.delete(id)
    gates = listed.map((gate) => watched(gate, askedAtMs, heardAtMs))
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

    async forgetSilent() {
      await look.run()
      for (const gate of gates.filter(isGone)) await store.forgetGate(gate.id, gate.reportedAt)
    },

    async receipt(withinMs) {
      const change = await store.head().catch(() => Number.POSITIVE_INFINITY)
      // By the clock that is never put back; the instants that are shown are reckoned from it.
      const [storedAtMs, storedAt] = [clock.monotonicMs(), clock.now()]
      const appliedAt = new Map<string, Instant>()
      const arrived = (gate: WatchedGate, at: Instant) => {
        const arrival = arrivalAt(gate, change, storedAt, at)
        // The first report that says so; by the clock of this node, as all instants of a receipt.
        if (arrival.status === 'applied' && !appliedAt.has(gate.id))
          appliedAt.set(gate.id, Math.min(at, Math.max(storedAt, at - gate.saidToBeSilentMs)))
        return { ...arrival, gate, appliedAt: appliedAt.get(gate.id) ?? null }
      }
      for (;;) {
        const isKnown = await lookAgain()
        const passedMs = clock.monotonicMs() - storedAtMs
        const at = storedAt + passedMs
        const arrivals = gates.filter(isLive).map((gate) => arrived(gate, at))
        const isComplete = isKnown && Number.isFinite(change) && arrivals.every(({ status }) => status !== 'waiting')
        if (isComplete || passedMs >= withinMs) return { change: Number.isFinite(change) ? change : null, isComplete, at, arrivals }
        await pause(Math.min(lookEveryMs, withinMs - passedMs))
      }
    },
  }
}
