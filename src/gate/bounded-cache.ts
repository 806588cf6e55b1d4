/** Remembers up to `max` values, and forgets those first that were not asked for lately. */
export interface BoundedCache<Value> {
  get(key: string): Value | undefined
  set(key: string, value: Value): void
}

interface Entry<Value> {
  /** As it was given first: one that is asked with later may be a part of something long, which it would keep in memory. */
  readonly key: string
  readonly value: Value
}

/** Two generations: what is asked for moves into the younger one, and when that is full, the older one is dropped as a whole. */
export function createBoundedCache<Value>(max: number): BoundedCache<Value> {
  let young = new Map<string, Entry<Value>>()
  let old = new Map<string, Entry<Value>>()

  function keep(entry: Entry<Value>): void {
    if (young.size >= max / 2 && !young.has(entry.key)) {
      old = young
      young = new Map()
    }
    young.set(entry.key, entry)
  }

  return {
    set: (key, value) => keep({ key, value }),
    get(key) {
      const found = young.get(key)
      if (found !== undefined) return found.value
      const older = old.get(key)
      if (older === undefined) return undefined
      keep(older)
      return older.value
    },
  }
}
