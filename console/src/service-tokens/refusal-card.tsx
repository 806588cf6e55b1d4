import { useQuery } from '@tanstack/react-query'
import { Link } from 'react-router'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Moment } from '../elements/moment.tsx'
import { Card } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import { reasonInWords } from '../logs/reasons.ts'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'

const lookMs = 3_000

/** What the gate lately refused this token, and why: the caller itself learns no reason. */
export function RefusalCard({ token }: { readonly token: ServiceTokenResult }) {
  const { place, home, reasonAgainst } = usePlace()
  const client = useClient()
  const isReadable = place.kind === 'account' && reasonAgainst('audit_logs:read') === undefined
  const query = useQuery({
    queryKey: [place.id, 'requests', 'refusals', token.id],
    enabled: isReadable,
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.logs.requests(place, { allowed: 'false', service_token_id: token.id, limit: 10 }, signal),
  })
  if (!isReadable) return null
  return (
    <Card
      title="Refused lately"
      lead="Why, for you: the caller learns only that it was refused."
      actions={
        <Link to={`${home}/requests?token=${token.id}`} className="small">
          All requests
        </Link>
      }
      isFlush
    >
      <Loaded query={query} lines={2}>
        {(requests) =>
          requests.length === 0 ? (
            <p className="card-body soft">Nothing was refused.</p>
          ) : (
            <div className="table-frame table-in-card">
              <table className="table">
                <thead>
                  <tr>
                    <th>When</th>
                    <th>Reason</th>
                    <th className="from-small">Address</th>
                  </tr>
                </thead>
                <tbody>
                  {requests.map((request) => (
                    <tr key={request.ray_id}>
                      <td>
                        <Moment at={request.created_at} />
                      </td>
                      <td>
                        {reasonInWords(request.reason)}
                        <div className="soft small">{request.app_name}</div>
                      </td>
                      <td className="mono small from-small">{request.ip_address}</td>
                    </tr>
                  ))}
                </tbody>
              </table>
            </div>
          )
        }
      </Loaded>
    </Card>
  )
}
