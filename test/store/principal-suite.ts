import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import type { AccountQuery, ZoneQuery } from '../../src/authority/queries.ts'
import type { Account, Zone } from '../../src/domain/principal.ts'
import {
  anAccount,
  anApiToken,
  anApplication,
  anOrganization,
  aServiceToken,
  aSigningKey,
  aUser,
  aZone,
  elsewhere,
  here,
  hexId,
  insert,
  itself,
  noon,
  otherZoneHere,
  save,
  saveOwners,
  stored,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const all = { zones: 'all', accounts: 'all' } as const
const nobody: ReadonlySet<string> = new Set()
const ids = (...numbers: readonly number[]): ReadonlySet<string> => new Set(numbers.map(hexId))
const numberOf = ({ id }: { readonly id: string }) => Number.parseInt(id, 16)

/** Guarantees about looking for accounts and zones, and for what belongs to them. */
export function describePrincipals(underTest: () => StoreUnderTest): void {
  async function withAccounts(...accounts: readonly Account[]): Promise<Store> {
    const { store } = underTest()
    await save(store, ...accounts.map((account) => insert('account', account)))
    return store
  }

  async function accounts(store: Store, query: Partial<AccountQuery> = {}) {
    const { items, total } = await store.listAccounts({ page: 1, perPage: 100, visible: 'all', direction: 'asc', ...query })
    return { ids: items.map(numberOf), total }
  }

  describe('a list of accounts', () => {
    const ages = [0, 5, 5, 1, 5, 9]
    const ofAges = () => withAccounts(...ages.map((age, index) => anAccount(hexId(10 - index), { createdAt: noon - age })))

    test('shows whole accounts, oldest or newest first, those of one instant by their ids', async () => {
      const store = await ofAges()
      expect(await accounts(store)).toEqual({ ids: [5, 6, 8, 9, 7, 10], total: 6 })
      expect(await accounts(store, { direction: 'desc' })).toEqual({ ids: [10, 7, 6, 8, 9, 5], total: 6 })
      const first = await store.listAccounts({ page: 1, perPage: 1, visible: 'all', direction: 'asc' })
      expect(first.items).toEqual([{ ...anAccount(hexId(5), { createdAt: noon - 9 }), revision: 1 }])
    })

    test.each([undefined, 'account'])('comes in pages without gap or repetition, and each knows the total (name: %s)', async (name) => {
      const store = await ofAges()
      expect(await accounts(store, { name, perPage: 4 })).toEqual({ ids: [5, 6, 8, 9], total: 6 })
      expect(await accounts(store, { name, perPage: 4, page: 2 })).toEqual({ ids: [7, 10], total: 6 })
      expect(await accounts(store, { name, perPage: 2, page: 2, direction: 'desc' })).toEqual({ ids: [6, 8], total: 6 })
      expect(await accounts(store, { name, page: 1000 })).toEqual({ ids: [], total: 6 })
    })

    test('shows those that may be seen, and none that are hidden', async () => {
      const store = await ofAges()
      expect(await accounts(store, { visible: ids(9, 6, 404) })).toEqual({ ids: [6, 9], total: 2 })
      expect(await accounts(store, { visible: nobody })).toEqual({ ids: [], total: 0 })
      expect(await accounts(store, { visible: 'all', hidden: ids(5, 6, 7, 404) })).toEqual({ ids: [8, 9, 10], total: 3 })
      expect(await accounts(store, { visible: 'all', hidden: nobody })).toMatchObject({ total: 6 })
      expect(await accounts(store, { visible: ids(5, 6), hidden: ids(6, 7) })).toEqual({ ids: [5], total: 1 })
      expect(await accounts(store, { visible: ids(5, 6), name: 'ACC', perPage: 1, page: 2 })).toEqual({ ids: [6], total: 2 })
      expect(await accounts(store, { visible: nobody, name: 'ACC' })).toEqual({ ids: [], total: 0 })
      expect(await accounts(store, { visible: new Set(["' or '1'='1"]) })).toEqual({ ids: [], total: 0 })
    })

    const searches: readonly (readonly [what: string, name: string, found: readonly string[]])[] = [
      ['part of the name, in any case', 'PLOY', ['Deployer', 'deploy']],
      ['letters beyond ASCII, in any case', 'ÄPFEL', ['Äpfel', 'äpfel']],
      ['Greek and Cyrillic, in any case', 'приВЕТ', ['ПРИВЕТ']],
      ['a percent sign, which stands for itself', '%', ['100% sure']],
      ['an underscore, which stands for itself', '_', ['snake_case']],
      ['a backslash, which stands for itself', '\\', ['back\\slash']],
      ['a backslash and a percent sign', '\\%', []],
      ['quotes', '\'"', ['quo\'"tes']],
      ['an emoji', '😀', ['smile 😀']],
      ['nothing that there is', 'nothing that there is', []],
    ]

    test('can be searched for a part of the name, in any case, in which nothing is a wildcard', async () => {
      const names = ['Deployer', 'deploy', 'Äpfel', 'äpfel', 'Apfel', 'ПРИВЕТ', '100% sure', '100 sure', 'snake_case', 'snakecase']
      const more = ['back\\slash', 'quo\'"tes', 'smile 😀']
      const store = await withAccounts(...[...names, ...more].map((name, index) => anAccount(hexId(index + 1), { name })))
      for (const [what, name, found] of searches) {
        const { items, total } = await store.listAccounts({ page: 1, perPage: 100, visible: 'all', direction: 'asc', name })
        expect({ names: items.map((account) => account.name), total }, what).toEqual({ names: found, total: found.length })
      }
    })
  })

  describe('a list of zones', () => {
    const names = ['b.example', 'a.example', 'd.example', 'c.example']

    /** Zones 11 and 12 in account 1; 13 and 14 in account 2; the names are out of order. */
    async function withZones(...more: readonly Zone[]): Promise<Store> {
      const store = await withAccounts(anAccount(hexId(1)), anAccount(hexId(2)), anAccount(hexId(3)))
      const zones = names.map((name, index) => aZone({ accountId: hexId(index < 2 ? 1 : 2), zoneId: hexId(11 + index) }, { name }))
      await save(store, ...[...zones, ...more].map((zone) => insert('zone', zone)))
      return store
    }

    async function zones(store: Store, query: Partial<ZoneQuery> = {}) {
      const { items, total } = await store.listZones({ page: 1, perPage: 100, visible: all, direction: 'asc', ...query })
      return { ids: items.map(numberOf), total }
    }

    test('shows whole zones in the order of their names, or the other way round', async () => {
      const store = await withZones()
      expect(await zones(store)).toEqual({ ids: [12, 11, 14, 13], total: 4 })
      expect(await zones(store, { direction: 'desc' })).toEqual({ ids: [13, 14, 11, 12], total: 4 })
      const first = await store.listZones({ page: 1, perPage: 1, visible: all, direction: 'asc' })
      expect(first.items).toEqual([{ ...aZone({ ...here, zoneId: hexId(12) }, { name: 'a.example' }), revision: 1 }])
    })

    test('comes in pages without gap or repetition, and each knows the total', async () => {
      const store = await withZones()
      expect(await zones(store, { perPage: 3 })).toEqual({ ids: [12, 11, 14], total: 4 })
      expect(await zones(store, { perPage: 3, page: 2 })).toEqual({ ids: [13], total: 4 })
      expect(await zones(store, { perPage: 3, page: 2, direction: 'desc' })).toEqual({ ids: [12], total: 4 })
      expect(await zones(store, { page: 1000 })).toEqual({ ids: [], total: 4 })
    })

    test('by name shows that name, letter for letter, in every account that has it', async () => {
      const more = ['a.example', 'A.example', '%', 'a_example', "'"].map((name, index) =>
        aZone({ ...here, accountId: hexId(3), zoneId: hexId(21 + index) }, { name }),
      )
      const store = await withZones(...more)
      expect(await zones(store, { name: 'a.example' })).toEqual({ ids: [12, 21], total: 2 })
      for (const { id, name } of more.slice(1)) expect(await zones(store, { name })).toEqual({ ids: [numberOf({ id })], total: 1 })
      for (const name of ['a.exampl', 'a%', '_.example', '', "' or '1'='1"])
        expect(await zones(store, { name })).toEqual({ ids: [], total: 0 })
      expect(await zones(store, { name: 'a.example', accountId: hexId(3) })).toEqual({ ids: [21], total: 1 })
    })

    test('of one account shows its zones only', async () => {
      const store = await withZones()
      expect(await zones(store, { accountId: hexId(2) })).toEqual({ ids: [14, 13], total: 2 })
      expect(await zones(store, { accountId: hexId(3) })).toEqual({ ids: [], total: 0 })
    })

    test('of the accounts of one name, letter for letter, shows the zones of them all', async () => {
      const store = await withZones(aZone({ accountId: hexId(3), zoneId: hexId(15) }, { name: 'e.example' }))
      for (const [number, name] of [
        [1, 'same'],
        [3, 'same'],
        [2, 'Same'],
      ] as const) {
        const before = await stored(store, 'account', hexId(number))
        await save(store, write('account', before, { ...before, name }))
      }
      expect(await zones(store, { accountName: 'same' })).toEqual({ ids: [12, 11, 15], total: 3 })
      expect(await zones(store, { accountName: 'same', accountId: hexId(3) })).toEqual({ ids: [15], total: 1 })
      expect(await zones(store, { accountName: 'same', name: 'b.example', direction: 'desc' })).toEqual({ ids: [11], total: 1 })
      for (const accountName of ['', 'sam', '%', "' or '1'='1"]) expect(await zones(store, { accountName })).toEqual({ ids: [], total: 0 })
    })

    const views: readonly (readonly [what: string, query: Pick<ZoneQuery, 'visible' | 'hidden'>, found: readonly number[]])[] = [
      ['those seen by themselves', { visible: { zones: ids(11, 13, 404), accounts: nobody } }, [11, 13]],
      ['those of accounts that are seen', { visible: { zones: nobody, accounts: ids(2, 404) } }, [14, 13]],
      ['both, each once', { visible: { zones: ids(11, 13), accounts: ids(2) } }, [11, 14, 13]],
      ['all, seen by themselves', { visible: { zones: 'all', accounts: nobody } }, [12, 11, 14, 13]],
      ['all, seen by their accounts', { visible: { zones: nobody, accounts: 'all' } }, [12, 11, 14, 13]],
      ['none, when nothing is seen', { visible: { zones: nobody, accounts: nobody } }, []],
      ['none that is hidden itself', { visible: all, hidden: { zones: ids(11, 404), accounts: nobody } }, [12, 14, 13]],
      [
        'none of an account that is hidden, but those seen by themselves',
        { visible: { zones: ids(13), accounts: 'all' }, hidden: { zones: nobody, accounts: ids(2) } },
        [12, 11, 13],
      ],
      [
        'none that is hidden itself, even of an account that is seen',
        { visible: { zones: ids(11, 13), accounts: ids(2) }, hidden: { zones: ids(13), accounts: nobody } },
        [11, 14],
      ],
    ]

    test('shows those that may be seen, and none that are hidden', async () => {
      const store = await withZones()
      for (const [what, query, found] of views) {
        expect(await zones(store, query), what).toEqual({ ids: found, total: found.length })
        const inTwo = found.filter((id) => id > 12)
        expect(await zones(store, { ...query, accountId: hexId(2) }), what).toEqual({ ids: inTwo, total: inTwo.length })
      }
    })
  })

  describe('the contents of an account or zone', () => {
    test('are counted by kind, those of its zones with the account’s, and nobody else’s', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, insert('user', aUser(1)), insert('api_token', anApiToken(1)))
      for (const scope of [here, elsewhere, zoneHere, otherZoneHere])
        expect((await store.contentsOf(scope)).get('service_token')).toBeUndefined()
      expect(await store.contentsOf(elsewhere)).toEqual(new Map())
      expect(await store.contentsOf(zoneHere)).toEqual(new Map())
      expect(await store.contentsOf(here)).toEqual(new Map([['zone', 2]]))
      await save(
        store,
        ...[insert('service_token', aServiceToken(1)), insert('service_token', aServiceToken(2, zoneHere))],
        ...[insert('service_token', aServiceToken(3, zoneHere)), insert('service_token', aServiceToken(4, elsewhere))],
        ...[insert('application', anApplication(1)), insert('application', anApplication(2, otherZoneHere))],
        ...[insert('api_token', anApiToken(2, { owner: itself(here) })), insert('organization', anOrganization(here))],
      )
      expect(await store.contentsOf(here)).toEqual(new Map(Object.entries({ zone: 2, api_token: 1, service_token: 3, application: 2 })))
      expect(await store.contentsOf(zoneHere)).toEqual(new Map([['service_token', 2]]))
      expect(await store.contentsOf(otherZoneHere)).toEqual(new Map([['application', 1]]))
      expect(await store.contentsOf(elsewhere)).toEqual(new Map([['service_token', 1]]))
      expect([await store.countServiceTokens(here.accountId), await store.countServiceTokens(elsewhere.accountId)]).toEqual([3, 1])
      expect(await store.contentsOf({ accountId: elsewhere.accountId, zoneId: zoneHere.zoneId })).toEqual(new Map())
    })
  })

  describe('the signing keys of an account', () => {
    test('are its own, newest first, those of one instant by their ids', async () => {
      const { store } = underTest()
      await saveOwners(store)
      const ages = [9, 0, 5, 5, 1]
      const keys = ages.map((age, index) => aSigningKey(10 - index, { createdAt: noon - age, endsAt: index === 1 ? null : noon + age }))
      await save(
        store,
        ...keys.map((key) => insert('signing_key', key)),
        insert('signing_key', aSigningKey(20, { accountId: elsewhere.accountId })),
      )
      const newestFirst = [9, 6, 7, 8, 10].map((number) => ({ ...keys[10 - number], revision: 1 }))
      expect(await store.signingKeysOf(here.accountId)).toEqual(newestFirst)
      expect(await store.signingKeysOf(elsewhere.accountId)).toEqual([
        { ...aSigningKey(20, { accountId: elsewhere.accountId }), revision: 1 },
      ])
      expect(await store.signingKeysOf(hexId(404))).toEqual([])
    })
  })
}
