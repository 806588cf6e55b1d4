import { newHexId } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { ApiToken, LocationCondition, Owner } from '../domain/principal.ts'
import { digestOf, newSecret, type RandomBytes } from '../domain/secret.ts'
import { apiTokenDeeds } from './api-token-trail.ts'
import { administers, type GrantDraft, isAsGoodAWayIn, named, requireGrants, requireHeld, requireReach } from './delegation.ts'
import { Failure } from './failure.ts'
import { type Journal, requireScope, untilStored } from './journal.ts'
import type { Clock, SeenApiToken, Store, Write } from './ports.ts'
import type { ApiTokenQuery, Page } from './queries.ts'
import type { Retries, Retry } from './retries.ts'
import type { Repeatable } from './service-tokens.ts'
import type { Caller } from './sign-in.ts'

export interface ApiTokenDraft {
  readonly name: string
  readonly grants: readonly GrantDraft[]
  readonly location?: LocationCondition | undefined
  readonly notBefore?: Instant | null | undefined
  readonly expiresAt?: Instant | null | undefined
}

/** What is left out stays as it is. */
export interface ApiTokenChanges extends Partial<ApiTokenDraft> {
  readonly disabled?: boolean | undefined
}

/** An API token together with its value, which nobody can see again. */
export interface IssuedApiToken extends SeenApiToken {
  readonly value: string
}

/**
 * The credentials for this API itself: a user's, or an account's own. Fails with `api_token_not_found` for another owner's,
 * with `exceeds_maker` when a token would be able to do more than its maker, and with `last_way_in` when nobody could make tokens afterwards.
 */
export interface ApiTokens {
  list(owner: Owner, query: ApiTokenQuery): Promise<Page<SeenApiToken>>
  get(owner: Owner, id: string): Promise<SeenApiToken>
  create(caller: Caller, owner: Owner, draft: ApiTokenDraft, retry?: Retry): Promise<Repeatable<IssuedApiToken>>
  update(caller: Caller, owner: Owner, id: string, changes: ApiTokenChanges): Promise<SeenApiToken>
  /** Replaces the value; the old one is refused from now on. */
  roll(caller: Caller, owner: Owner, id: string, retry?: Retry): Promise<Repeatable<IssuedApiToken>>
  delete(caller: Caller, owner: Owner, id: string): Promise<void>
  /** The token with this value, usable or not, if it is a user's or that account's. Fails with `invalid_api_token`. */
  verify(value: string, of: { readonly accountId: string | null }): Promise<ApiToken>
}

export interface ApiTokensDeps {
  readonly store: Store
  readonly journal: Journal
  readonly retries: Retries
  readonly clock: Clock
  readonly random: RandomBytes
}

const fromAnywhere: LocationCondition = { in: [], notIn: [] }

export function createApiTokens({ store, journal, retries, clock, random }: ApiTokensDeps): ApiTokens {
  async function get(owner: Owner, id: string): Promise<SeenApiToken> {
    const found = await store.findOwnedApiToken(owner, id)
    if (found === undefined) throw new Failure('api_token_not_found')
    return found
  }

  /** What takes away somebody's right to make tokens must leave another, and stores the user as well: of two such changes at once one is decided anew. */
  async function keepingAWayIn(caller: Caller, before: ApiToken, after: ApiToken | null, now: Instant): Promise<readonly Write[]> {
    const { userId } = before.owner
    if (userId === null || !administers(before, now) || (after !== null && isAsGoodAWayIn(after, before, now))) return []
    const user = await store.find('user', userId)
    if (user === undefined) throw new Error(`API token ${before.id} belongs to nobody`)
    // Who comes with e-mail and key has just shown another way in.
    if (caller.token !== null && !(await hasAnotherWayIn(before, now))) {
      const message =
        'this is the last API token that can manage API tokens; make another one first, or sign in with e-mail and key (X-Auth-Email, X-Auth-Key)'
      throw new Failure('last_way_in', { message })
    }
    return [{ kind: 'user', before: user, after: user }]
  }

  async function hasAnotherWayIn(lost: ApiToken, now: Instant): Promise<boolean> {
    for (let page = 1; ; page++) {
      const { items, total } = await store.listApiTokens(lost.owner, { page, perPage: 100, direction: 'asc' })
      if (items.some(({ token }) => token.id !== lost.id && isAsGoodAWayIn(token, lost, now))) return true
      if (page * 100 >= total) return false
    }
  }

  async function save(
    caller: Caller,
    action: string,
    before: ApiToken,
    after: ApiToken | null,
    now: Instant,
    conditions = {},
  ): Promise<boolean> {
    const guard = await keepingAWayIn(caller, before, after, now)
    const writes: readonly Write[] = [...guard, { kind: 'api_token', before, after }]
    return journal.commit(writes, await apiTokenDeeds(store, caller.actor, action, before, after, now), conditions)
  }

  return {
    get,
    list: (owner, query) => store.listApiTokens(owner, query),

    create(caller, owner, draft, retry) {
      return retries.once<IssuedApiToken>('api_token.create', retry, async (attemptOf) => {
        if (owner.accountId !== null) await requireScope(store, { accountId: owner.accountId, zoneId: null })
        const now = clock.now()
        const grants = named(draft.grants, [], () => newHexId(random))
        await requireGrants(store, caller, owner, grants)
        const value = newSecret(owner.userId === null ? 'psa_' : 'psu_', random)
        const { name, location = fromAnywhere, notBefore = null, expiresAt = null } = draft
        const token: ApiToken = {
          ...{ id: newHexId(random), owner, name, digest: digestOf(value), grants, location, disabled: false },
          ...{ notBefore, expiresAt, createdAt: now, updatedAt: now, revision: 0 },
        }
        requirePeriod(token, now)
        requireReach(caller, token)
        const answer = { token: { ...token, revision: 1 }, lastUsedAt: null, value }
        const deed = await apiTokenDeeds(store, caller.actor, 'api_token.create', null, token, now)
        const stored = await journal.commit([{ kind: 'api_token', before: null, after: token }], deed, attemptOf(answer))
        return stored ? answer : undefined
      })
    },

    update: (caller, owner, id, changes) =>
      untilStored('api_token.update', async () => {
        const { token: before, lastUsedAt } = await get(owner, id)
        const now = clock.now()
        const { name = before.name, location = before.location, disabled = before.disabled } = changes
        const { notBefore = before.notBefore, expiresAt = before.expiresAt } = changes
        const grants = named(changes.grants ?? before.grants, before.grants, () => newHexId(random))
        const after = { ...before, name, location, disabled, notBefore, expiresAt, grants, updatedAt: now }
        if (notBefore !== before.notBefore || expiresAt !== before.expiresAt) requirePeriod(after, now)
        // To rename or to disable a token hands nothing on, however much it may do.
        if (handsOn(before, after)) {
          if (changes.grants === undefined || isSame(changes.grants, before.grants)) await requireHeld(store, caller, grants)
          else await requireGrants(store, caller, owner, grants)
          requireReach(caller, after)
        }
        const answer = { token: { ...after, revision: before.revision + 1 }, lastUsedAt }
        return (await save(caller, 'api_token.update', before, after, now)) ? answer : undefined
      }),

    roll: (caller, owner, id, retry) =>
      retries.once<IssuedApiToken>('api_token.roll', retry, async (attemptOf) => {
        const { token: before, lastUsedAt } = await get(owner, id)
        // Whoever learns the value can do what the token may do.
        await requireHeld(store, caller, before.grants)
        requireReach(caller, before)
        const now = clock.now()
        const value = newSecret(owner.userId === null ? 'psa_' : 'psu_', random)
        const after = { ...before, digest: digestOf(value), updatedAt: now }
        const answer = { token: { ...after, revision: before.revision + 1 }, lastUsedAt, value }
        return (await save(caller, 'api_token.roll', before, after, now, attemptOf(answer))) ? answer : undefined
      }),

    async delete(caller, owner, id) {
      await untilStored('api_token.delete', async () => {
        const { token } = await get(owner, id)
        return (await save(caller, 'api_token.delete', token, null, clock.now())) || undefined
      })
    },

    async verify(value, { accountId }) {
      const token = await store.findApiToken(digestOf(value))
      if (token === undefined || token.owner.accountId !== accountId) throw new Failure('invalid_api_token')
      return token
    },
  }
}

/** Whether a change may let somebody do more than before. */
function handsOn(before: ApiToken, after: ApiToken): boolean {
  const reach = ({ location, notBefore, expiresAt }: ApiToken) => JSON.stringify({ location, notBefore, expiresAt })
  return !isSame(before.grants, after.grants) || reach(before) !== reach(after) || (before.disabled && !after.disabled)
}

/** Whether grants say the same, whatever their ids. */
function isSame(one: readonly GrantDraft[], other: readonly GrantDraft[]): boolean {
  const said = (grants: readonly GrantDraft[]) =>
    JSON.stringify(grants.map(({ effect, resources, permissionGroups }) => [effect, resources, permissionGroups]))
  return said(one) === said(other)
}

function requirePeriod(token: ApiToken, now: Instant): void {
  const { notBefore, expiresAt } = token
  if (expiresAt !== null && expiresAt <= now) {
    throw new Failure('invalid_request', {
      field: 'expires_on',
      message: 'lies in the past; choose a later time, or leave it out for no end',
    })
  }
  if (notBefore !== null && expiresAt !== null && notBefore >= expiresAt) {
    throw new Failure('invalid_request', { field: 'not_before', message: 'must be earlier than expires_on' })
  }
}
