import type { Nodes } from './nodes.ts'
import type { Log } from './ports.ts'
import { every } from './rounds.ts'

/** What has to be done now and then by one node of the installation, whichever it is. */
export interface Duty {
  /** Does it where it is due and no other node is at it. */
  attend(): Promise<void>
  /** Leaves it to the others, for good. */
  leave(): Promise<void>
}

export interface DutyDeps {
  readonly store: Pick<Nodes, 'takeLease' | 'noteDone' | 'releaseLease'>
  readonly name: string
  readonly nodeId: string
  readonly task: () => Promise<void>
  /** From the end of one time to the beginning of the next. */
  readonly intervalMs: number
  readonly log: Log
}

/** For how long a node has it that is not heard of any more. */
const leaseMs = 30_000
/** How often it is seen whether there is something to do, and for whom. */
export const attendEveryMs = 10_000

export function createDuty({ store, name, nodeId, task, intervalMs, log }: DutyDeps): Duty {
  let hasLeft = false
  let taking: Promise<unknown> = Promise.resolve()

  function take() {
    const lease = hasLeft ? Promise.resolve(undefined) : store.takeLease(name, nodeId, leaseMs)
    taking = lease.catch(() => undefined)
    return lease
  }

  async function keep(): Promise<void> {
    // Where nobody answers, the next time will tell.
    const kept = await take().catch(() => null)
    if (kept === undefined && !hasLeft) log.warn({ name }, 'another node has taken over what this one took too long for')
  }

  return {
    async attend() {
      const lease = await take()
      if (lease === undefined || (lease.doneMsAgo !== null && lease.doneMsAgo < intervalMs)) return
      const stopKeeping = every(attendEveryMs, keep)
      try {
        await task()
        await store.noteDone(name, nodeId)
      } finally {
        await stopKeeping()
      }
    },
    async leave() {
      hasLeft = true
      // Taken after it was released, it would keep the others waiting for nobody.
      await taking
      await store.releaseLease(name, nodeId)
    },
  }
}
