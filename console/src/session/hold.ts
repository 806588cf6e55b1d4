import { useEffect } from 'react'

// A secret that is shown once must not vanish because the credential has ended meanwhile, as when that very credential was rolled.

let holds = 0
let waiting: (() => void) | undefined

/** Ends the session at once, or when nothing holds it any more. */
export function endWhenFree(end: () => void): void {
  if (holds === 0) end()
  else waiting = end
}

/** The session goes on after all: what wanted its end has passed. */
export function forgetEnd(): void {
  waiting = undefined
}

/** Keeps the session as long as the component is shown. */
export function useHold(): void {
  useEffect(() => {
    holds++
    return () => {
      holds--
      if (holds > 0) return
      const end = waiting
      waiting = undefined
      end?.()
    }
  }, [])
}
