import type { Log } from './ports.ts'

/** Collects what happens, to be stored together; so that whoever makes much of it happen writes little. */
export interface Batch<Item> {
  note(item: Item): void
  /** Hands over what was collected. What cannot be stored is lost: it is a record of the past, and must not pile up. */
  flush(): Promise<void>
}

export interface BatchOptions {
  /** How many items are kept between two flushes; of those beyond that the log tells the number. */
  readonly max: number
  /** What they are, for the log: "refused requests". */
  readonly what: string
  readonly log: Log
}

export function createBatch<Item>(record: (items: readonly Item[]) => Promise<void>, { max, what, log }: BatchOptions): Batch<Item> {
  let waiting: Item[] = []
  let dropped = 0
  let storing = Promise.resolve()

  async function store(): Promise<void> {
    const [items, count] = [waiting, dropped]
    waiting = []
    dropped = 0
    if (count > 0) log.warn({ count }, `too many ${what} to record at once; of these only the number is known`)
    if (items.length > 0) await record(items)
  }

  return {
    note(item) {
      if (waiting.length < max) waiting.push(item)
      else dropped++
    },
    flush() {
      // One after the other: whoever flushes before closing the store waits for a flush under way.
      storing = storing.then(store, store)
      return storing
    },
  }
}
