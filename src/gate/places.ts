import type { Socket } from 'node:net'

export interface PlaceLimits {
  /** How many connections there may be at a time; 0 for any number. */
  readonly max: number
  /** How many of them from one source; 0 for any number. */
  readonly maxPerSource: number
  /** Those who speak for many, such as a proxy: only the limit for all holds for them. */
  readonly isTrusted: (address: string) => boolean
  /** Who is counted as one: an address, or the network that it is in. */
  readonly sourceOf: (address: string) => string
}

/** A connection that was let in. */
export interface Place {
  readonly socket: Socket
  readonly source: string
  /** Its requests that are not answered to the end. */
  open: number
}

export interface Places {
  /** A place for a new connection, which waits for its first request; `undefined` where there is none. */
  take(socket: Socket, address: string): Place | undefined
  /** It has a request to answer: nobody takes its place. */
  busy(place: Place): void
  /** It has answered, and waits for the next request. */
  wait(place: Place): void
  /** The connection is closed. */
  leave(place: Place): void
  readonly waiting: Iterable<Place>
  readonly all: Iterable<Place>
}

/** Where connections come from, with those that wait for a request. */
interface Source {
  readonly waiting: Set<Place>
  count: number
}

/** Places for connections. Beyond a limit, a new one takes the place of the one that has waited longest for a request; if none waits, it gets none. */
export function createPlaces({ max, maxPerSource, isTrusted, sourceOf }: PlaceLimits): Places {
  const all = new Set<Place>()
  // Sets keep the order of additions: the longest waiting is the first.
  const waiting = new Set<Place>()
  const sources = new Map<string, Source>()

  /** Whether there is room for one more, perhaps because another was closed for it. */
  function makeRoom(count: number, limit: number, candidates: Iterable<Place>): boolean {
    if (limit === 0 || count < limit) return true
    for (const oldest of candidates) {
      leave(oldest)
      oldest.socket.destroy()
      return true
    }
    return false
  }

  function busy(place: Place): void {
    waiting.delete(place)
    sources.get(place.source)?.waiting.delete(place)
  }

  function wait(place: Place): void {
    if (!all.has(place)) return
    waiting.add(place)
    sources.get(place.source)?.waiting.add(place)
  }

  function leave(place: Place): void {
    if (!all.delete(place)) return
    busy(place)
    const source = sources.get(place.source)
    if (source !== undefined && --source.count === 0) sources.delete(place.source)
  }

  return {
    ...{ all, waiting, busy, wait, leave },
    take(socket, address) {
      const name = sourceOf(address)
      const before = sources.get(name)
      const hasOwn = isTrusted(address) || makeRoom(before?.count ?? 0, maxPerSource, before?.waiting ?? [])
      if (!hasOwn || !makeRoom(all.size, max, waiting)) return undefined
      const source = sources.get(name) ?? { waiting: new Set(), count: 0 }
      sources.set(name, source)
      source.count++
      const place = { socket, source: name, open: 0 }
      all.add(place)
      wait(place)
      return place
    },
  }
}
