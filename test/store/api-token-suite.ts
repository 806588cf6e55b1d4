import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import type { ApiTokenQuery } from '../../src/authority/queries.ts'
import type { ApiToken, Owner } from '../../src/domain/principal.ts'
import {
  anApiToken,
  aServiceToken,
  aUser,
  elsewhere,
  here,
  hexId,
  insert,
  itself,
  noon,
  save,
  saveOwners,
  stored,
  user,
  write,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** Guarantees about looking for API tokens, and about noting their use. */
export function describeApiTokens(underTest: () => StoreUnderTest): void {
  async function withTokens(...tokens: readonly ApiToken[]): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    await save(store, insert('user', aUser(1)), insert('user', aUser(2)))
    if (tokens.length > 0) await save(store, ...tokens.map((token) => insert('api_token', token)))
    return store
  }

  async function list(store: Store, owner: Owner, query: Partial<ApiTokenQuery> = {}) {
    const { items, total } = await store.listApiTokens(owner, { page: 1, perPage: 100, direction: 'asc', ...query })
    return { ids: items.map(({ token }) => Number.parseInt(token.id, 16)), total }
  }

  const owners = [user(1), user(2), itself(here), itself(elsewhere)]

  describe('the API tokens of an owner', () => {
    test('are that owner’s and nobody else’s: another’s is not found', async () => {
      const store = await withTokens(...owners.map((owner, index) => anApiToken(index + 1, { owner })))
      for (const [index, owner] of owners.entries()) {
        const own = anApiToken(index + 1, { owner })
        expect(await store.listApiTokens(owner, { page: 1, perPage: 10, direction: 'asc' })).toEqual({
          items: [{ token: { ...own, revision: 1 }, lastUsedAt: null }],
          total: 1,
        })
        for (const [other] of owners.entries()) {
          const found = await store.findOwnedApiToken(owner, hexId(other + 1))
          expect(found).toEqual(other === index ? { token: { ...own, revision: 1 }, lastUsedAt: null } : undefined)
        }
        expect(await store.findOwnedApiToken(owner, '%')).toBeUndefined()
      }
      // A user and an account of one id are two owners.
      expect(hexId(1)).toBe(here.accountId)
      expect(await list(store, user(404))).toEqual({ ids: [], total: 0 })
      expect(await list(store, itself({ ...here, accountId: hexId(404) }))).toEqual({ ids: [], total: 0 })
    })

    test('come oldest or newest first, those of one instant by their ids, in pages that know the total', async () => {
      const ages = [0, 5, 5, 1, 5, 9]
      for (const owner of [user(1), itself(here)]) {
        const from = owner.userId === null ? 30 : 10
        const tokens = ages.map((age, index) => anApiToken(from - index, { owner, createdAt: noon - age }))
        const store = from === 10 ? await withTokens(...tokens) : underTest().store
        if (from === 30) await save(store, ...tokens.map((token) => insert('api_token', token)))
        const oldest = [5, 6, 8, 9, 7, 10].map((id) => id + from - 10)
        const newest = [10, 7, 6, 8, 9, 5].map((id) => id + from - 10)
        expect(await list(store, owner)).toEqual({ ids: oldest, total: 6 })
        expect(await list(store, owner, { direction: 'desc' })).toEqual({ ids: newest, total: 6 })
        expect(await list(store, owner, { page: 2, perPage: 4 })).toEqual({ ids: oldest.slice(4), total: 6 })
        expect(await list(store, owner, { page: 2, perPage: 3, direction: 'desc' })).toEqual({ ids: newest.slice(3), total: 6 })
        expect(await list(store, owner, { page: 1000 })).toEqual({ ids: [], total: 6 })
      }
    })
  })

  test('API tokens that have expired by some moment can be left out, those that never do cannot', async () => {
    const ends = [noon - 1, noon, noon + 1, null]
    const store = await withTokens(...ends.map((expiresAt, index) => anApiToken(index + 1, { owner: user(1), expiresAt })))
    expect(await list(store, user(1), { expiredSince: noon })).toEqual({ ids: [3, 4], total: 2 })
    expect(await list(store, user(1), { expiredSince: noon - 1 })).toEqual({ ids: [2, 3, 4], total: 3 })
    expect(await list(store, user(1), { expiredSince: noon, perPage: 1, page: 2 })).toEqual({ ids: [4], total: 2 })
    expect(await list(store, user(2), { expiredSince: noon })).toEqual({ ids: [], total: 0 })
    expect(await list(store, user(1))).toMatchObject({ total: 4 })
  })

  describe('the last use of an API token', () => {
    const lastUsed = async (store: Store, owner: Owner, number: number) => (await store.findOwnedApiToken(owner, hexId(number)))?.lastUsedAt
    const note = (store: Store, id: string, at: number) => store.recordUses('api_token', new Map([[id, at]]))

    test('is none before the first, then the latest: an earlier one never replaces a later', async () => {
      const store = await withTokens(anApiToken(1), anApiToken(2, { owner: itself(here) }))
      for (const [use, latest] of [
        [5, 5],
        [9, 9],
        [7, 9],
        [noon, noon],
      ] as const) {
        await note(store, hexId(1), use)
        expect(await lastUsed(store, user(1), 1)).toBe(latest)
      }
      expect(await lastUsed(store, itself(here), 2)).toBeNull()
      await note(store, hexId(2), 3)
      expect((await store.listApiTokens(itself(here), { page: 1, perPage: 1, direction: 'asc' })).items).toMatchObject([{ lastUsedAt: 3 }])
    })

    test('is kept apart from that of a service token with the same id', async () => {
      const store = await withTokens(anApiToken(1))
      await save(store, insert('service_token', aServiceToken(1, { id: hexId(1) })))
      await note(store, hexId(1), 5)
      await store.recordUses('service_token', new Map([[hexId(1), 7]]))
      expect(await lastUsed(store, user(1), 1)).toBe(5)
      expect((await store.findServiceToken(here, hexId(1)))?.lastSeenAt).toBe(7)
    })

    test('of a token that is gone is dropped, and the others are recorded', async () => {
      const store = await withTokens(anApiToken(1))
      await store.recordUses('api_token', new Map([404, 1, 405].map((number) => [hexId(number), 5])))
      expect(await lastUsed(store, user(1), 1)).toBe(5)
      expect(await underTest().rows.selectFrom('api_token_use').selectAll().execute()).toHaveLength(1)
    })

    test('is no change of the token, and goes with it: a used one can be deleted, and a new one of its id starts without', async () => {
      const store = await withTokens(anApiToken(1))
      await note(store, hexId(1), 5)
      const before = await stored(store, 'api_token', hexId(1))
      expect(before).toEqual({ ...anApiToken(1), revision: 1 })
      expect(await store.head()).toBe(7)
      await save(store, write('api_token', before, null))
      await save(store, insert('api_token', anApiToken(1)))
      expect(await lastUsed(store, user(1), 1)).toBeNull()
    })
  })
}
