import { useQuery } from '@tanstack/react-query'
import { ChevronRight, CircleCheck, Clock, Hourglass, RotateCw, ShieldAlert, TrendingUp } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { ServiceTokenOverview } from '../../../src/client/service-tokens.ts'
import type { AccessRequestResult } from '../../../src/wire/access-request.ts'
import type { ActivityResult } from '../../../src/wire/activity.ts'
import { Card } from '../elements/page.tsx'
import { Skeleton } from '../elements/states.tsx'
import { counted } from '../service-tokens/lifetime.ts'
import { useTokenCounts } from '../service-tokens/status-filter.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { lookMs, useActivity } from './activity.ts'

interface Concern {
  readonly icon: ReactNode
  readonly text: string
  readonly note: string
  readonly to: string
  readonly tone: 'bad' | 'warn' | 'info'
}

/** What somebody should look at, the most pressing first. */
export function Attention() {
  const { home } = usePlace()
  const { data: counts } = useTokenCounts()
  const { data: activity = [] } = useActivity(168)
  const { data: refusals = [] } = useRefusals()
  if (counts === undefined) {
    return (
      <Card title="Needs attention">
        <Skeleton lines={3} />
      </Card>
    )
  }
  const concerns = [...stillTrying(refusals, home), ...rising(activity, home), ...ofCounts(counts, home)]
  return (
    <Card title="Needs attention" isFlush>
      {concerns.length === 0 ? (
        <p className="card-body row soft">
          <CircleCheck size={17} className="tone-good" aria-hidden />
          Nothing does.
        </p>
      ) : (
        <ul className="concerns">
          {concerns.map(({ icon, text, note, to, tone }) => (
            <li key={text}>
              <Link to={to} className="concern">
                <span className={`tone-${tone}`} aria-hidden>
                  {icon}
                </span>
                <span className="menu-item-text">
                  <span className="strong">{text}</span>
                  <span className="small soft">{note}</span>
                </span>
                <ChevronRight size={16} aria-hidden />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </Card>
  )
}

const size = 17

function ofCounts(counts: ServiceTokenOverview, home: string): readonly Concern[] {
  const list = (status: string) => `${home}/tokens?status=${status}`
  const { expiring_7d: soon, in_grace: grace, unused } = counts
  return [
    soon > 0 && {
      ...{ icon: <Hourglass size={size} />, text: `${counted(soon, 'token')} expiring within 7 days`, tone: 'warn' as const },
      ...{ note: 'Refresh those that are still needed.', to: list('expiring_7d') },
    },
    grace > 0 && {
      ...{ icon: <RotateCw size={size} />, text: `${counted(grace, 'token')} in a grace period`, tone: 'info' as const },
      ...{ note: 'End it when nobody uses the previous secret.', to: list('in_grace') },
    },
    unused > 0 && {
      ...{ icon: <Clock size={size} />, text: `${counted(unused, 'token')} unused for 90 days`, tone: 'info' as const },
      ...{ note: 'Disable or delete what nobody needs.', to: list('unused') },
    },
  ].filter((concern) => concern !== false)
}

/** Machines that go on presenting what has expired or was disabled. */
function stillTrying(refusals: readonly AccessRequestResult[], home: string): readonly Concern[] {
  const byToken = new Map(
    refusals.filter(({ service_token_id: id }) => id !== undefined).map((request) => [request.service_token_id, request]),
  )
  const [first] = byToken.values()
  if (first === undefined) return []
  const names = [...byToken.values()].slice(0, 3).map(({ service_token_name: name, service_token_id: id }) => name ?? id)
  const to = byToken.size === 1 ? `${home}/tokens/${first.service_token_id}` : `${home}/requests?allowed=false`
  const text = `${counted(byToken.size, 'ended token')} still being tried`
  return [
    {
      icon: <ShieldAlert size={size} />,
      text,
      note: `${names.join(', ')}${byToken.size > 3 ? ' and others' : ''}: expired or disabled.`,
      to,
      tone: 'bad',
    },
  ]
}

const fewest = 20

/** Twice as many refusals in the last day as on a day of the week before. */
function rising(activity: readonly ActivityResult[], home: string): readonly Concern[] {
  const refused = (hours: readonly ActivityResult[]) => hours.reduce((sum, hour) => sum + hour.refused, 0)
  const lately = refused(activity.slice(-24))
  const before = refused(activity.slice(0, -24)) / 6
  // Without anything before there is nothing usual.
  const isKnown = activity.slice(0, -24).some((hour) => hour.allowed + hour.refused > 0)
  if (!isKnown || lately < fewest || lately < before * 2) return []
  const note = `${lately.toLocaleString('en')} in the last day, ${Math.round(before).toLocaleString('en')} on a day before.`
  return [{ icon: <TrendingUp size={size} />, text: 'More refusals than usual', note, to: `${home}/requests?allowed=false`, tone: 'warn' }]
}

/** Of the last day, what was refused to tokens that have ended. */
function useRefusals() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  return useQuery({
    queryKey: [place.id, 'requests', 'ended'],
    enabled: place.kind === 'account' && reasonAgainst('audit_logs:read') === undefined,
    refetchInterval: lookMs,
    queryFn: async ({ signal }) => {
      const since = new Date(Date.now() - 86_400_000).toISOString()
      const requests = await client.logs.requests(place, { allowed: 'false', since, limit: 500 }, signal)
      return requests.filter(({ reason }) => reason === 'expired' || reason === 'disabled')
    },
  })
}
