import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { ActivityChart, byOutcome, bySecret, type ChartHours, HoursChoice } from '../elements/activity-chart.tsx'
import { Card } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'

const lookMs = 10_000

/** How many requests came with this token, hour by hour. */
export function TokenActivity({ token }: { readonly token: ServiceTokenResult }) {
  const { place } = usePlace()
  const client = useClient()
  const [hours, setHours] = useState<ChartHours>(24)
  const query = useQuery({
    queryKey: [place.id, 'tokens', token.id, 'activity', hours],
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.serviceTokens.activity(place, token.id, hours, signal),
  })
  // Before its first rotation a token has no other secret.
  const parts = token.client_secret_version > 1 ? bySecret : byOutcome
  return (
    <Card title="Requests" actions={<HoursChoice hours={hours} onChange={setHours} />}>
      <Loaded query={query} lines={4}>
        {(activity) => <ActivityChart activity={activity} parts={parts} what="Requests with this token" />}
      </Loaded>
    </Card>
  )
}
