import { type Grants, type Permission, type Place, permits } from '../domain/permission.ts'
import { type ApiToken, allowsLocation, isActive, type Owner } from '../domain/principal.ts'
import { digestOf, sameDigest } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import type { Actor, Clock, RequestTrace, Store } from './ports.ts'

export type Credentials =
  | { readonly kind: 'api_token'; readonly value: string }
  | { readonly kind: 'api_key'; readonly email: string; readonly key: string }

/** Someone who has signed in, for one request. */
export interface Caller {
  readonly actor: Actor
  readonly grants: Grants
  readonly owner: Owner
  /** What they signed in with; `null` for e-mail and key. */
  readonly token: ApiToken | null
}

export interface SignIn {
  /** Fails with `not_authenticated`, whatever is wrong with the credentials, or with `wrong_location` for the right ones from the wrong address. */
  signIn(credentials: Credentials, trace: RequestTrace): Promise<Caller>
  /** The account or zone, if the caller may do this there. Fails with `not_permitted` otherwise, and when there is no such place. */
  admit(caller: Caller, permission: Permission, place: { readonly accountId: string } | { readonly zoneId: string }): Promise<Scope>
  /** The user that the caller is, if it may do this with what is theirs. Fails with `not_permitted` otherwise, and for an account's own token. */
  admitSelf(caller: Caller, permission: Permission): Owner
}

export interface SignInDeps {
  readonly store: Store
  readonly clock: Clock
  /** Hears of each API token that signed in. */
  readonly noteUse: (apiTokenId: string) => void
}

const noKey = new Uint8Array(32)

export function createSignIn({ store, clock, noteUse }: SignInDeps): SignIn {
  /** Addresses of users never change. */
  const emails = new Map<string, string>()

  async function emailOf(userId: string): Promise<string | null> {
    const email = emails.get(userId) ?? (await store.find('user', userId))?.email
    if (email !== undefined) emails.set(userId, email)
    return email ?? null
  }

  async function withApiToken(value: string, request: RequestTrace): Promise<Caller> {
    const token = await store.findApiToken(digestOf(value))
    if (token === undefined || !isActive(token, clock.now())) throw new Failure('not_authenticated')
    if (!allowsLocation(token.location, request.sourceIp)) {
      throw new Failure('wrong_location', { message: `Cannot use the access token from location: ${request.sourceIp}` })
    }
    noteUse(token.id)
    const { owner, grants } = token
    const [tokenId, tokenName] = [token.id, token.name]
    const actor: Actor =
      owner.userId === null
        ? { kind: 'account_token', id: owner.accountId, email: null, tokenId, tokenName, request }
        : { kind: 'api_token', id: owner.userId, email: await emailOf(owner.userId), tokenId, tokenName, request }
    return { actor, grants, owner, token }
  }

  async function withApiKey(email: string, key: string, request: RequestTrace): Promise<Caller> {
    const user = await store.findUser(email)
    const matches = sameDigest(user?.keyDigest ?? noKey, digestOf(key))
    if (user === undefined || !matches) throw new Failure('not_authenticated')
    const actor: Actor = { kind: 'user', id: user.id, email, tokenId: null, tokenName: null, request }
    return { actor, grants: 'everything', owner: { userId: user.id, accountId: null }, token: null }
  }

  async function placeOf(place: { readonly accountId: string } | { readonly zoneId: string }): Promise<Scope | undefined> {
    if ('zoneId' in place) {
      const zone = await store.find('zone', place.zoneId)
      return zone && { accountId: zone.accountId, zoneId: zone.id }
    }
    const account = await store.find('account', place.accountId)
    return account && { accountId: account.id, zoneId: null }
  }

  return {
    signIn: (credentials, request) =>
      credentials.kind === 'api_token' ? withApiToken(credentials.value, request) : withApiKey(credentials.email, credentials.key, request),

    async admit({ grants }, permission, place) {
      const scope = await placeOf(place)
      if (scope !== undefined && permits(grants, permission, scope)) return scope
      // Whoever may manage every account or zone may know that this one is gone; clients forget what they get a 404 for.
      const isItself = permission.startsWith('accountId' in place ? 'accounts:' : 'zones:')
      if (scope === undefined && isItself && permits(grants, permission, nowhere(place))) throw new Failure('no_route')
      throw new Failure('not_permitted')
    },

    admitSelf({ owner, grants }, permission) {
      const { userId } = owner
      if (userId === null || !permits(grants, permission, { userId })) throw new Failure('not_permitted')
      return owner
    },
  }
}

/** A place of this id in an account that no grant can name. */
function nowhere(place: { readonly accountId: string } | { readonly zoneId: string }): Place {
  return 'zoneId' in place ? { accountId: '', zoneId: place.zoneId } : { accountId: place.accountId, zoneId: null }
}
