import { type Grant, type Permission, permits } from '../domain/permission.ts'
import { isActive } from '../domain/principal.ts'
import { digestOf, sameDigest } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import type { Actor, Clock, Store } from './ports.ts'

export type Credentials =
  | { readonly kind: 'api_token'; readonly value: string }
  | { readonly kind: 'api_key'; readonly email: string; readonly key: string }

/** Someone who has signed in, for one request. */
export interface Caller {
  readonly actor: Actor
  readonly grants: readonly Grant[] | 'everything'
}

export interface SignIn {
  /** Fails with `not_authenticated`, whatever is wrong with the credentials. */
  signIn(credentials: Credentials, sourceIp: string, rayId: string): Promise<Caller>
  /** Fails with `not_permitted` when the caller may not do this there, or when there is no such account or zone. */
  admit(caller: Caller, permission: Permission, place: { accountId: string } | { zoneId: string }): Promise<Scope>
}

const noKey = new Uint8Array(32)

export function createSignIn({ store, clock }: { store: Store; clock: Clock }): SignIn {
  async function withApiToken(value: string): Promise<Pick<Caller, 'grants'> & { id: string; name: string }> {
    const token = await store.findApiToken(digestOf(value))
    if (token === undefined || !isActive(token, clock.now())) throw new Failure('not_authenticated')
    return { id: token.id, name: token.name, grants: token.grants }
  }

  async function withApiKey(email: string, key: string): Promise<Pick<Caller, 'grants'> & { id: string; name: string }> {
    const user = await store.findUser(email)
    const matches = sameDigest(user?.keyDigest ?? noKey, digestOf(key))
    if (user === undefined || !matches) throw new Failure('not_authenticated')
    return { id: user.id, name: user.email, grants: 'everything' }
  }

  return {
    async signIn(credentials, sourceIp, rayId) {
      const { id, name, grants } =
        credentials.kind === 'api_token' ? await withApiToken(credentials.value) : await withApiKey(credentials.email, credentials.key)
      const kind = credentials.kind === 'api_token' ? 'api_token' : 'user'
      return { actor: { kind, id, name, sourceIp, rayId }, grants }
    },

    async admit(caller, permission, place) {
      const scope = 'zoneId' in place ? await scopeOfZone(place.zoneId) : await scopeOfAccount(place.accountId)
      if (scope === undefined || !permits(caller.grants, permission, scope.accountId)) throw new Failure('not_permitted')
      return scope
    },
  }

  async function scopeOfZone(id: string): Promise<Scope | undefined> {
    const zone = await store.find('zone', id)
    return zone && { accountId: zone.accountId, zoneId: zone.id }
  }

  async function scopeOfAccount(id: string): Promise<Scope | undefined> {
    const account = await store.find('account', id)
    return account && { accountId: account.id, zoneId: null }
  }
}
