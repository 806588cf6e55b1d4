import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import { Card } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import { RequestTable } from '../logs/request-table.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { lookMs } from './activity.ts'

/** The last few requests that the gate refused. */
export function RecentRefusals() {
  const { place, home, reasonAgainst } = usePlace()
  const client = useClient()
  const isReadable = place.kind === 'account' && reasonAgainst('audit_logs:read') === undefined
  const query = useQuery({
    queryKey: [place.id, 'requests', 'recent'],
    enabled: isReadable,
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.logs.requests(place, { allowed: 'false', limit: 6 }, signal),
  })
  if (!isReadable) return null
  return (
    <Card title="Refused lately" actions={<Link to={`${home}/requests?allowed=false`}>All refusals</Link>} isFlush>
      <Loaded query={query} lines={3}>
        {(requests) =>
          requests.length === 0 ? <p className="card-body soft">Nothing was refused.</p> : <RequestTable requests={requests} isAllRefused />
        }
      </Loaded>
    </Card>
  )
}
