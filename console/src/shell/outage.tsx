import { type QueryCache, useQueryClient } from '@tanstack/react-query'
import { WifiOff } from 'lucide-react'
import { useCallback, useSyncExternalStore } from 'react'
import { ApiError } from '../../../src/client/transport.ts'
import { Button } from '../elements/button.tsx'

/** Says that what is shown may be out of date, while the API cannot be reached or cannot answer. */
export function Outage() {
  const queries = useQueryClient()
  const cache = queries.getQueryCache()
  const message = useSyncExternalStore(
    useCallback((listener) => cache.subscribe(listener), [cache]),
    useCallback(() => outageIn(cache), [cache]),
  )
  if (message === undefined) return null
  return (
    <div className="outage" role="alert">
      <WifiOff size={17} aria-hidden />
      <span className="breaks">{`${message} What you see may be out of date.`}</span>
      <Button small onClick={() => void queries.refetchQueries({ type: 'active' })}>
        Try again
      </Button>
    </div>
  )
}

/** Why what is on the page could not be loaded again. What was never loaded says so in its own place. */
function outageIn(cache: QueryCache): string | undefined {
  const stale = cache.getAll().find((query) => {
    const { state } = query
    const error = state.fetchFailureReason ?? state.error
    return query.isActive() && state.data !== undefined && error instanceof ApiError && (error.status === 0 || error.status >= 500)
  })
  const error = stale?.state.fetchFailureReason ?? stale?.state.error
  return error instanceof ApiError ? error.message : undefined
}
