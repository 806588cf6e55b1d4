import { useQuery } from '@tanstack/react-query'
import type { SecretUseResult, ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Moment } from '../elements/moment.tsx'
import { Card } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'

const lookMs = 3_000

/** From where the current and the previous secret were used last. */
export function useUses(token: ServiceTokenResult) {
  const { place } = usePlace()
  const client = useClient()
  return useQuery({
    queryKey: [place.id, 'tokens', token.id, 'uses'],
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.serviceTokens.uses(place, token.id, signal),
  })
}

export function UsesCard({ token }: { readonly token: ServiceTokenResult }) {
  const uses = useUses(token)
  return (
    <Card title="Callers" lead="From where each secret was last used." isFlush>
      <Loaded query={uses} lines={2}>
        {(found) => (found.length === 0 ? <p className="card-body soft">Nobody has used it yet.</p> : <UsesTable uses={found} />)}
      </Loaded>
    </Card>
  )
}

function UsesTable({ uses }: { readonly uses: readonly SecretUseResult[] }) {
  return (
    <div className="table-frame table-in-card">
      <table className="table">
        <thead>
          <tr>
            <th>Address</th>
            <th>Secret</th>
            <th>Last used</th>
          </tr>
        </thead>
        <tbody>
          {uses.map(({ client_secret_version: version, secret, ip_address: address, last_seen_at: at }) => (
            <tr key={`${version} ${address}`}>
              <td className="mono breaks">{address}</td>
              <td>
                <span className={secret === 'current' ? 'badge badge-good' : 'badge badge-warn'}>
                  {secret === 'current' ? 'Current' : 'Previous'}
                </span>
              </td>
              <td>
                <Moment at={at} />
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
