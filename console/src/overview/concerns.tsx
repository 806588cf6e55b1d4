import { ChevronRight, Clock, Hourglass, RotateCw, ServerOff, ShieldAlert, TrendingUp, Unplug } from 'lucide-react'
import type { ReactNode } from 'react'
import { Link } from 'react-router'
import type { ServiceTokenOverview } from '../../../src/client/service-tokens.ts'
import type { AccessRequestResult } from '../../../src/wire/access-request.ts'
import type { ActivityResult } from '../../../src/wire/activity.ts'
import type { GateResult } from '../../../src/wire/gate.ts'
import { counted } from '../service-tokens/lifetime.ts'
import { stateOf } from './gates-card.tsx'

/** Something that somebody should look at, and where. */
export interface Concern {
  readonly icon: ReactNode
  readonly text: string
  readonly note: string
  readonly to: string
  readonly tone: 'bad' | 'warn' | 'info' | 'idle'
}

/** A line that leads to where something can be done about it. */
export function ConcernRow({ concern: { icon, text, note, to, tone } }: { readonly concern: Concern }) {
  return (
    <li>
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
  )
}

const size = 17
const mostNamed = 3

function namesOf(names: readonly string[]): string {
  return `${names.slice(0, mostNamed).join(', ')}${names.length > mostNamed ? ` and ${names.length - mostNamed} more` : ''}`
}

/** Gates that let in, or refuse, by what was true some time ago. */
export function gatesBehind(gates: readonly GateResult[], home: string): readonly Concern[] {
  const behind = gates.filter((gate) => stateOf(gate) !== 'Live')
  if (behind.length === 0) return []
  const isBad = behind.some((gate) => stateOf(gate) !== 'Catching up')
  const note = namesOf(behind.map((gate) => `${gate.name} (${stateOf(gate).toLowerCase()})`))
  const text = `${counted(behind.length, 'gate')} behind`
  return [{ icon: <ServerOff size={size} />, text, note: `${note}.`, to: `${home}#gates`, tone: isBad ? 'bad' : 'warn' }]
}

/** Machines that go on presenting what has expired or was disabled. */
export function stillTrying(refusals: readonly AccessRequestResult[], home: string): readonly Concern[] {
  const ended = refusals.filter(({ service_token_id: id, reason }) => id !== undefined && (reason === 'expired' || reason === 'disabled'))
  const byToken = new Map(ended.map((request) => [request.service_token_id, request]))
  const [first] = byToken.values()
  if (first === undefined) return []
  const names = [...byToken.values()].map(({ service_token_name: name, service_token_id: id, reason }) => `${name ?? id} (${reason})`)
  return [
    {
      ...{ icon: <ShieldAlert size={size} />, text: `${counted(byToken.size, 'ended token')} still being tried`, tone: 'bad' },
      note: `${namesOf(names)}. Their machines are turned away.`,
      to: byToken.size === 1 ? `${home}/tokens/${first.service_token_id}` : `${home}/requests?allowed=false&period=24h`,
    },
  ]
}

const fewest = 20

/** Twice as many refusals in the last day as on a day of the week before. */
export function rising(activity: readonly ActivityResult[], home: string): readonly Concern[] {
  const refused = (hours: readonly ActivityResult[]) => hours.reduce((sum, hour) => sum + hour.refused, 0)
  const lately = refused(activity.slice(-24))
  const before = refused(activity.slice(0, -24)) / 6
  // Without anything before there is nothing usual.
  const isKnown = activity.slice(0, -24).some((hour) => hour.allowed + hour.refused > 0)
  if (!isKnown || lately < fewest || lately < before * 2) return []
  const note = `${lately.toLocaleString('en')} in the last day, ${Math.round(before).toLocaleString('en')} on a day before.`
  const to = `${home}/requests?allowed=false&period=24h`
  return [{ icon: <TrendingUp size={size} />, text: 'More refusals than usual', note, to, tone: 'warn' }]
}

/** What the states of the tokens ask for. */
export function ofCounts(counts: ServiceTokenOverview, home: string): readonly Concern[] {
  const list = (status: string) => `${home}/tokens?status=${status}`
  const { expiring_7d: soon, grace_unused: done, unused, never_used: never } = counts
  return [
    soon > 0 && {
      ...{ icon: <Hourglass size={size} />, text: `${counted(soon, 'token')} expiring within 7 days`, tone: 'warn' as const },
      ...{ note: 'Refresh those that are still needed.', to: list('expiring_7d') },
    },
    done > 0 && {
      ...{ icon: <RotateCw size={size} />, text: `${counted(done, 'token')} in grace, old secret unused`, tone: 'info' as const },
      ...{ note: 'It still works, and nobody has come with it for a day: end the grace period.', to: list('grace_unused') },
    },
    unused > 0 && {
      ...{ icon: <Clock size={size} />, text: `${counted(unused, 'token')} unused for 90 days`, tone: 'info' as const },
      ...{ note: 'Disable or delete what nobody needs.', to: list('unused') },
    },
    never > 0 && {
      ...{ icon: <Unplug size={size} />, text: `${counted(never, 'token')} never used`, tone: 'info' as const },
      ...{ note: 'No machine has ever come with their secrets.', to: list('never_used') },
    },
  ].filter((concern) => concern !== false)
}
