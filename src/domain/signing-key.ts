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
  /** Until when assertions that it signed are honoured; `null` for the one that signs now. */
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
