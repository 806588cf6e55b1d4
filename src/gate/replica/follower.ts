import { pagesOf } from '../../authority/pages.ts'
import type { Change, Clock, Feed, Log } from '../../authority/ports.ts'
import { inTurn } from '../../authority/rounds.ts'
import { inTime, patienceMs } from '../patience.ts'
import { type Replica, replicated } from './replica.ts'

export interface Follower {
  /** Loads a snapshot and begins to poll. Fails when the store cannot be read. */
  start(): Promise<void>
  /** Resolves once every change stored before this call is in the replica, or the store could not be read. Never rejects. */
  catchUp(): Promise<void>
  /** Milliseconds since the last poll that succeeded was sent: no change older than that is missing. */
  ageMs(monotonicMs?: number): number
  position(): Position
  stop(): Promise<void>
}

/** How far it has come. */
export interface Position {
  /** The newest change that is applied, and all before it. */
  readonly seq: number
  /** When the poll was sent that confirmed it. */
  readonly confirmedAtMs: number
}

export interface FollowerDeps {
  readonly feed: Feed
  readonly replica: Replica
  readonly clock: Clock
  readonly log: Log
  readonly pollEveryMs: number
  /** Milliseconds of age beyond which the operator is told. */
  readonly stalenessBudgetMs: number
  /** Hears of it when changes have been applied. */
  readonly onApplied?: () => void
}

/** Changes a read. */
const batchSize = 1000

/** Keeps a replica up to date from the change log. */
export function createFollower({ feed, replica, clock, log, pollEveryMs, stalenessBudgetMs, onApplied }: FollowerDeps): Follower {
  let seq = 0
  /** Whether the last snapshot was read to its end, and nothing has shown since that it is of no use. */
  let isWhole = false
  let confirmedAtMs = Number.NEGATIVE_INFINITY
  let failing = false
  let stale = false
  let stopped = false
  let timer: NodeJS.Timeout | undefined
  const mostMsToAnswer = patienceMs(stalenessBudgetMs)
  /** The poll under way may have been sent before a change: who asks then waits for one that is sent after it. */
  const polls = inTurn(poll)

  async function loadSnapshot(): Promise<void> {
    const sentAtMs = clock.monotonicMs()
    // Whatever changes while the pages are read has a number above this one and is applied again, so the pages need no transaction.
    const head = await feed.head()
    replica.beginRound()
    for (const kind of replicated) {
      if (kind === 'service_token') continue
      for await (const page of pagesOf(feed, kind)) for (const entity of page) replica.put(kind, entity)
    }
    for await (const page of feed.credentials()) for (const token of page) replica.put('service_token', token)
    replica.endRound()
    replica.settle()
    // Not before: a snapshot that broke off must be read again.
    seq = head
    isWhole = true
    confirmedAtMs = sentAtMs
  }

  async function poll(): Promise<void> {
    try {
      const sentAtMs = clock.monotonicMs()
      const before = seq
      if (!isWhole) await loadSnapshot()
      const obstacle = await applyChanges()
      if (obstacle !== null) {
        log.warn({ seq }, obstacle)
        isWhole = false
        // What it told of itself may have been of another past.
        onApplied?.()
        await loadSnapshot()
      }
      confirmedAtMs = sentAtMs
      if (seq !== before) onApplied?.()
      if (failing) log.info({ seq }, 'the gate follows the change log again')
      failing = false
      stale = false
    } catch (error) {
      if (!failing)
        log.error({ err: error, seq }, 'the gate cannot read the change log; it answers from what it knows until its lease ends')
      failing = true
      if (!stale && ageMs() > stalenessBudgetMs) {
        stale = true
        log.error({ seq, ageMs: Math.round(ageMs()) }, 'the staleness budget is used up')
      }
    }
  }

  /** Applies them to the last, or tells why what there is does not go on from what is known. */
  async function applyChanges(): Promise<string | null> {
    for (;;) {
      const { head, changes } = await inTime(feed.changesSince(seq, batchSize), mostMsToAnswer)
      if (head < seq) return 'the database has gone back in time; the gate learns it anew'
      // Old changes are pruned, and nowhere else is a gap.
      if (head > seq && changes[0]?.seq !== seq + 1) return 'the gate has fallen behind the change log; it learns everything anew'
      await apply(changes)
      // Before it is told that they are applied.
      replica.settle()
      seq = changes.at(-1)?.seq ?? seq
      if (changes.length < batchSize) return null
    }
  }

  function ageMs(monotonicMs = clock.monotonicMs()): number {
    return monotonicMs - confirmedAtMs
  }

  /** Reads things as they are now, which may be newer than their changes: then a later change applies them again, to the same effect. */
  async function apply(changes: readonly Change[]): Promise<void> {
    for (const kind of replicated) {
      const ids = new Set(changes.flatMap((change) => (change.kind === kind ? change.id : [])))
      if (ids.size === 0) continue
      for (const entity of await inTime(feed.findEach(kind, ids), mostMsToAnswer)) {
        replica.put(kind, entity)
        ids.delete(entity.id)
      }
      for (const id of ids) replica.remove(kind, id)
    }
  }

  /** From the beginning of one poll to that of the next, so that a change waits no longer where polls take long; but no poll without a pause after it. */
  function schedule(tookMs = 0): void {
    timer = setTimeout(
      () => {
        const fromMs = clock.monotonicMs()
        void polls.run().then(() => {
          if (!stopped) schedule(clock.monotonicMs() - fromMs)
        })
      },
      Math.max(pollEveryMs - tookMs, pollEveryMs / 2),
    )
  }

  return {
    async start() {
      await loadSnapshot()
      schedule()
    },
    catchUp: polls.run,
    ageMs,
    position: () => ({ seq: isWhole ? seq : 0, confirmedAtMs }),
    async stop() {
      stopped = true
      clearTimeout(timer)
      await polls.ended()
    },
  }
}
