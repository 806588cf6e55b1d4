import { Ban, CircleCheck, CircleDashed, Clock, Hourglass, RotateCw } from 'lucide-react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { inWords } from '../elements/instants.ts'
import { useNow } from '../elements/moment.tsx'

const dayMs = 86_400_000
const size = 13

/** The secret before the last rotation works still. */
export function isInGrace({ previous_client_secret_expires_at: until }: ServiceTokenResult, now: number): boolean {
  return until !== undefined && Date.parse(until) > now
}

/** How a token is, at a glance: first what keeps it from working, then what will. */
export function StateBadges({ token }: { readonly token: ServiceTokenResult }) {
  const now = useNow()
  return (
    <span className="row badges">
      <Main token={token} now={now} />
      {isInGrace(token, now) && token.enabled && (
        <span className="badge badge-info">
          <RotateCw size={size} aria-hidden />
          In grace
        </span>
      )}
    </span>
  )
}

function Main({ token, now }: { readonly token: ServiceTokenResult; readonly now: number }) {
  const end = Date.parse(token.expires_at)
  if (!token.enabled) {
    return (
      <span className="badge">
        <Ban size={size} aria-hidden />
        Disabled
      </span>
    )
  }
  if (end <= now) {
    return (
      <span className="badge badge-bad">
        <Clock size={size} aria-hidden />
        Expired
      </span>
    )
  }
  if (end - now < 30 * dayMs) {
    return (
      <span className="badge badge-warn">
        <Hourglass size={size} aria-hidden />
        Expires {inWords(end, now)}
      </span>
    )
  }
  if (token.last_seen_at === undefined) {
    return (
      <span className="badge">
        <CircleDashed size={size} aria-hidden />
        Never used
      </span>
    )
  }
  return (
    <span className="badge badge-good">
      <CircleCheck size={size} aria-hidden />
      Active
    </span>
  )
}
