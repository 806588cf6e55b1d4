import { useSyncExternalStore } from 'react'

/** A choice that this browser remembers. */
export interface Preference<Value extends string> {
  get(): Value
  set(value: Value): void
  use(): Value
}

export function createPreference<Value extends string>(key: string, values: readonly [Value, ...Value[]]): Preference<Value> {
  const listeners = new Set<() => void>()
  const get = () => values.find((value) => value === localStorage.getItem(key)) ?? values[0]
  const subscribe = (listener: () => void) => {
    listeners.add(listener)
    return () => listeners.delete(listener)
  }
  return {
    get,
    set(value) {
      localStorage.setItem(key, value)
      for (const listener of listeners) listener()
    },
    use: () => useSyncExternalStore(subscribe, get),
  }
}
