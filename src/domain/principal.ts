import type { Instant } from './instant.ts'
import type { Grant } from './permission.ts'
import type { Digest } from './secret.ts'

/** A tenant: everything else belongs to one. */
export interface Account {
  readonly id: string
  readonly name: string
  readonly createdAt: Instant
  readonly revision: number
}

/** A part of an account with tokens of its own. */
export interface Zone {
  readonly id: string
  readonly accountId: string
  readonly name: string
  readonly createdAt: Instant
  readonly revision: number
}

/** An owner of the installation, who signs in with an e-mail address and an API key. */
export interface User {
  readonly id: string
  readonly email: string
  readonly keyDigest: Digest
  readonly createdAt: Instant
  readonly revision: number
}

/** A credential for the management API that may do what its grants say, and no more. */
export interface ApiToken {
  readonly id: string
  readonly userId: string
  readonly name: string
  readonly digest: Digest
  readonly grants: readonly Grant[]
  readonly disabled: boolean
  readonly notBefore: Instant | null
  readonly expiresAt: Instant | null
  readonly createdAt: Instant
  readonly revision: number
}

/** Whether an API token may be used at all. */
export function isActive(token: ApiToken, now: Instant): boolean {
  return !token.disabled && (token.notBefore === null || now >= token.notBefore) && (token.expiresAt === null || now < token.expiresAt)
}
