import type { HourlyCount } from '../domain/activity.ts'

/** Collects what gates count, so that the requests themselves write nothing. */
export interface ActivityCounts {
  add(count: HourlyCount): void
  /** Hands over what was collected. After a failure what was not stored is collected still, and the failure is thrown. */
  flush(): Promise<void>
}

/** Counts a transaction: it holds up other writers for a few milliseconds only. */
const batchSize = 200

/** Counts that are collected at a time; those of further subjects are passed over until these are stored. */
const mostCollected = 500_000

export function createActivityCounts(record: (counts: readonly HourlyCount[]) => Promise<void>): ActivityCounts {
  let collected = new Map<string, HourlyCount>()
  let storing = Promise.resolve()

  function add(count: HourlyCount): void {
    const key = `${count.hour} ${count.subjectId}`
    const before = collected.get(key)
    if (before !== undefined) collected.set(key, sumOf(before, count))
    else if (collected.size < mostCollected) collected.set(key, count)
  }

  async function store(): Promise<void> {
    // In one order, so that of several gates that add to the same counts none waits for another that waits for it.
    const counts = [...collected.values()].sort((one, other) => one.hour - other.hour || (one.subjectId < other.subjectId ? -1 : 1))
    collected = new Map()
    let from = 0
    try {
      for (; from < counts.length; from += batchSize) await record(counts.slice(from, from + batchSize))
    } catch (error) {
      // Those before are stored, and would be counted twice.
      for (const count of counts.slice(from)) add(count)
      throw error
    }
  }

  return {
    add,
    flush() {
      // One after the other: whoever flushes before closing the store waits for a flush under way, and takes on what that one failed to store.
      storing = storing.then(store, store)
      return storing
    },
  }
}

function sumOf({ hour, subjectId, ...one }: HourlyCount, other: HourlyCount): HourlyCount {
  return {
    hour,
    subjectId,
    allowed: one.allowed + other.allowed,
    refused: one.refused + other.refused,
    previousSecret: one.previousSecret + other.previousSecret,
  }
}
