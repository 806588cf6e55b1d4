import { createAccessRequests } from '../authority/access-requests.ts'
import { createActivityCounts } from '../authority/activity-counts.ts'
import type { Clock, Log, Store } from '../authority/ports.ts'
import { every, settle } from '../authority/rounds.ts'
import { createSecretUses, createUses } from '../authority/uses.ts'
import type { Config } from '../config/settings.ts'
import { createActivityNotes } from '../gate/activity-notes.ts'
import { createUseNotes } from '../gate/use-notes.ts'
import type { Closer } from './closers.ts'

interface GateNotesDeps {
  readonly store: Store
  readonly config: Pick<Config, 'flushInterval'>
  readonly log: Log
  readonly clock: Clock
}

/** Collects what a gate learns, and stores it in batches, the rest of it at the end. */
export function collectNotes({ store, config, log, clock }: GateNotesDeps, closers: Closer[]) {
  const uses = createUses((batch) => store.recordUses('service_token', batch))
  const secretUses = createSecretUses(store.recordSecretUses)
  const accessRequests = createAccessRequests(store, log)
  const counts = createActivityCounts(store.recordActivity)
  const useNotes = createUseNotes({ noteToken: uses.note, noteSecret: secretUses.note })
  const activityNotes = createActivityNotes({ add: counts.add })
  const batches = [uses.flush, secretUses.flush, accessRequests.flush, counts.flush]
  const flush = settle(batches, log, 'what happened lately at the gate could not be stored')
  const flushAll = () => {
    useNotes.handAll(clock.now())
    activityNotes.handAll(clock.now())
    return flush()
  }
  const flushNew = () => {
    useNotes.hand(clock.now())
    activityNotes.hand(clock.now())
    return flush()
  }
  closers.push(flushAll, every(config.flushInterval, flushNew))
  return { noteUse: useNotes.note, noteActivity: activityNotes.note, recordRequest: accessRequests.note }
}
