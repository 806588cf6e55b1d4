import { useQuery } from '@tanstack/react-query'
import type { ChartHours } from '../elements/activity-chart.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'

/** How often the overview looks again. */
export const lookMs = 15_000

/** Requests of the whole account or zone, hour by hour. */
export function useActivity(hours: ChartHours) {
  const { place } = usePlace()
  const client = useClient()
  return useQuery({
    queryKey: [place.id, 'activity', hours],
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.logs.activity(place, hours, signal),
  })
}
