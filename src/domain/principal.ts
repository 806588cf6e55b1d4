import { type AddressRange, createAddressSet, liesWithin, parseAddressRange } from './address-range.ts'
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
  readonly updatedAt: Instant
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

/** From where a credential may be used: CIDR ranges. Without `in`, from everywhere that is not in `notIn`. */
export interface LocationCondition {
  readonly in: readonly string[]
  readonly notIn: readonly string[]
}

/** Whose a credential is: a user's, or an account's own. */
export type Owner = { readonly userId: string; readonly accountId: null } | { readonly userId: null; readonly accountId: string }

/** A credential for the management API that may do what its grants say, and no more. */
export interface ApiToken {
  readonly id: string
  readonly owner: Owner
  readonly name: string
  readonly digest: Digest
  readonly grants: readonly Grant[]
  readonly location: LocationCondition
  readonly disabled: boolean
  readonly notBefore: Instant | null
  readonly expiresAt: Instant | null
  readonly createdAt: Instant
  readonly updatedAt: Instant
  readonly revision: number
}

/** Whether an API token may be used at all. */
export function isActive(token: ApiToken, now: Instant): boolean {
  return !token.disabled && (token.notBefore === null || now >= token.notBefore) && !isExpired(token, now)
}

export function isExpired({ expiresAt }: Pick<ApiToken, 'expiresAt'>, now: Instant): boolean {
  return expiresAt !== null && now >= expiresAt
}

/** Whether a credential may be used from an address. Where there is a condition, what is no address meets none. */
export function allowsLocation({ in: allowed, notIn: denied }: LocationCondition, address: string): boolean {
  if (allowed.length === 0 && denied.length === 0) return true
  if (!everywhere(address)) return false
  return (allowed.length === 0 || createAddressSet(ranges(allowed))(address)) && !createAddressSet(ranges(denied))(address)
}

/** Whether every address that `inner` allows is one that `outer` allows too, as far as their ranges tell. */
export function isNoWider(inner: LocationCondition, outer: LocationCondition): boolean {
  const within = (range: AddressRange, outers: readonly string[]) => ranges(outers).some((one) => liesWithin(range, one))
  const staysInside = outer.in.length === 0 || (inner.in.length > 0 && ranges(inner.in).every((range) => within(range, outer.in)))
  return staysInside && ranges(outer.notIn).every((range) => within(range, inner.notIn))
}

const everywhere = createAddressSet([
  { address: '0.0.0.0', prefix: 0 },
  { address: '::', prefix: 0 },
])

/** They were checked when they were stored. */
function ranges(texts: readonly string[]): readonly AddressRange[] {
  return texts.map((text) => {
    const range = parseAddressRange(text)
    if (range === undefined) throw new Error(`not an address range: ${text}`)
    return range
  })
}
