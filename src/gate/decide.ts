import type { Judgement } from '../domain/admission.ts'
import type { Application } from '../domain/application.ts'
import type { Instant } from '../domain/instant.ts'
import { isStrict } from '../domain/organization.ts'
import type { Policy } from '../domain/policy.ts'
import { createDigester } from '../domain/secret.ts'
import { verify } from '../domain/service-token.ts'
import { type Presented, presentedIn } from './credentials.ts'
import { type Flaw, flawOf } from './diagnosis.ts'
import type { Entrance, Replica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

/** What is asked of the gate: may this request pass? */
export interface Asked {
  /** Lower case, without a port. */
  readonly host: string
  /** Path and query, as sent. */
  readonly target: string
  readonly method: string
  /** Where the request comes from, past the proxies that are trusted. */
  readonly address: string
  /** Names and values in turn, as they came. */
  readonly rawHeaders: readonly string[]
  /** All its cookies, as one `Cookie` header. */
  readonly cookie: string | undefined
}

/** Why a request is refused, for the operator. */
export type Reason =
  | 'stale'
  | 'no_signing_key'
  | 'no_application'
  | 'ambiguous_path'
  | 'no_credentials'
  | 'invalid_session'
  | Extract<Presented, { kind: 'unusable' }>['reason']
  | Flaw
  | Extract<Judgement, { admitted: false }>['reason']

/** What proved the token: one of its secrets, or an assertion that they led to before. */
export type Via = 'current' | 'previous' | 'session'

/** What becomes of a request. 401: its credentials are no good. 403: nothing lets it in. 503: the gate no longer knows. */
export type Verdict =
  | {
      readonly admitted: true
      readonly application: Application
      readonly entrance: Entrance
      readonly policy: Policy
      /** `null` where a policy lets everybody in. */
      readonly token: KnownToken | null
      readonly via: Via | null
    }
  | {
      readonly admitted: false
      readonly status: 401 | 403 | 503
      readonly reason: Reason
      readonly application: Application | null
      /** The one whose client id was presented, with the right secret or not. */
      readonly token: KnownToken | null
    }

export interface DeciderDeps {
  readonly replica: Replica
  /** Whether the replica is recent enough to answer from, at a time of the monotonic clock. */
  readonly isFresh: (monotonicMs: number) => boolean
  /** Hears of each secret that was proved. */
  readonly noteUse: (token: KnownToken, via: 'current' | 'previous', address: string, now: Instant) => void
  /** Whose session it is that a request's cookies name; `null` for one that is no good, `undefined` where they name none. */
  readonly sessionIn: (cookie: string, entrance: Entrance) => KnownToken | null | undefined
}

export type Decide = (asked: Asked, now: Instant, monotonicMs: number) => Verdict

/** What a request proved about itself. */
interface Proof {
  readonly via: Via | null
  /** The token that was proved, or only claimed. */
  readonly claimed: KnownToken | null
  readonly flaw: Flaw | Extract<Presented, { kind: 'unusable' }>['reason'] | 'invalid_session' | 'no_credentials' | null
}

const noCredentials: Proof = { via: null, claimed: null, flaw: 'no_credentials' }
const invalidSession: Proof = { via: null, claimed: null, flaw: 'invalid_session' }

/** The path of every request through the gate: from memory, without waiting, and never throwing. */
export function createDecide({ replica, isFresh, noteUse, sessionIn }: DeciderDeps): Decide {
  const digestOf = createDigester()

  function prove(asked: Asked, entrance: Entrance, now: Instant): Proof {
    const presented = presentedIn(asked.rawHeaders, entrance.application.tokenHeader)
    if (presented.kind === 'unusable') return { via: null, claimed: null, flaw: presented.reason }
    if (presented.kind === 'nothing') return proveBySession(asked, entrance)
    const { clientId, secret } = presented
    const known = replica.tokenByClientId(clientId)
    const verification = verify(known, replica.match(known, digestOf(secret)), now)
    if (!verification.ok) return { via: null, claimed: known ?? null, flaw: flawOf(clientId, secret, verification.reason) }
    if (known !== undefined) noteUse(known, verification.via, asked.address, now)
    return { via: verification.via, claimed: known ?? null, flaw: null }
  }

  function proveBySession({ cookie }: Asked, entrance: Entrance): Proof {
    const token = cookie === undefined ? undefined : sessionIn(cookie, entrance)
    if (token === undefined) return noCredentials
    return token === null ? invalidSession : { via: 'session', claimed: token, flaw: null }
  }

  return (asked, now, monotonicMs) => {
    if (!isFresh(monotonicMs)) return refuse(503, 'stale', null, null)
    const entrance = replica.entranceTo(asked.host, asked.target)
    if (entrance === undefined) return refuse(403, 'no_application', null, null)
    if (entrance === 'ambiguous') return refuse(403, 'ambiguous_path', null, null)
    const { application } = entrance
    const { via, claimed, flaw } = prove(asked, entrance, now)
    const token = via === null ? null : claimed
    const judgement = entrance.judge(token, asked.address)
    if (judgement.admitted) return { admitted: true, application, entrance, policy: judgement.policy, token, via }
    if (flaw === null) return refuse(403, judgement.reason, application, token)
    return refuse(statusFor(flaw, entrance), flaw, application, claimed)
  }
}

const unusable: ReadonlySet<Proof['flaw']> = new Set([
  ...(['missing_client_id', 'missing_client_secret', 'repeated_header', 'both_styles', 'malformed_token_header'] as const),
])

/** An account that is not strict answers wrong credentials as it answers none that are let in. */
function statusFor(flaw: NonNullable<Proof['flaw']>, { application, organization }: Entrance): 401 | 403 {
  if (flaw === 'no_credentials' || flaw === 'invalid_session') return application.asksForCredentials ? 401 : 403
  return unusable.has(flaw) || isStrict(organization) ? 401 : 403
}

function refuse(status: 401 | 403 | 503, reason: Reason, application: Application | null, token: KnownToken | null): Verdict {
  return { admitted: false, status, reason, application, token }
}
