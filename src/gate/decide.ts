import type { Clock } from '../authority/ports.ts'
import { type Application, admits, belongsTo } from '../domain/application.ts'
import { digestOf } from '../domain/secret.ts'
import { type ServiceToken, type Verification, verify } from '../domain/service-token.ts'
import type { Presented } from './credentials.ts'
import type { Replica } from './replica/replica.ts'

/** Why a request is refused, for the operator. */
export type Reason =
  | 'stale'
  | 'no_application'
  | 'no_credentials'
  | 'wrong_scope'
  | 'no_policy'
  | Extract<Presented, { kind: 'unusable' }>['reason']
  | Extract<Verification, { ok: false }>['reason']

/** What becomes of a request. 401: its credentials are no good. 403: nothing lets it in. 503: the gate no longer knows. */
export type Verdict =
  | {
      readonly admitted: true
      readonly application: Application
      readonly token: ServiceToken | null
      /** Which of its secrets proved the token. */
      readonly via: 'current' | 'previous' | null
    }
  | {
      readonly admitted: false
      readonly status: 401 | 403 | 503
      readonly reason: Reason
      readonly application: Application | null
      /** The one whose client id was presented, with the right secret or not. */
      readonly token: ServiceToken | null
    }

export interface DeciderDeps {
  readonly replica: Replica
  readonly clock: Clock
  /** Whether the replica is recent enough to answer from. */
  readonly isFresh: () => boolean
  /** Hears of each successful verification. */
  readonly noteUse: (token: ServiceToken) => void
}

export type Decide = (host: string, presented: Presented) => Verdict

/** The path of every request through the gate: from memory, without waiting, and never throwing. */
export function createDecide({ replica, clock, isFresh, noteUse }: DeciderDeps): Decide {
  return (host, presented) => {
    if (!isFresh()) return refuse(503, 'stale', null, null)
    const application = replica.applicationFor(host)
    if (application === undefined) return refuse(403, 'no_application', null, null)

    let claimed: ServiceToken | null = null
    let via: 'current' | 'previous' | null = null
    let flaw: Reason | null = null
    if (presented.kind === 'unusable') flaw = presented.reason
    if (presented.kind === 'pair') {
      const known = replica.tokenByClientId(presented.clientId)
      const verification = verify(known, digestOf(presented.secret), clock.now())
      claimed = known ?? null
      if (verification.ok) via = verification.via
      else flaw = verification.reason
    }

    const token = via === null ? null : claimed
    if (token !== null) noteUse(token)
    if (admits(application, token)) return { admitted: true, application, token, via }
    if (flaw !== null) return refuse(401, flaw, application, claimed)
    if (token === null) return refuse(403, 'no_credentials', application, null)
    return refuse(403, belongsTo(token, application) ? 'no_policy' : 'wrong_scope', application, token)
  }
}

function refuse(status: 401 | 403 | 503, reason: Reason, application: Application | null, token: ServiceToken | null): Verdict {
  return { admitted: false, status, reason, application, token }
}
