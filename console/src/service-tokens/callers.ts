import type { SecretUseResult } from '../../../src/wire/service-token.ts'
import { inWords } from '../elements/instants.ts'
import { counted } from './lifetime.ts'

/** How much later a caller must have come with the current secret to be taken for one that has switched: behind one address there may be several. */
const switchedAfterMs = 5 * 60_000

export interface PreviousCallers {
  /** Addresses that came with the previous secret since the rotation, and not with the current one since; the latest first. */
  readonly still: readonly SecretUseResult[]
  /** How many have come with the current one since. */
  readonly switched: number
  /** How many came before the rotation, and not since. */
  readonly away: number
}

/**
 * Who would be refused if the grace period ended now.
 * @param rotatedAt where it is not known, whoever came with the previous secret is taken to have done so since.
 */
export function previousCallers(uses: readonly SecretUseResult[], rotatedAt = 0): PreviousCallers {
  const current = new Map(uses.flatMap((use) => (use.secret === 'current' ? [[use.ip_address, Date.parse(use.last_seen_at)]] : [])))
  const stateOf = ({ ip_address: address, last_seen_at: seen }: SecretUseResult): keyof PreviousCallers => {
    const at = Date.parse(seen)
    // Uses are told to the second.
    const isBefore = at < Math.floor(rotatedAt / 1000) * 1000
    const since = current.get(address)
    if (since !== undefined && (isBefore || since >= at + switchedAfterMs)) return 'switched'
    return isBefore ? 'away' : 'still'
  }
  const previous = uses.filter(({ secret }) => secret === 'previous').map((use) => ({ use, state: stateOf(use) }))
  const count = (state: keyof PreviousCallers) => previous.filter((one) => one.state === state).length
  const still = previous.filter(({ state }) => state === 'still').map(({ use }) => use)
  return {
    still: still.toSorted((one, other) => Date.parse(other.last_seen_at) - Date.parse(one.last_seen_at)),
    switched: count('switched'),
    away: count('away'),
  }
}

const mostNamed = 3

/** "3 callers still use the previous secret: 10.0.0.4 2 minutes ago, … 1 has switched to the current one." */
export function callersInWords({ still, switched, away }: PreviousCallers, now: number): string {
  const named = still.slice(0, mostNamed).map(({ ip_address: address, last_seen_at: at }) => `${address} ${inWords(Date.parse(at), now)}`)
  const more = still.length > mostNamed ? `, and ${still.length - mostNamed} more` : ''
  return [
    still.length > 0
      ? `${counted(still.length, 'caller')} still ${still.length === 1 ? 'uses' : 'use'} the previous secret: ${named.join(', ')}${more}.`
      : away > 0
        ? 'Nobody has used the previous secret since the rotation.'
        : 'Nobody uses the previous secret any more: its grace period can end.',
    ...(switched > 0 ? [`${counted(switched, 'caller')} ${switched === 1 ? 'has' : 'have'} switched to the current one.`] : []),
    ...(away > 0 ? [`${counted(away, 'caller')} from before the rotation ${away === 1 ? 'has' : 'have'} not come since.`] : []),
  ].join(' ')
}
