import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Clock } from '../authority/ports.ts'
import { type Application, belongsTo } from '../domain/application.ts'
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

/** Checks a request and hands over what came of it: at once, or as soon as a new assertion is signed. */
export type Check = (asked: Asked, ray: string, then: (passage: Passage) => void) => void

/** The same for a request over HTTP: nothing is handed over when it no longer waits for an answer, and mistakes in what follows are contained. */
export type CheckFor = (
  request: IncomingMessage,
  response: ServerResponse,
  asked: Asked,
  ray: string,
  then: (passage: Passage) => unknown,
) => void

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
    if (via === 'session' || policy.decision === 'bypass' || (entrance.organization?.isStrict ?? true)) return null
    const session = cookie === undefined ? undefined : sessions.sessionIn(cookie, entrance)
    return session && session.id === token?.id ? null : sessionCookie(assertion)
  }

  return (asked, ray, then) => {
    const startedMs = clock.monotonicMs()
    const note = (verdict: Verdict) => observe(asked, verdict, ray, clock.monotonicMs() - startedMs)
    const verdict = decide(asked)
    if (!verdict.admitted) return then({ ...verdict, retryAfterSeconds: note(verdict) })
    const { application, entrance, policy } = verdict
    // A bypass lets in whoever shows another account's token, too: that is nobody here.
    const token = verdict.token !== null && belongsTo(verdict.token, application) ? verdict.token : null
    if (token === null) {
      note(verdict)
      return then({ admitted: true, application, token, assertion: null, setCookie: null })
    }
    assertions.provide(entrance, policy, token, (assertion) => {
      const refused = { admitted: false, status: 503, reason: 'no_signing_key', application, token } as const
      note(assertion === null ? refused : verdict)
      if (assertion === null) then(refused)
      else then({ admitted: true, application, token, assertion, setCookie: cookieFor(verdict, asked, assertion) })
    })
  }
}
