import type { Instant } from '../domain/instant.ts'
import type { SecretUse } from './ports.ts'

/** Collects when credentials were last used, so that the requests themselves write nothing. */
export interface Uses {
  note(id: string, at: Instant): void
  /** Hands over what was collected; after a failure it is collected still, and the failure is thrown. */
  flush(): Promise<void>
}

/** @param max how many are collected at a time; further ones are passed over until these are stored. */
export function createUses(record: (uses: ReadonlyMap<string, Instant>) => Promise<void>, max = Number.POSITIVE_INFINITY): Uses {
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
      if (collected.size < max || collected.has(id)) collected.set(id, at)
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
  const store = (batch: ReadonlyMap<string, Instant>) => record([...batch].map(([key, at]) => ({ ...fromKey(key), at })))
  const { note, flush } = createUses(store, maxSecretUses)
  return {
    note: ({ tokenId, secretVersion, address, at }: SecretUse) => note(`${tokenId} ${secretVersion} ${address}`, at),
    flush,
  }
}

function fromKey(key: string): Omit<SecretUse, 'at'> {
  const [tokenId = '', version = '', address = ''] = key.split(' ')
  return { tokenId, secretVersion: Number(version), address }
}
