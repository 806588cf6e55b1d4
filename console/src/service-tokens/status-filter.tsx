import { useQuery } from '@tanstack/react-query'
import { useId } from 'react'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { type Status, statuses } from './list-query.ts'

const lookMs = 60_000

/** How many tokens are in which state. */
export function useTokenCounts() {
  const client = useClient()
  const { place } = usePlace()
  return useQuery({
    queryKey: [place.id, 'tokens', 'overview'],
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.serviceTokens.overview(place, signal),
  })
}

/** Part of another state, and a row of choices has only so much room. */
const linkedOnly: ReadonlySet<Status> = new Set(['grace_unused'])

/** The states that there are, with how many tokens are in each. */
export function StatusFilter({ status, onChange }: { readonly status: Status; readonly onChange: (status: Status) => void }) {
  const name = useId()
  const { data: counts } = useTokenCounts()
  return (
    <fieldset className="choices pills">
      <legend className="unseen">State</legend>
      {statuses
        .filter(([value]) => value === status || !linkedOnly.has(value))
        .map(([value, text]) => (
          <label key={value} className="choice">
            <input type="radio" name={name} checked={value === status} onChange={() => onChange(value)} />
            <span>
              {text} {counts && <span className="count">{counts[value === '' ? 'total' : value].toLocaleString('en')}</span>}
            </span>
          </label>
        ))}
    </fieldset>
  )
}
