import type { Instant } from '../domain/instant.ts'
import type { SecretUse } from './ports.ts'

/** Collects when credentials were last used, so that the requests themselves write nothing. */
export interface Uses<Use> {
  note(id: string, use: Use): void
  /** Hands over what was collected; after a failure it is collected still, and the failure is thrown. */
  flush(): Promise<void>
}

/** @param max how many are collected at a time; further ones are passed over until these are stored. */
export function createUses<Use = Instant>(
  record: (uses: ReadonlyMap<string, Use>) => Promise<void>,
  max = Number.POSITIVE_INFINITY,
): Uses<Use> {
  let collected = new Map<string, Use>()
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
    note(id, use) {
      if (collected.size < max || collected.has(id)) collected.set(id, use)
    },
    flush() {
      // One after the other: whoever flushes before closing the store waits for a flush under way, and takes on what that one failed to store.
      storing = storing.then(store, store)
      return storing
    },
  }
}

/** Addresses are the callers' to choose, if they have enough of them. */
const maxSecretUses = 100_000

/** Collects from where which secret was last used. */
export function createSecretUses(record: (uses: readonly SecretUse[]) => Promise<void>) {
  const { note, flush } = createUses<SecretUse>((batch) => record([...batch.values()]), maxSecretUses)
  return { note: (use: SecretUse) => note(`${use.tokenId} ${use.secretVersion} ${use.address}`, use), flush }
}
