import type { Instant } from '../domain/instant.ts'

/** Collects when credentials were last used, so that the requests themselves write nothing. */
export interface Uses {
  note(id: string, at: Instant): void
  /** Hands over what was collected; after a failure it is collected still, and the failure is thrown. */
  flush(): Promise<void>
}

export function createUses(record: (uses: ReadonlyMap<string, Instant>) => Promise<void>): Uses {
  let collected = new Map<string, Instant>()
  let storing = Promise.resolve()

  async function store(): Promise<void> {
    if (collected.size === 0) return
    const batch = collected
    collected = new Map()
    try {
      await record(batch)
    } catch (error) {
      collected = new Map([...batch, ...collected])
      throw error
    }
  }

  return {
    note(id, at) {
      collected.set(id, at)
    },
    flush() {
      // One after the other: whoever flushes before closing the store waits for a flush under way, and takes on what that one failed to store.
      storing = storing.then(store, store)
      return storing
    },
  }
}
