import type { Instant } from '../domain/instant.ts'

/** Something about one of very many machines that is to be stored, but not with each of its requests. */
export interface Waiting {
  isWaiting: boolean
  /** When it was handed on last. */
  handedAt: Instant
}

/** What has not been handed on yet: those that had been still, and apart from them those that go on and on. */
export interface WaitingLists<Item extends Waiting> {
  /** Only for what does not wait yet. Where too many wait, others are handed on first. */
  add(item: Item, now: Instant): void
  /** Hands on those that had been still for a minute, and once in a minute all others. */
  hand(now: Instant): void
  /** Hands on whatever is left. */
  handAll(now: Instant): void
}

/** Who goes on asking is stored once in so long: ten thousand machines that ask all the time would otherwise keep the database at nothing else. */
const steadyMs = 60_000
/** So few that handing them on holds up no request. */
const mostNew = 100
/** What is asked for in turn in several ways has one waiting for each time it changes. */
const mostSteady = 10_000

export function createWaitingLists<Item extends Waiting>(give: (item: Item) => void): WaitingLists<Item> {
  const [fresh, steady]: [Item[], Item[]] = [[], []]
  let steadySince = Number.NEGATIVE_INFINITY

  function handOn(items: Item[], now: Instant): void {
    for (const item of items) {
      give(item)
      item.isWaiting = false
      item.handedAt = now
    }
    items.length = 0
  }

  function push(items: Item[], most: number, item: Item, now: Instant): void {
    if (items.length >= most) handOn(items, now)
    items.push(item)
  }

  return {
    add(item, now) {
      item.isWaiting = true
      if (now - item.handedAt < steadyMs) push(steady, mostSteady, item, now)
      else push(fresh, mostNew, item, now)
    },
    hand(now) {
      handOn(fresh, now)
      // A clock that was put back must not put it off.
      if (Math.abs(now - steadySince) < steadyMs) return
      steadySince = now
      handOn(steady, now)
    },
    handAll(now) {
      handOn(fresh, now)
      handOn(steady, now)
    },
  }
}
