import { useQuery } from '@tanstack/react-query'
import { CircleCheck } from 'lucide-react'
import { Card } from '../elements/page.tsx'
import { Skeleton } from '../elements/states.tsx'
import { useTokenCounts } from '../service-tokens/status-filter.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { lookMs, useActivity } from './activity.ts'
import { ConcernRow, gatesBehind, ofCounts, rising, stillTrying } from './concerns.tsx'
import { FirstSteps } from './first-steps.tsx'
import { useGates } from './gates-card.tsx'

/** What somebody should look at, the most pressing first. */
export function Attention() {
  const { home } = usePlace()
  const { data: counts, error } = useTokenCounts()
  const { data: activity = [] } = useActivity(168)
  const { data: refusals = [] } = useRefusals()
  const gates = useGates()
  // The numbers above say why there are none.
  if (counts === undefined && error) return null
  if (counts === undefined) {
    return (
      <Card title="Needs attention">
        <Skeleton lines={3} />
      </Card>
    )
  }
  if (counts.total === 0) return <FirstSteps />
  const concerns = [...gatesBehind(gates, home), ...stillTrying(refusals, home), ...rising(activity, home), ...ofCounts(counts, home)]
  return (
    <Card title="Needs attention" isFlush>
      {concerns.length === 0 ? (
        <p className="card-body row soft">
          <CircleCheck size={17} className="tone-good" aria-hidden />
          Nothing does.
        </p>
      ) : (
        <ul className="concerns">
          {concerns.map((concern) => (
            <ConcernRow key={concern.text} concern={concern} />
          ))}
        </ul>
      )}
    </Card>
  )
}

/** What was refused in the last day. */
function useRefusals() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  return useQuery({
    queryKey: [place.id, 'requests', 'refused-lately'],
    enabled: place.kind === 'account' && reasonAgainst('audit_logs:read') === undefined,
    refetchInterval: lookMs,
    queryFn: ({ signal }) => {
      const since = new Date(Date.now() - 86_400_000).toISOString()
      return client.logs.requests(place, { allowed: 'false', since, limit: 500 }, signal)
    },
  })
}
