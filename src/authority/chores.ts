import type { AccessKeys } from './access-keys.ts'
import { activityKeptMs } from './activity.ts'
import type { Alerts } from './alerts.ts'
import type { Clock, Store } from './ports.ts'

export interface ChoresDeps {
  readonly store: Store
  readonly accessKeys: AccessKeys
  readonly endInactive: () => Promise<void>
  readonly forgetSilentGates: () => Promise<void>
  readonly alerts: Pick<Alerts, 'prepare' | 'forget'>
  readonly clock: Clock
  /** How long requests at the gate are kept. */
  readonly logRetentionMs: number
  /** How many requests at the gate are kept at most; 0 for any number. */
  readonly requestLogMax: number
  /** How many changes are kept. */
  readonly changeLogMax: number
}

/** Rows a statement: each holds up other writers for a few milliseconds only. */
const batchSize = 1000

/** What has to be done now and then. One node at a time sees to it; a second one would change nothing that the first has done already. */
export function createChores({
  store,
  accessKeys,
  endInactive,
  forgetSilentGates,
  alerts,
  clock,
  logRetentionMs,
  requestLogMax,
  changeLogMax,
}: ChoresDeps): readonly (() => Promise<void>)[] {
  return [
    accessKeys.rotateDue,
    endInactive,
    alerts.prepare,
    alerts.forget,
    () => store.forgetAttempts(clock.now()),
    forgetSilentGates,
    async () => {
      while ((await store.pruneChanges(changeLogMax, batchSize)) === batchSize);
    },
    async () => {
      const before = clock.now() - logRetentionMs
      while ((await store.forgetAccessRequests(before, batchSize)) === batchSize);
    },
    async () => {
      const before = clock.now() - activityKeptMs
      while ((await store.forgetActivity(before, batchSize)) === batchSize);
    },
    async () => {
      if (requestLogMax === 0) return
      while ((await store.trimAccessRequests(requestLogMax, batchSize)) === batchSize);
    },
  ]
}
