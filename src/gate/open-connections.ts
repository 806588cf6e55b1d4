import { setImmediate } from 'node:timers/promises'
import type { Clock, Log } from '../authority/ports.ts'
import type { Application } from '../domain/application.ts'
import { type Digest, digestOf } from '../domain/secret.ts'
import { verify } from '../domain/service-token.ts'
import { presentedIn } from './credentials.ts'
import type { Asked, DeciderDeps } from './decide.ts'
import type { Entrance, Replica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

/** What was admitted and stays open, such as WebSockets: none of it outlives its admission for long. */
export interface OpenConnections {
  /** Calls `end` once the request would no longer be admitted. Answers with a way to stop watching; both may be called more than once. */
  watch(admission: Admission, end: () => void): () => void
  /** Ends what would no longer be admitted. Costs something for each that is open, and holds no request up for long. */
  review(): Promise<void>
}

export interface Admission {
  readonly asked: Asked
  readonly application: Application
  /** Whose request it is; `null` where no token of the application's account was proved. */
  readonly token: KnownToken | null
}

export interface OpenConnectionsDeps {
  readonly replica: Pick<Replica, 'tokenByClientId' | 'entranceTo' | 'match'>
  readonly clock: Clock
  readonly sessionIn: DeciderDeps['sessionIn']
  readonly log: Log
}

interface Open extends Pick<Asked, 'host' | 'target' | 'address' | 'cookie'> {
  readonly applicationId: string
  readonly token: KnownToken | null
  /** Of the secret that proved the token; `null` where its session did. The secret itself is not kept. */
  readonly digest: Digest | null
  readonly end: () => void
}

/** How many are looked at in one go: a millisecond's work at the most. */
const batchSize = 100

/** The gate that knows nothing new (its lease is over) ends nothing: what is open was admitted by what it knows. */
export function createOpenConnections({ replica, clock, sessionIn, log }: OpenConnectionsDeps): OpenConnections {
  const watched = new Set<Open>()

  /** A secret that was rotated out ends what it opened, at the end of its grace period. `undefined` for a token that is no longer proved. */
  function provedToken({ token, digest, cookie }: Open, entrance: Entrance): KnownToken | null | undefined {
    if (token === null) return null
    if (digest === null) return (cookie === undefined ? undefined : sessionIn(cookie, entrance)) ?? undefined
    const known = replica.tokenByClientId(token.clientId)
    return verify(known, replica.match(known, digest), clock.now()).ok ? known : undefined
  }

  function isStillAdmitted(open: Open): boolean {
    const entrance = replica.entranceTo(open.host, open.target)
    // Another application has its own origin and its own assertions.
    if (entrance === undefined || entrance === 'ambiguous' || entrance.application.id !== open.applicationId) return false
    const token = provedToken(open, entrance)
    return token !== undefined && entrance.judge(token, open.address).admitted
  }

  return {
    watch({ asked, application, token }, end) {
      const { host, target, address, cookie } = asked
      const presented = token && presentedIn(asked.rawHeaders, application.tokenHeader)
      const digest = presented?.kind === 'pair' ? digestOf(presented.secret) : null
      const open = { host, target, address, cookie, applicationId: application.id, token, digest, end }
      watched.add(open)
      return () => watched.delete(open)
    },

    async review() {
      let [seen, ended] = [0, 0]
      for (const open of watched) {
        if (++seen % batchSize === 0) await setImmediate()
        if (!watched.has(open) || isStillAdmitted(open)) continue
        watched.delete(open)
        open.end()
        ended++
      }
      if (ended > 0) log.info({ ended, open: watched.size }, 'connections that would no longer be admitted were ended')
    },
  }
}
