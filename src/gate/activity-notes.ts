import { type HourlyCount, hourMs, hourOf } from '../domain/activity.ts'
import type { Application } from '../domain/application.ts'
import type { Instant } from '../domain/instant.ts'
import type { Verdict } from './decide.ts'
import { createRecollection } from './recollection.ts'
import type { KnownToken } from './replica/token-table.ts'
import { createWaitingLists, type Waiting } from './waiting-lists.ts'

/** Counts what becomes of requests, for each token and for the account and zone of each application. */
export interface ActivityNotes {
  note(verdict: Verdict, now: Instant): void
  /** Hands on the counts of applications and of tokens that had been still for a minute, and once in a minute those of all others. */
  hand(now: Instant): void
  /** Hands on whatever is left. */
  handAll(now: Instant): void
}

interface Tally {
  allowed: number
  refused: number
  previousSecret: number
}

interface TokenTally extends Tally, Waiting {
  readonly token: KnownToken
}

/** A request costs two look-ups by objects that are there, and two additions. */
export function createActivityNotes({ add }: { readonly add: (count: HourlyCount) => void }): ActivityNotes {
  const latest = createRecollection<TokenTally>('activity')
  const lists = createWaitingLists<TokenTally>((tally) => {
    give(tally.token.id, tally)
    tally.allowed = tally.refused = tally.previousSecret = 0
  })
  const byApplication = new Map<Application, Tally>()
  /** The hour that is being counted. */
  let hour = 0

  function give(subjectId: string, { allowed, refused, previousSecret }: Tally): void {
    add({ hour, subjectId, allowed, refused, previousSecret })
  }

  function handApplications(): void {
    for (const [{ accountId, zoneId }, tally] of byApplication) {
      give(accountId, tally)
      if (zoneId !== null) give(zoneId, tally)
    }
    // Applications change, and those that went must not stay here.
    byApplication.clear()
  }

  function handAll(now: Instant): void {
    handApplications()
    lists.handAll(now)
  }

  function ofToken(token: KnownToken, now: Instant): Tally {
    let tally = latest.of(token)
    if (tally === undefined) {
      tally = { token, allowed: 0, refused: 0, previousSecret: 0, handedAt: Number.NEGATIVE_INFINITY, isWaiting: false }
      latest.keep(token, tally)
    }
    // Before it counts anything: what makes room must not take it along.
    if (!tally.isWaiting) lists.add(tally, now)
    return tally
  }

  function ofApplication(application: Application): Tally {
    let tally = byApplication.get(application)
    if (tally === undefined) {
      tally = { allowed: 0, refused: 0, previousSecret: 0 }
      byApplication.set(application, tally)
    }
    return tally
  }

  return {
    handAll,
    hand(now) {
      handApplications()
      lists.hand(now)
    },
    note(verdict, now) {
      if (now < hour || now - hour >= hourMs) {
        handAll(now)
        hour = hourOf(now)
      }
      const { token, application } = verdict
      if (token !== null) count(ofToken(token, now), verdict)
      if (application !== null) count(ofApplication(application), verdict)
    },
  }
}

function count(tally: Tally, verdict: Verdict): void {
  if (!verdict.admitted) tally.refused++
  else {
    tally.allowed++
    if (verdict.via === 'previous') tally.previousSecret++
  }
}
