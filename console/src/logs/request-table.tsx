import { Link } from 'react-router'
import type { AccessRequestResult } from '../../../src/wire/access-request.ts'
import { Moment } from '../elements/moment.tsx'
import { usePlace } from '../shell/place.tsx'
import { reasonInWords } from './reasons.ts'

/** What machines asked of the gate, and what became of it. */
export function RequestTable({ requests }: { readonly requests: readonly AccessRequestResult[] }) {
  const { home } = usePlace()
  return (
    <div className="table-frame table-in-card">
      <table className="table">
        <thead>
          <tr>
            <th>When</th>
            <th>Outcome</th>
            <th>Token</th>
            <th className="from-medium">Application</th>
            <th className="from-medium">Address</th>
          </tr>
        </thead>
        <tbody>
          {requests.map((request) => (
            <tr key={`${request.ray_id} ${request.created_at}`}>
              <td>
                <Moment at={request.created_at} />
              </td>
              <td>
                <span className={request.allowed ? 'badge badge-good' : 'badge badge-bad'}>{request.allowed ? 'Allowed' : 'Refused'}</span>
                <div className="small soft">{reasonInWords(request.reason)}</div>
              </td>
              <td className="breaks">
                {request.service_token_id === undefined ? (
                  <span className="faint">none</span>
                ) : (
                  <Link to={`${home}/tokens/${request.service_token_id}`} className="name-link">
                    {request.service_token_name ?? 'a deleted token'}
                  </Link>
                )}
              </td>
              <td className="from-medium breaks">
                {request.app_name ?? <span className="faint">none</span>}
                <div className="small faint">{request.app_domain}</div>
              </td>
              <td className="from-medium mono small">{request.ip_address}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
