import { useState } from 'react'
import { Link } from 'react-router'
import { ActivityChart, byOutcome, type ChartHours, HoursChoice } from '../elements/activity-chart.tsx'
import { Card, Page } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import type { Status } from '../service-tokens/list-query.ts'
import { NewTokenLink } from '../service-tokens/new-token-link.tsx'
import { useTokenCounts } from '../service-tokens/status-filter.tsx'
import { GuardedCard } from '../shell/guarded.tsx'
import { usePlace } from '../shell/place.tsx'
import { useActivity } from './activity.ts'
import { Attention } from './attention.tsx'
import { GatesCard } from './gates-card.tsx'
import { RecentRefusals } from './recent-refusals.tsx'

/** How things are, and what wants somebody's attention. */
export function OverviewPage() {
  const { name, reasonAgainst } = usePlace()
  const isReadable = reasonAgainst('service_tokens:read') === undefined
  return (
    <Page title="Overview" lead={name} actions={<NewTokenLink />}>
      <GuardedCard permission="service_tokens:read">
        <Counts />
      </GuardedCard>
      <div className="columns columns-swapped">
        <div className="stack">
          {isReadable && <Attention />}
          <GatesCard />
        </div>
        <div className="stack">
          {isReadable && <Activity />}
          <RecentRefusals />
        </div>
      </div>
    </Page>
  )
}

const tiles: readonly (readonly [status: Status, text: string])[] = [
  ['', 'Service tokens'],
  ['active', 'Active'],
  ['expiring_30d', 'Expiring in 30 days'],
  ['expired', 'Expired'],
  ['disabled', 'Disabled'],
  ['never_used', 'Never used'],
]

function Counts() {
  const { home } = usePlace()
  const counts = useTokenCounts()
  if (counts.error && counts.data === undefined) {
    return (
      <Card>
        <Loaded query={counts}>{() => null}</Loaded>
      </Card>
    )
  }
  return (
    <ul className="tiles" aria-label="Service tokens by state">
      {tiles.map(([status, text]) => (
        <li key={status}>
          <Link to={`${home}/tokens${status === '' ? '' : `?status=${status}`}`} className="tile">
            <span className="tile-number">{counts.data ? counts.data[status === '' ? 'total' : status].toLocaleString('en') : '–'}</span>
            <span className="soft">{text}</span>
          </Link>
        </li>
      ))}
    </ul>
  )
}

function Activity() {
  const [hours, setHours] = useState<ChartHours>(24)
  const query = useActivity(hours)
  return (
    <Card title="Requests at the gate" actions={<HoursChoice hours={hours} onChange={setHours} />}>
      <Loaded query={query} lines={5}>
        {(activity) => <ActivityChart activity={activity} parts={byOutcome} what="Requests at the gate" />}
      </Loaded>
    </Card>
  )
}
