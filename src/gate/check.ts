import type { Clock } from '../authority/ports.ts'
import { type Application, belongsTo } from '../domain/application.ts'
import { isStrict } from '../domain/organization.ts'
import type { Assertions } from './assertions.ts'
import type { Asked, Decide, Verdict } from './decide.ts'
import type { Observe } from './observation.ts'
import type { KnownToken } from './replica/token-table.ts'
import { type Sessions, sessionCookie } from './sessions.ts'

/** What the gate does with a request, and with what. */
export type Passage =
  | {
      readonly admitted: true
      readonly application: Application
      /** Whose request it is; `null` where no token of the application's account was proved. */
      readonly token: KnownToken | null
      /** Vouches for the token to the origin; `null` where there is none. */
      readonly assertion: string | null
      /** For the client to keep, in accounts that are not strict. */
      readonly setCookie: string | null
    }
  | Refused

type Refused = Extract<Verdict, { admitted: false }> & {
  /** For a client that goes on presenting wrong secrets: when it may come back. */
  readonly retryAfterSeconds?: number | undefined
}

/** Checks a request. A promise only where a new assertion has to be signed first; it never rejects for a reason that lies in the request. */
export type Check = (asked: Asked, ray: string) => Passage | Promise<Passage>

export interface CheckDeps {
  readonly decide: Decide
  readonly observe: Observe
  readonly clock: Clock
  readonly assertions: Assertions
  readonly sessions: Sessions
}

type Admission = Extract<Verdict, { admitted: true }>

/** The life of a check, whichever way a request came to the gate. Nobody passes with a token that the gate cannot vouch for. */
export function createCheck({ decide, observe, clock, assertions, sessions }: CheckDeps): Check {
  /** An account that is not strict gives a machine a session for its secret, once. */
  function cookieFor({ via, policy, entrance, token }: Admission, { cookie }: Asked, assertion: string): string | null {
    if (via === 'session' || policy.decision === 'bypass' || isStrict(entrance.organization)) return null
    const session = cookie === undefined ? undefined : sessions.sessionIn(cookie, entrance)
    return session && session.id === token?.id ? null : sessionCookie(assertion)
  }

  function admit(verdict: Admission, token: KnownToken, asked: Asked, assertion: string | null): Passage {
    const { application } = verdict
    if (assertion === null) return { admitted: false, status: 503, reason: 'no_signing_key', application, token }
    return { admitted: true, application, token, assertion, setCookie: cookieFor(verdict, asked, assertion) }
  }

  return (asked, ray) => {
    const startedMs = clock.monotonicMs()
    const now = clock.now()
    const note = (verdict: Verdict) => observe(asked, verdict, ray, now, clock.monotonicMs() - startedMs)
    const verdict = decide(asked, now, startedMs)
    if (!verdict.admitted) {
      const { status, reason, application, token } = verdict
      // Spelt out: a spread would make this object the slow way.
      return { admitted: false, status, reason, application, token, retryAfterSeconds: note(verdict) }
    }
    const { application, entrance, policy } = verdict
    // A bypass lets in whoever shows another account's token, too: that is nobody here.
    const token = verdict.token !== null && belongsTo(verdict.token, application) ? verdict.token : null
    if (token === null) {
      note(verdict)
      return { admitted: true, application, token, assertion: null, setCookie: null }
    }
    const known = assertions.known(entrance, policy, token, verdict.via, now)
    if (known === undefined) {
      return assertions.sign(entrance, policy, token, verdict.via, now).then((assertion) => {
        // That took a while, and longer still where the process was frozen: what the gate has learnt since counts.
        const again = decide(asked, clock.now(), clock.monotonicMs())
        const passage = again.admitted ? admit(verdict, token, asked, assertion) : again
        note(passage.admitted ? verdict : passage)
        return passage
      })
    }
    note(verdict)
    return admit(verdict, token, asked, known)
  }
}
