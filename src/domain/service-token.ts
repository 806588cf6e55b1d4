import { type Lifetime, parseLifetime } from './duration.ts'
import { endOfTime, type Instant } from './instant.ts'
import { type Digest, sameDigest } from './secret.ts'

/** Where a token, an application or a caller's request belongs: an account, or one zone of it. */
export interface Scope {
  readonly accountId: string
  readonly zoneId: string | null
}

/** A machine's credential. Its secret is not here: only the digest of it, and of the one before. */
export interface ServiceToken extends Scope {
  readonly id: string
  readonly name: string
  readonly clientId: string
  readonly digest: Digest
  /** The secret before the last rotation, accepted while `now < until`. One that was ended by a command has no digest: no clock can bring it back. */
  readonly previous: { readonly digest: Digest | null; readonly until: Instant; readonly version: number } | null
  readonly secretVersion: number
  /** A Go duration or `forever`, as the operator entered it. */
  readonly duration: string
  readonly enabled: boolean
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly expiresAt: Instant
  /** Counts the stored versions of this token, from 1; 0 before the first. */
  readonly revision: number
}

/** What decides about a token at the gate: all of it but what only people read. */
export type Credential = Omit<ServiceToken, 'name' | 'duration' | 'createdAt' | 'updatedAt'>

export interface NewServiceToken extends Scope {
  readonly id: string
  readonly clientId: string
  readonly digest: Digest
  readonly name: string
  readonly duration: string
  readonly enabled: boolean
  readonly secretVersion: number
}

export function issue(token: NewServiceToken, now: Instant): ServiceToken {
  return {
    id: token.id,
    accountId: token.accountId,
    zoneId: token.zoneId,
    name: token.name,
    clientId: token.clientId,
    digest: token.digest,
    previous: null,
    secretVersion: token.secretVersion,
    duration: token.duration,
    enabled: token.enabled,
    createdAt: now,
    updatedAt: now,
    expiresAt: endOfLife(token.duration, now),
    revision: 0,
  }
}

/** Replaces the secret. The old one keeps working until `graceUntil`, so callers can switch without downtime; by default it stops at once. */
export function rotate(token: ServiceToken, next: Digest, now: Instant, graceUntil: Instant = now): ServiceToken {
  const previous = { digest: graceUntil > now ? token.digest : null, until: graceUntil, version: token.secretVersion }
  return { ...token, digest: next, previous, secretVersion: token.secretVersion + 1, updatedAt: now }
}

/** Starts the lifetime again from now, for an expired token too. */
export function refresh(token: ServiceToken, now: Instant): ServiceToken {
  return { ...token, expiresAt: endOfLife(token.duration, now), updatedAt: now }
}

/** What an update may change; what is left out stays as it is. */
export interface Changes {
  readonly name?: string | undefined
  readonly duration?: string | undefined
  readonly enabled?: boolean | undefined
  /** Above the present version: the secret is rotated and gets this version. */
  readonly secretVersion?: number | undefined
  /** When the previous secret ends: of the rotation that this update makes, else of the last one. */
  readonly previousUntil?: Instant | undefined
}

/** Why a change cannot be made, and the field that asks for it under its public name. */
export interface Objection {
  readonly field: 'client_secret_version' | 'previous_client_secret_expires_at'
  readonly message: string
}

export function objectionTo(token: ServiceToken, changes: Changes, now: Instant): Objection | undefined {
  const { secretVersion = token.secretVersion } = changes
  if (secretVersion < token.secretVersion) {
    const message = `is ${token.secretVersion} already and cannot go back; a higher number rotates the secret`
    return { field: 'client_secret_version', message }
  }
  const end = secretVersion === token.secretVersion ? newEndOfPrevious(token, changes, now) : undefined
  if (end !== undefined && end.until > now && end.digest === null) {
    const message = 'lies in the future, but the previous secret has ended and cannot be brought back; rotate for a new grace period'
    return { field: 'previous_client_secret_expires_at', message }
  }
  return undefined
}

/** Applies the changes that `objectionTo` lets pass. When they change nothing, the answer is the same object. */
export function update(token: ServiceToken, changes: Changes, next: Digest, now: Instant): ServiceToken {
  let updated = token
  const { name = token.name, duration = token.duration, enabled = token.enabled, secretVersion = token.secretVersion } = changes
  if (name !== token.name) updated = { ...updated, name }
  if (enabled !== token.enabled) updated = { ...updated, enabled }
  if (duration !== token.duration) {
    // Another spelling of the same length ("60m" for "1h") is not a new lease of life.
    const restarts = lifetimeOf(duration) !== lifetimeOf(token.duration)
    updated = { ...updated, duration, expiresAt: restarts ? endOfLife(duration, now) : token.expiresAt }
  }
  const end = newEndOfPrevious(token, changes, now)
  if (secretVersion > token.secretVersion) {
    updated = { ...rotate(updated, next, now, changes.previousUntil), secretVersion }
  } else if (end !== undefined) {
    updated = { ...updated, previous: end.until > now ? end : { ...end, digest: null } }
  }
  return updated === token ? token : { ...updated, updatedAt: now }
}

/** The end that the changes ask for, if there is a previous secret and it is another end than the present one; with the digest if it is still in grace. */
function newEndOfPrevious({ previous }: ServiceToken, { previousUntil: until }: Changes, now: Instant) {
  if (previous === null || until === undefined) return undefined
  // The wire shows whole seconds: a client that sends back what it was shown has asked for no change.
  if (Math.floor(until / 1000) === Math.floor(previous.until / 1000)) return undefined
  return { ...previous, digest: previous.until > now ? previous.digest : null, until }
}

export function lifetimeOf(duration: string): Lifetime {
  const lifetime = parseLifetime(duration)
  if (lifetime === undefined) throw new Error(`not a lifetime: ${duration}`)
  return lifetime
}

function endOfLife(duration: string, from: Instant): Instant {
  const lifetime = lifetimeOf(duration)
  return lifetime === 'forever' ? endOfTime : Math.min(from + lifetime, endOfTime)
}

/**
 * Assertions from before this moment no longer stand for the token: the secret that may have led to them has ended since. 0 where none has.
 * In whole seconds, as they say themselves when they were issued.
 * @param previousUntil until when the secret before the last rotation works; 0 where there was none.
 */
export function vouchedSince(previousUntil: Instant, now: Instant): Instant {
  return now >= previousUntil ? Math.floor(previousUntil / 1000) * 1000 : 0
}

/** That of the secret that a token is made with. */
export const firstVersion = 1

/** The versions of a token's secrets, and until when the one before the last rotation works; 0 where there was none. */
export interface SecretVersions {
  readonly secretVersion: number
  readonly previousVersion: number
  readonly previousUntil: Instant
}

/** Whether a secret of this version still works. */
export function isVersionInForce(
  { secretVersion, previousVersion, previousUntil }: SecretVersions,
  version: number,
  now: Instant,
): boolean {
  return version === secretVersion || (version === previousVersion && now < previousUntil)
}

/** The version of the secret that let somebody in; for a session, which may be of either, the one that ends first. */
export function versionBehind(token: SecretVersions, via: 'current' | 'previous' | 'session' | null, now: Instant): number {
  return via !== 'current' && now < token.previousUntil ? token.previousVersion : token.secretVersion
}

/** Which of a token's secrets was presented. */
export type Match = 'current' | 'previous' | 'none'

/** No secret has this digest in practice: it stands in where there is none to compare with, so that the work is always the same. */
const nobody: Digest = new Uint8Array(32)

/** Compares with both digests every time, an unknown token's too. */
export function matchOf(current: Digest | undefined, previous: Digest | null | undefined, presented: Digest): Match {
  const isCurrent = sameDigest(current ?? nobody, presented)
  const isPrevious = sameDigest(previous ?? nobody, presented)
  if (isCurrent && current !== undefined) return 'current'
  return isPrevious && previous ? 'previous' : 'none'
}

/** What came of presenting a secret. The reasons are for the operator; the presenter learns only that it was refused. */
export type Verification =
  | { readonly ok: true; readonly via: 'current' | 'previous' }
  | { readonly ok: false; readonly reason: 'unknown_client_id' | 'wrong_secret' | 'previous_secret_ended' | 'disabled' | 'expired' }

const viaCurrent: Verification = { ok: true, via: 'current' }
const viaPrevious: Verification = { ok: true, via: 'previous' }
const unknownClientId: Verification = { ok: false, reason: 'unknown_client_id' }
const wrongSecret: Verification = { ok: false, reason: 'wrong_secret' }
const previousEnded: Verification = { ok: false, reason: 'previous_secret_ended' }
const disabled: Verification = { ok: false, reason: 'disabled' }
const expired: Verification = { ok: false, reason: 'expired' }

/** The part of a token that decides whether its secrets work. */
interface Validity {
  readonly enabled: boolean
  readonly expiresAt: Instant
  /** As for `vouchedSince`. */
  readonly previousUntil: Instant
}

/** Decides whether the secret that matched in this way opens this token now. */
export function verify(token: Validity | undefined, match: Match, now: Instant): Verification {
  if (token === undefined) return unknownClientId
  if (match === 'none') return wrongSecret
  if (match === 'previous' && now >= token.previousUntil) return previousEnded
  if (!token.enabled) return disabled
  if (now >= token.expiresAt) return expired
  return match === 'current' ? viaCurrent : viaPrevious
}
