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
  /** Hands on those that had been still for a minute, and of all others those that were not handed on for so long. */
  hand(now: Instant): void
  /** Hands on whatever is left. */
  handAll(now: Instant): void
}

/** Who goes on asking is stored once in so long: ten thousand machines that ask all the time would otherwise keep the database at nothing else. */
const steadyMs = 60_000
/** So few that handing them on holds up no request. */
const mostNew = 100
/** More than that would hold up requests when they are handed on at the end of an hour. */
const mostSteady = 10_000

export function createWaitingLists<Item extends Waiting>(give: (item: Item) => void): WaitingLists<Item> {
  /** Each in the order in which they began to wait, which is nearly that in which they were handed on. */
  const [fresh, steady]: [Item[], Item[]] = [[], []]

  function handOn(items: Item[], count: number, now: Instant): void {
    for (const item of items.splice(0, count)) {
      give(item)
      item.isWaiting = false
      item.handedAt = now
    }
  }

  function push(items: Item[], most: number, item: Item, now: Instant): void {
    if (items.length >= most) handOn(items, items.length, now)
    items.push(item)
  }

  /** Of a clock that was put back, whatever lies ahead is long ago. */
  const isSteady = ({ handedAt }: Item, now: Instant) => Math.abs(now - handedAt) < steadyMs

  return {
    add(item, now) {
      item.isWaiting = true
      if (isSteady(item, now)) push(steady, mostSteady, item, now)
      else push(fresh, mostNew, item, now)
    },
    hand(now) {
      handOn(fresh, fresh.length, now)
      const firstToKeep = steady.findIndex((item) => isSteady(item, now))
      handOn(steady, firstToKeep === -1 ? steady.length : firstToKeep, now)
    },
    handAll(now) {
      handOn(fresh, fresh.length, now)
      handOn(steady, steady.length, now)
    },
  }
}
