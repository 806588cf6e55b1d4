import type { Clock } from '../authority/ports.ts'
import type { Instant } from '../domain/instant.ts'
import { firstVersion, isVersionInForce, vouchedSince } from '../domain/service-token.ts'
import type { SigningKey } from '../domain/signing-key.ts'
import { issuerOf } from './assertions.ts'
import { createBoundedCache } from './bounded-cache.ts'
import { type ReadToken, readToken } from './json-web-token.ts'
import type { KeyRing } from './key-ring.ts'
import type { Entrance, Replica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

/** Assertions that come back as a cookie. */
export interface Sessions {
  /** As `DeciderDeps.sessionIn`. Revoking the token ends its sessions at once, and so does the end of the secret that may have led to them. */
  sessionIn(cookie: string, entrance: Entrance): KnownToken | null | undefined
}

export interface SessionsDeps {
  readonly replica: Pick<Replica, 'tokenByClientId'>
  readonly keyRing: KeyRing
  readonly clock: Clock
  /** Of accounts that have chosen none. */
  readonly authDomain: string
}

type Session = Pick<ReadToken, 'kid' | 'claims'>

const cookieName = 'CF_Authorization'
/** Cookies whose signature need not be verified again. */
const maxKept = 20_000
/** How far ahead the clock of the node that signed may be. */
const skewMs = 60_000

/** What the client is to send instead of its secret. The attributes are those of the original. */
export function sessionCookie(assertion: string): string {
  return `${cookieName}=${assertion}; Path=/; Secure; SameSite=none`
}

export function createSessions({ replica, keyRing, clock, authDomain }: SessionsDeps): Sessions {
  /** What verified cookies say: whether it holds is asked each time. */
  const verified = createBoundedCache<Session>(maxKept)

  /** The key of a session, if everything that it says holds for this application now. Whether that key has signed it is another question. */
  function keyOf({ kid, claims }: Session, entrance: Entrance): SigningKey | undefined {
    const { iat, nbf = iat, exp, iss, aud } = claims
    const { accountId, audience } = entrance.application
    const now = clock.now()
    const isInTime = Math.max(iat, nbf) * 1000 <= now + skewMs && now < exp * 1000
    const holds = isInTime && iss === issuerOf(entrance, authDomain) && aud[0] === audience
    return holds ? keyRing.find(accountId, kid) : undefined
  }

  function read(value: string, entrance: Entrance): Session | undefined {
    const known = verified.get(value)
    if (known !== undefined) return keyOf(known, entrance) && known
    const token = readToken(value)
    const key = token && keyOf(token, entrance)
    // Last of all, as it takes longer than the rest together.
    if (token === undefined || key === undefined || !keyRing.verify(key, token.signed, token.signature)) return undefined
    // A copy: a part of a longer string would keep all of the cookies in memory.
    verified.set(Buffer.from(value).toString(), { kid: token.kid, claims: token.claims })
    return token
  }

  return {
    sessionIn(cookie, entrance) {
      const value = valueIn(cookie)
      if (value === undefined || value === null) return value
      const session = read(value, entrance)
      const token = session && replica.tokenByClientId(session.claims.common_name)
      if (session === undefined || token === undefined || token.accountId !== entrance.application.accountId) return null
      const now = clock.now()
      return isVouchedFor(session.claims, token, now) && token.enabled && now < token.expiresAt ? token : null
    },
  }
}

/** Of what was issued since the old secret ended, some may come from a gate that had not heard of it: only the version tells. */
function isVouchedFor({ iat, secret_version: version = firstVersion }: Session['claims'], token: KnownToken, now: Instant): boolean {
  return iat * 1000 >= vouchedSince(token.previousUntil, now) && isVersionInForce(token, version, now)
}

/** The session cookie's value; `null` where there are several, as nobody can say which of them counts. */
function valueIn(cookie: string): string | null | undefined {
  if (!cookie.includes(cookieName)) return undefined
  let value: string | undefined
  for (const pair of cookie.split(';')) {
    const equals = pair.indexOf('=')
    if (equals === -1 || pair.slice(0, equals).trim() !== cookieName) continue
    if (value !== undefined) return null
    value = pair.slice(equals + 1).trim()
  }
  return value
}
