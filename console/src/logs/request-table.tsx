import { Link } from 'react-router'
import type { AccessRequestResult } from '../../../src/wire/access-request.ts'
import { Moment } from '../elements/moment.tsx'
import { usePlace } from '../shell/place.tsx'
import { reasonInWords } from './reasons.ts'

interface RequestTableProps {
  readonly requests: readonly AccessRequestResult[]
  /** Whoever reads it knows that all of them were refused: it says no more than why. */
  readonly isAllRefused?: boolean
}

/** What machines asked of the gate, and what became of it. */
export function RequestTable({ requests, isAllRefused = false }: RequestTableProps) {
  const { home } = usePlace()
  return (
    <div className="table-frame table-in-card">
      <table className="table">
        <thead>
          <tr>
            <th className="from-small">When</th>
            <th>{isAllRefused ? 'Refused' : 'Outcome'}</th>
            <th>Token</th>
            <th className="from-medium">Application</th>
            <th className="from-medium">Address</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={`${request.ray_id} ${request.created_at}`}>
              <td className="from-small">
                <Moment at={request.created_at} />
              </td>
              <td>
                {!isAllRefused && (
                  <span className={request.allowed ? 'badge badge-good' : 'badge badge-bad'}>
                    {request.allowed ? 'Allowed' : 'Refused'}
                  </span>
                )}
                <div className={isAllRefused ? '' : 'small soft'}>{reasonInWords(request.reason)}</div>
                <div className="small soft below-small">
                  <Moment at={request.created_at} />
                </div>
              </td>
              <td className="breaks">
                {request.service_token_id === undefined ? (
                  <span className="faint">none</span>
                ) : (
                  <Link to={`${home}/tokens/${request.service_token_id}`} className="name-link">
                    {request.service_token_name ?? 'a deleted token'}
                  </Link>
                )}
                <div className="small soft below-medium">{request.app_name}</div>
                <div className="small soft mono below-medium">{request.ip_address}</div>
              </td>
              <td className="from-medium breaks">
                {request.app_name ?? <span className="faint">none</span>}
                {request.app_domain !== '*' && !isAllRefused && <div className="small faint">{request.app_domain}</div>}
              </td>
              <td className="from-medium mono small">{request.ip_address}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
