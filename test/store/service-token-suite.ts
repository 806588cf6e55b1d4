import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import type { ServiceTokenQuery } from '../../src/authority/queries.ts'
import type { Scope } from '../../src/domain/service-token.ts'
import {
  aGroup,
  aPolicy,
  aServiceToken,
  elsewhere,
  here,
  insert,
  noon,
  otherZoneHere,
  save,
  saveOwners,
  stored,
  uuid,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const everything: ServiceTokenQuery = { page: 1, perPage: 1000 }

/** Guarantees about looking for service tokens, and about noting their use. */
export function describeServiceTokens(underTest: () => StoreUnderTest): void {
  async function withOwners(): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    return store
  }

  async function withTokens(...tokens: readonly ReturnType<typeof aServiceToken>[]): Promise<Store> {
    const store = await withOwners()
    await save(store, ...tokens.map((token) => insert('service_token', token)))
    return store
  }

  const named = (...names: readonly string[]) => withTokens(...names.map((name, index) => aServiceToken(index + 1, { name })))

  async function list(store: Store, scope: Scope, query: Partial<ServiceTokenQuery> = {}) {
    const { items, total } = await store.listServiceTokens(scope, { ...everything, ...query })
    return { ids: items.map(({ token }) => Number.parseInt(token.id.slice(-12), 16)), names: items.map(({ token }) => token.name), total }
  }

  describe('a list of service tokens', () => {
    test('shows the newest first, and those of one instant by their ids', async () => {
      const ages = [0, 5, 5, 1, 5, 9]
      const store = await withTokens(...ages.map((age, index) => aServiceToken(10 - index, { createdAt: noon - age })))
      expect(await list(store, here)).toMatchObject({ ids: [10, 7, 6, 8, 9, 5], total: 6 })
    })

    test('shows whole tokens, with their last use', async () => {
      const store = await withTokens(aServiceToken(1), aServiceToken(2))
      await store.recordUses('service_token', new Map([[uuid(2), noon + 1]]))
      expect((await store.listServiceTokens(here, everything)).items).toEqual([
        { token: { ...aServiceToken(1), revision: 1 }, lastSeenAt: null },
        { token: { ...aServiceToken(2), revision: 1 }, lastSeenAt: noon + 1 },
      ])
    })

    test('comes in pages without gap or repetition, and each knows the total', async () => {
      const store = await withTokens(...Array.from({ length: 10 }, (_, index) => aServiceToken(index + 1)))
      expect(await list(store, here, { page: 1, perPage: 4 })).toMatchObject({ ids: [1, 2, 3, 4], total: 10 })
      expect(await list(store, here, { page: 2, perPage: 4 })).toMatchObject({ ids: [5, 6, 7, 8], total: 10 })
      expect(await list(store, here, { page: 3, perPage: 4 })).toMatchObject({ ids: [9, 10], total: 10 })
      expect(await list(store, here, { page: 2, perPage: 5 })).toMatchObject({ ids: [6, 7, 8, 9, 10], total: 10 })
    })

    test('is empty beyond its end, however far, with the right total', async () => {
      const store = await withTokens(aServiceToken(1), aServiceToken(2))
      for (const page of [2, 1000, Number.MAX_SAFE_INTEGER]) {
        expect(await list(store, here, { page })).toEqual({ ids: [], names: [], total: 2 })
      }
      expect(await list(store, elsewhere)).toEqual({ ids: [], names: [], total: 0 })
    })

    test('by name shows that name, letter for letter', async () => {
      const names = ['CI', 'ci', 'CI ', 'CI/CD', '%', '_', 'C_', 'Ä', 'ä', 'A\u0308', '"x"', "'", '\\', '😀', '']
      const store = await named(...names)
      for (const name of names) expect(await list(store, here, { name })).toMatchObject({ names: [name], total: 1 })
      expect(await list(store, here, { name: 'C' })).toMatchObject({ names: [], total: 0 })
    })

    test('by name shows all that share it, newest first, in pages that know the total', async () => {
      const tokens = [1, 2, 3, 4, 5, 6, 7].map((number) =>
        aServiceToken(number, { name: number === 4 ? 'b' : 'a', createdAt: noon + (number % 3) }),
      )
      const store = await withTokens(...tokens)
      expect(await list(store, here, { name: 'a' })).toMatchObject({ ids: [2, 5, 1, 7, 3, 6], total: 6 })
      for (const [page, ids] of [[2, 5], [1, 7], [3, 6], []].entries()) {
        expect(await list(store, here, { name: 'a', page: page + 1, perPage: 2 })).toMatchObject({ ids, total: 6 })
      }
    })

    test.each([
      ['part of the name, in any case', 'PLOY', ['Deployer', 'deploy']],
      ['letters beyond ASCII, in any case', 'ÄPFEL', ['Äpfel', 'äpfel']],
      ['Greek and Cyrillic, in any case', 'приВЕТ', ['ПРИВЕТ']],
      ['a percent sign, which stands for itself', '%', ['100% sure']],
      ['an underscore, which stands for itself', '_', ['snake_case']],
      ['a backslash, which stands for itself', '\\', ['back\\slash']],
      ['a backslash and a percent sign', '\\%', []],
      ['quotes', '\'"', ['quo\'"tes']],
      ['an asterisk and a bracket', '[*', ['[*]']],
      ['an emoji', '😀', ['smile 😀']],
      ['nothing that there is', 'nothing that there is', []],
    ])('can be searched for %s', async (_what, search, found) => {
      const store = await named(
        ...['Deployer', 'deploy', 'Äpfel', 'äpfel', 'Apfel', 'ПРИВЕТ', '100% sure', '100 sure', 'snake_case', 'snakecase'],
        ...['back\\slash', 'quo\'"tes', '[*]', 'smile 😀'],
      )
      const { names, total } = await list(store, here, { search })
      expect(names).toEqual(found)
      expect(total).toBe(found.length)
    })

    test('can be searched for part of a client id or an id, in any case', async () => {
      const clientId = 'DEADBEEF00000000000000000000FACE.access'
      const store = await withTokens(aServiceToken(1, { clientId }), aServiceToken(2), aServiceToken(0xabc))
      expect(await list(store, here, { search: 'deadBEEF' })).toMatchObject({ ids: [1] })
      expect(await list(store, here, { search: clientId })).toMatchObject({ ids: [1] })
      expect(await list(store, here, { search: uuid(2).toUpperCase() })).toMatchObject({ ids: [2] })
      expect(await list(store, here, { search: '000ABC' })).toMatchObject({ ids: [0xabc] })
      expect(await list(store, here, { search: '.ACCESS' })).toMatchObject({ total: 3 })
    })

    test('can be searched and narrowed to a name and paged at once', async () => {
      const store = await named('ab', 'ab', 'abc', 'b')
      expect(await list(store, here, { search: 'a', name: 'ab', perPage: 1, page: 2 })).toMatchObject({ ids: [2], total: 2 })
      expect(await list(store, here, { search: 'abc', name: 'ab' })).toMatchObject({ ids: [], total: 0 })
      expect(await list(store, here, { search: '' })).toMatchObject({ total: 4 })
    })

    test('can be searched page by page, and each page knows the total', async () => {
      const store = await named('ab', 'x', 'ab', 'ab', 'x', 'abc', 'x', 'ab')
      for (const [page, ids] of [[1, 3], [4, 6], [8], [], []].entries()) {
        expect(await list(store, here, { search: 'AB', page: page + 1, perPage: 2 })).toMatchObject({ ids, total: 5 })
      }
      for (const page of [1, 2]) expect(await list(store, here, { search: 'none', page })).toMatchObject({ ids: [], total: 0 })
    })

    test('after a change of name is searched by the new one', async () => {
      const store = await named('old')
      const before = await stored(store, 'service_token', uuid(1))
      await save(store, write('service_token', before, { ...before, name: 'NEW' }))
      expect(await list(store, here, { search: 'old' })).toMatchObject({ total: 0 })
      expect(await list(store, here, { search: 'new' })).toMatchObject({ ids: [1] })
    })
  })

  describe('an account and each of its zones', () => {
    const scopes = [here, zoneHere, otherZoneHere, elsewhere] as const

    test('see their own service tokens, and no others', async () => {
      const store = await withTokens(...scopes.map((scope, index) => aServiceToken(index + 1, { ...scope, name: 'same' })))
      for (const [index, scope] of scopes.entries()) {
        for (const query of [{}, { name: 'same' }, { search: 'same' }]) {
          expect(await list(store, scope, query)).toMatchObject({ ids: [index + 1], total: 1 })
        }
        for (const [other] of scopes.entries()) {
          const found = await store.findServiceToken(scope, uuid(other + 1))
          expect(found?.token.id).toBe(other === index ? uuid(index + 1) : undefined)
        }
      }
      expect(await list(store, { accountId: elsewhere.accountId, zoneId: zoneHere.zoneId })).toMatchObject({ total: 0 })
    })
  })

  describe('the last use of a service token', () => {
    const lastSeen = async (store: Store, number: number) => (await store.findServiceToken(here, uuid(number)))?.lastSeenAt

    test('is none before the first, then the latest: an earlier one never replaces a later', async () => {
      const store = await withTokens(aServiceToken(1), aServiceToken(2))
      expect(await lastSeen(store, 1)).toBeNull()
      for (const [use, latest] of [
        [5, 5],
        [9, 9],
        [7, 9],
        [noon, noon],
      ] as const) {
        await store.recordUses('service_token', new Map([[uuid(1), use]]))
        expect(await lastSeen(store, 1)).toBe(latest)
      }
      expect(await lastSeen(store, 2)).toBeNull()
    })

    test('is no change of the token, and no entry in the change log', async () => {
      const store = await withTokens(aServiceToken(1))
      await store.recordUses('service_token', new Map([[uuid(1), 5]]))
      expect(await stored(store, 'service_token', uuid(1))).toEqual({ ...aServiceToken(1), revision: 1 })
      expect(await store.head()).toBe(5)
    })

    test('of a token that is gone is dropped, and the others are recorded', async () => {
      const store = await withTokens(aServiceToken(1))
      const uses = [uuid(404), uuid(1), uuid(405)].map((id) => [id, 5] as const)
      await store.recordUses('service_token', new Map(uses))
      await store.recordUses('service_token', new Map([[uuid(404), 5]]))
      await store.recordUses('service_token', new Map())
      expect(await lastSeen(store, 1)).toBe(5)
      expect(await underTest().rows.selectFrom('service_token_use').selectAll().execute()).toHaveLength(1)
    })

    test('is recorded for more tokens at once than fit into one statement', async () => {
      const numbers = Array.from({ length: 1203 }, (_, index) => index + 1)
      const store = await withTokens(...numbers.map((number) => aServiceToken(number)))
      await store.recordUses('service_token', new Map(numbers.map((number) => [uuid(number), number])))
      const uses = underTest().rows.selectFrom('service_token_use').select(['service_token_id', 'last_seen_at'])
      expect(await uses.orderBy('service_token_id').execute()).toEqual(
        numbers.map((number) => ({ service_token_id: uuid(number), last_seen_at: number })),
      )
    })

    test('goes with the token: a used token can be deleted, and a new one of its id starts without', async () => {
      const store = await withTokens(aServiceToken(1))
      await store.recordUses('service_token', new Map([[uuid(1), 5]]))
      await save(store, write('service_token', await stored(store, 'service_token', uuid(1)), null))
      await save(store, insert('service_token', aServiceToken(1)))
      expect(await lastSeen(store, 1)).toBeNull()
    })
  })

  describe('the uses of its secrets', () => {
    const use = (number: number, secretVersion: number, address: string, at: number) => ({
      tokenId: uuid(number),
      secretVersion,
      address,
      at,
    })
    const used = async (store: Store, number: number) =>
      (await store.listSecretUses(uuid(number))).map(({ secretVersion, address, at }) => [secretVersion, address, at])

    test('are told apart by secret and address, newest first, and an earlier one never replaces a later', async () => {
      const store = await withTokens(
        aServiceToken(1, { secretVersion: 2, previous: { digest: null, until: noon, version: 1 } }),
        aServiceToken(2),
      )
      await store.recordSecretUses([
        use(1, 2, '10.0.0.1', 5),
        use(1, 1, '10.0.0.1', 6),
        use(1, 2, '::1', 7),
        use(2, 1, '::1', 8),
        use(404, 1, '::1', 9),
      ])
      await store.recordSecretUses([use(1, 2, '10.0.0.1', 9), use(1, 1, '10.0.0.1', 3)])
      await store.recordSecretUses([])
      expect(await used(store, 1)).toEqual([
        [2, '10.0.0.1', 9],
        [2, '::1', 7],
        [1, '10.0.0.1', 6],
      ])
      expect(await used(store, 2)).toEqual([[1, '::1', 8]])
      expect(await used(store, 404)).toEqual([])
    })

    test('are kept of the fifty addresses seen last, and of no secret before the previous one', async () => {
      const store = await withTokens(
        aServiceToken(1, { secretVersion: 9, previous: { digest: null, until: noon, version: 4 } }),
        aServiceToken(2),
      )
      const many = Array.from({ length: 60 }, (_, index) => use(1, 9, `10.0.0.${index}`, index))
      await store.recordSecretUses([...many, use(1, 4, '::4', 100), use(1, 3, '::3', 101), use(1, 10, '::a', 102), use(2, 1, '::1', 0)])
      const kept = await used(store, 1)
      expect(kept).toHaveLength(51)
      expect(kept.slice(0, 2)).toEqual([
        [4, '::4', 100],
        [9, '10.0.0.59', 59],
      ])
      expect(kept.at(-1)).toEqual([9, '10.0.0.10', 10])
      expect(await used(store, 2)).toEqual([[1, '::1', 0]])
    })

    test('go with the token', async () => {
      const store = await withTokens(aServiceToken(1))
      await store.recordSecretUses([use(1, 1, '::1', 5)])
      await save(store, write('service_token', await stored(store, 'service_token', uuid(1)), null))
      expect(await used(store, 1)).toEqual([])
    })
  })

  describe('those that nobody uses', () => {
    const idle = async (store: Store, onlyEnabled = false, limit = 10) =>
      (await store.listInactiveServiceTokens(here.accountId, noon, onlyEnabled, limit)).map(({ id }) => Number.parseInt(id.slice(-12), 16))
    const old = { createdAt: noon - 9, updatedAt: noon - 9 }

    test('were neither used nor changed since, in the account and its zones, and nothing names them', async () => {
      const store = await withTokens(
        ...[aServiceToken(1, old), aServiceToken(2, { ...old, enabled: false }), aServiceToken(3, { ...old, ...zoneHere })],
        ...[aServiceToken(4, { ...old, updatedAt: noon }), aServiceToken(5, old), aServiceToken(6, old), aServiceToken(7, old)],
        ...[aServiceToken(8, { ...old, ...elsewhere }), aServiceToken(9, old)],
      )
      await store.recordUses(
        'service_token',
        new Map([
          [uuid(5), noon],
          [uuid(9), noon - 1],
        ]),
      )
      await save(store, insert('policy', aPolicy(50, { exclude: [{ kind: 'service_token', tokenId: uuid(6) }] })))
      await save(store, insert('group', aGroup(51, { include: [{ kind: 'service_token', tokenId: uuid(7) }] })))
      expect(await idle(store)).toEqual([1, 2, 3, 9])
      expect(await idle(store, true)).toEqual([1, 3, 9])
      expect(await idle(store, true, 2)).toEqual([1, 3])
    })
  })
}
