import type { Instant } from './instant.ts'

/** A key pair with which an account's assertions are signed. */
export interface SigningKey {
  /** Its `kid`: the SHA-256 of the public key, in hex. */
  readonly id: string
  readonly accountId: string
  /** SubjectPublicKeyInfo, PEM. */
  readonly publicKey: string
  /** PKCS #8, encrypted under the master key. */
  readonly sealedPrivateKey: Uint8Array
  readonly createdAt: Instant
  /** Until when it is published and assertions that it signed are honoured; `null` for the newest. */
  readonly endsAt: Instant | null
  readonly revision: number
}

export const dayMs = 86_400_000

/** How long the last key outlives its rotation, so that no assertion dies before its time: 7 days. */
export const keyOverlapMs = 7 * dayMs

/** When a key is due to be replaced. */
export function rotationDue(key: SigningKey, everyDays: number): Instant {
  return key.createdAt + everyDays * dayMs
}

/** For how long readers of the published keys may keep them. */
export const keySetAgeMs = 60_000

export function isHonoured({ endsAt }: SigningKey, now: Instant): boolean {
  return endsAt === null || now < endsAt
}

/**
 * Which of an account's keys, newest first, signs now. A new one waits for `headStartMs`, until everybody who verifies can know it; an account's first signs at once.
 */
export function signingKeyAt(keys: readonly SigningKey[], now: Instant, headStartMs: number): SigningKey | undefined {
  let oldest: SigningKey | undefined
  for (const key of keys) {
    if (!isHonoured(key, now)) continue
    if (key.createdAt + headStartMs <= now) return key
    oldest = key
  }
  return oldest
}

/** Until when a key is honoured at the least, whatever is rotated from now on, and was in the last `unawareMs`, of which nothing may be known here yet. */
export function surelyHonouredUntil({ endsAt }: SigningKey, now: Instant, unawareMs: number): Instant {
  return endsAt ?? now + Math.max(0, keyOverlapMs - unawareMs)
}
