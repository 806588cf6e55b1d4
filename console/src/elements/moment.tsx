import { createContext, type ReactNode, useContext, useEffect, useState } from 'react'
import { exactly, inWords, isForever } from './instants.ts'

const Now = createContext(0)
const tickMs = 15_000

/** Lets everything below read one clock, which ticks often enough for "a minute ago". */
export function Clock({ children }: { readonly children: ReactNode }) {
  const [now, setNow] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), tickMs)
    return () => clearInterval(timer)
  }, [])
  return <Now value={now}>{children}</Now>
}

/** The time, as of the last tick. What was loaded since may be younger. */
export function useNow(): number {
  return useContext(Now)
}

/** What lies between the last tick and this moment has been, and is not to come. */
function nowFor(instant: number, ticked: number): number {
  return instant > ticked ? Date.now() : ticked
}

/** A time in relation to now; the exact one, and the same in UTC, on hover. */
export function Moment({ at }: { readonly at: string }) {
  const ticked = useNow()
  const instant = Date.parse(at)
  if (isForever(instant)) return <span>never</span>
  return (
    <time dateTime={at} title={`${exactly(instant)} (${at})`} className="nowrap">
      {inWords(instant, nowFor(instant, ticked))}
    </time>
  )
}

/** The exact time, and in relation to now behind it. */
export function ExactMoment({ at }: { readonly at: string }) {
  const ticked = useNow()
  const instant = Date.parse(at)
  if (isForever(instant)) return <span>never</span>
  return (
    <time dateTime={at} title={at}>
      {exactly(instant)} <span className="faint">({inWords(instant, nowFor(instant, ticked))})</span>
    </time>
  )
}
