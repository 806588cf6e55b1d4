import { useQuery } from '@tanstack/react-query'
import type { GateResult } from '../../../src/wire/gate.ts'
import { Moment } from '../elements/moment.tsx'
import { Card } from '../elements/page.tsx'
import { counted } from '../service-tokens/lifetime.ts'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { lookMs } from './activity.ts'

/** The gates of the installation; nothing where the credential may not know of them. */
export function useGates(): readonly GateResult[] {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const { data } = useQuery<readonly GateResult[]>({
    queryKey: [place.id, 'gates'],
    enabled: place.kind === 'account' && reasonAgainst('organization:read') === undefined,
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.organization.gates(place, signal),
  })
  return data ?? []
}

type GateState = 'Silent' | 'Stale' | 'Catching up' | 'Live'

export function stateOf(gate: GateResult): GateState {
  if (gate.status === 'silent') return 'Silent'
  if (gate.confirmed_age_ms > gate.staleness_budget_ms) return 'Stale'
  return gate.behind_changes > 0 ? 'Catching up' : 'Live'
}

const tones = { Silent: 'bad', Stale: 'bad', 'Catching up': 'warn', Live: 'good' } as const

/** Each gate, and how far behind it is. */
export function GatesCard() {
  const gates = useGates()
  if (gates.length === 0) return null
  return (
    <Card title="Gates" id="gates" isFlush>
      <ul className="gates">
        {gates.map((gate) => (
          <Gate key={gate.id} gate={gate} />
        ))}
      </ul>
    </Card>
  )
}

function Gate({ gate }: { readonly gate: GateResult }) {
  const state = stateOf(gate)
  return (
    <li className="gate">
      <div className="row-apart">
        <span className="strong breaks">{gate.name}</span>
        <span className={`badge badge-${tones[state]}`}>{state}</span>
      </div>
      <p className="small soft">
        {gate.behind_changes === 0 ? 'Knows every change' : `${counted(gate.behind_changes, 'change')} behind`}, confirmed{' '}
        {(gate.confirmed_age_ms / 1000).toFixed(1)} s ago of {Math.round(gate.staleness_budget_ms / 1000)} s allowed
      </p>
      <p className="small faint">
        Version {gate.version}, heard of <Moment at={gate.reported_at} />
        {gate.status === 'silent' && gate.on_stale === 'refuse' ? '. It refuses everything once it is stale.' : ''}
      </p>
    </li>
  )
}
