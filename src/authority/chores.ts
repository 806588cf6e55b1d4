import type { AccessKeys } from './access-keys.ts'
import type { Clock, Store } from './ports.ts'

export interface ChoresDeps {
  readonly store: Store
  readonly accessKeys: AccessKeys
  readonly clock: Clock
  /** How long requests at the gate are kept. */
  readonly logRetentionMs: number
}

/** Rows a statement: each holds up other writers for a few milliseconds only. */
const batchSize = 1000

/** What has to be done now and then, by any node or by several: each of them changes nothing that another has done already. */
export function createChores({ store, accessKeys, clock, logRetentionMs }: ChoresDeps): readonly (() => Promise<void>)[] {
  return [
    accessKeys.rotateDue,
    () => store.forgetAttempts(clock.now()),
    async () => {
      const before = clock.now() - logRetentionMs
      while ((await store.forgetAccessRequests(before, batchSize)) === batchSize);
    },
  ]
}
