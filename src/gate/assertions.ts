import type { Log } from '../authority/ports.ts'
import { parseLifetime } from '../domain/duration.ts'
import type { Instant } from '../domain/instant.ts'
import type { Policy } from '../domain/policy.ts'
import { firstVersion, versionBehind, vouchedSince } from '../domain/service-token.ts'
import type { SigningKey } from '../domain/signing-key.ts'
import { createBoundedCache } from './bounded-cache.ts'
import type { Via } from './decide.ts'
import { type Claims, signingInput } from './json-web-token.ts'
import type { KeyRing } from './key-ring.ts'
import { createRecollection } from './recollection.ts'
import type { Entrance, Replica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

/** Vouches to an application for a token that was admitted. */
export interface Assertions {
  /** The assertion that is at hand; `undefined` where one has to be signed. */
  known(entrance: Entrance, policy: Policy, token: KnownToken, via: Via | null, now: Instant): string | undefined
  /** A new one; `null` where nobody can sign. */
  sign(entrance: Entrance, policy: Policy, token: KnownToken, via: Via | null, now: Instant): Promise<string | null>
}

export interface AssertionsDeps {
  readonly replica: Pick<Replica, 'version'>
  readonly keyRing: KeyRing
  readonly log: Log
  /** Of accounts that have chosen none. */
  readonly authDomain: string
}

/** The assertion that a token was last given, and what it was given for. */
interface Latest {
  /** The replica's: applications and organizations are the same as long as it is. */
  readonly version: number
  readonly applicationId: string
  readonly duration: string
  readonly keyId: string
  readonly assertion: string
  /** What the token was vouched for since then. */
  readonly since: Instant
  /** Of the secret that led to it. */
  readonly secretVersion: number
  readonly renewAt: Instant
}

/** Assertions that are kept, at a time. */
const maxKept = 100_000
const defaultDuration = '24h'

interface Kept {
  readonly assertion: string
  readonly keyId: string
  readonly issuer: string
  readonly issuedAt: Instant
  /** Half its life is over then. */
  readonly renewAt: Instant
}

/** An assertion is signed once for a token, an application and a lifetime, and used again until half its life is over. */
export function createAssertions({ replica, keyRing, log, authDomain }: AssertionsDeps): Assertions {
  const kept = createBoundedCache<Kept>(maxKept)
  /** Finds what a token goes on asking for without putting a name together. */
  const latestOf = createRecollection<Latest>('assertion')
  const underWay = new Map<string, Promise<string | null>>()
  const failing = new Set<string>()

  /** Of requests that want the same at once, one has it signed. */
  function shared(what: string, begin: () => Promise<string | null>): Promise<string | null> {
    const pending = underWay.get(what) ?? begin().finally(() => underWay.delete(what))
    underWay.set(what, pending)
    return pending
  }

  async function sign(key: SigningKey, claims: Claims): Promise<string> {
    const input = signingInput(key.id, claims)
    const signature = (await keyRing.sign(key, input)).toString('base64url')
    // In one piece: a string that is still in parts is put together again for each answer that it goes into.
    return Buffer.from(`${input}.${signature}`).toString('latin1')
  }

  function fail(accountId: string, error: unknown): null {
    if (!failing.has(accountId)) log.error({ err: error, account: accountId }, 'no assertion can be signed; the gate refuses instead')
    failing.add(accountId)
    return null
  }

  async function renew(name: string, key: SigningKey, claims: Claims): Promise<string | null> {
    try {
      const assertion = await sign(key, claims)
      failing.delete(key.accountId)
      kept.set(name, {
        assertion,
        keyId: key.id,
        issuer: claims.iss,
        issuedAt: claims.iat * 1000,
        renewAt: ((claims.iat + claims.exp) / 2) * 1000,
      })
      return assertion
    } catch (error) {
      return fail(key.accountId, error)
    }
  }

  return {
    known(entrance, policy, token, via, now) {
      const key = keyRing.signingKeyOf(entrance.application.accountId, now)
      const since = vouchedSince(token.previousUntil, now)
      const secretVersion = versionBehind(token, via, now)
      const { version } = replica
      const latest = latestOf.of(token)
      const isLatest =
        latest !== undefined &&
        latest.version === version &&
        latest.applicationId === entrance.application.id &&
        latest.duration === durationOf(entrance, policy) &&
        latest.keyId === key?.id
      if (isLatest && now < latest.renewAt && latest.since === since && latest.secretVersion === secretVersion) return latest.assertion
      const found = kept.get(nameOf(entrance, policy, token, secretVersion))
      if (key === undefined || found === undefined || now >= found.renewAt) return undefined
      if (found.keyId !== key.id || found.issuer !== issuerOf(entrance, authDomain) || found.issuedAt < since) return undefined
      const { assertion, renewAt } = found
      const names = { applicationId: entrance.application.id, duration: durationOf(entrance, policy), keyId: key.id }
      latestOf.keep(token, { version, ...names, since, secretVersion, assertion, renewAt })
      return assertion
    },

    async sign(entrance, policy, token, via, now) {
      const { accountId, audience } = entrance.application
      const key = keyRing.signingKeyOf(accountId, now)
      if (key === undefined) return fail(accountId, new Error('the account has no signing key'))
      const issuer = issuerOf(entrance, authDomain)
      const secretVersion = versionBehind(token, via, now)
      const name = nameOf(entrance, policy, token, secretVersion)
      const times = lifeOf(durationOf(entrance, policy), now, keyRing.honouredUntil(key))
      const claims: Claims = {
        ...{ type: 'app', ...times, iss: issuer, sub: '', aud: [audience], common_name: token.clientId },
        ...(secretVersion === firstVersion ? {} : { secret_version: secretVersion }),
      }
      const since = vouchedSince(token.previousUntil, now)
      return shared(`${name} ${key.id} ${issuer} ${since}`, () => renew(name, key, claims))
    },
  }
}

function durationOf({ application, organization }: Entrance, policy: Policy): string {
  return policy.sessionDuration ?? application.sessionDuration ?? organization?.sessionDuration ?? defaultDuration
}

function nameOf(entrance: Entrance, policy: Policy, token: KnownToken, secretVersion: number): string {
  return `${token.id} ${entrance.application.id} ${durationOf(entrance, policy)} ${secretVersion}`
}

/** In whose name an application's assertions are issued. */
export function issuerOf({ organization }: Entrance, authDomain: string): string {
  return `https://${organization?.authDomain ?? authDomain}`
}

/** Whole seconds (RFC 7519, section 2). One at the least, and never beyond the key: nobody could verify the rest. */
function lifeOf(duration: string, now: Instant, keyEnd: Instant): { readonly iat: number; readonly exp: number } {
  const iat = Math.floor(now / 1000)
  const lifetime = parseLifetime(duration) ?? 0
  const wanted = lifetime === 'forever' ? keyEnd / 1000 : iat + lifetime / 1000
  return { iat, exp: Math.max(iat + 1, Math.floor(Math.min(wanted, keyEnd / 1000))) }
}
