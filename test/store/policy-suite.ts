import { describe, expect, test } from 'vitest'
import type { Store, Write } from '../../src/authority/ports.ts'
import type { ApplicationQuery, GroupQuery } from '../../src/authority/queries.ts'
import type { Rule } from '../../src/domain/policy.ts'
import type { Scope } from '../../src/domain/service-token.ts'
import {
  aGroup,
  anApplication,
  anAuditEntry,
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

const namesToken: Rule = { kind: 'service_token', tokenId: uuid(1) }
const namesGroup: Rule = { kind: 'group', groupId: uuid(1) }
const usesPolicy = [{ policyId: uuid(1), precedence: 1 }]

/** What is named, and what names it. */
const naming: readonly (readonly [what: string, named: Write, by: string, naming: Write])[] = [
  ['a service token', insert('service_token', aServiceToken(1)), 'a policy', insert('policy', aPolicy(2, { include: [namesToken] }))],
  ['a service token', insert('service_token', aServiceToken(1)), 'a group', insert('group', aGroup(2, { exclude: [namesToken] }))],
  ['a group', insert('group', aGroup(1)), 'a policy', insert('policy', aPolicy(2, { require: [namesGroup] }))],
  ['a group', insert('group', aGroup(1)), 'a group', insert('group', aGroup(2, { include: [namesGroup] }))],
  ['a policy', insert('policy', aPolicy(1)), 'an application', insert('application', anApplication(2, { policies: usesPolicy }))],
]

/** Guarantees about applications, policies and groups: that what they name is there, and how they are found. */
export function describePolicies(underTest: () => StoreUnderTest): void {
  async function withOwners(): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    return store
  }

  describe('what something names', () => {
    test.each(naming)('$0 stays while $2 names it: false, and nothing is stored', async (_what, named, _by, holder) => {
      const store = await withOwners()
      await save(store, named)
      await save(store, holder)
      const { kind, after } = named
      const [id, head] = [after?.id ?? '', await store.head()]
      expect(await store.commit([write(kind, await stored(store, kind, id), null)], anAuditEntry())).toBe(false)
      expect([await store.head(), (await stored(store, kind, id)).id]).toEqual([head, id])
      expect(await store.referencesTo(kind, id, 9)).toEqual([{ kind: holder.kind, id: holder.after?.id }])
      expect(await store.referencesTo(kind, uuid(2), 9)).toEqual([])
      const deletions = [
        write(kind, await stored(store, kind, id), null),
        write(holder.kind, await stored(store, holder.kind, uuid(2)), null),
      ]
      expect(await store.commit(deletions, anAuditEntry())).toBe(true)
      expect(await store.referencesTo(kind, id, 9)).toEqual([])
    })

    test.each(naming)('$0 must be there for $2 to be stored; both may be stored at once', async (_what, named, _by, holder) => {
      const store = await withOwners()
      expect(await store.commit([holder], anAuditEntry())).toBe(false)
      expect(await store.head()).toBe(4)
      expect(await store.commit([holder, named], anAuditEntry())).toBe(true)
    })

    test('is named no longer once an update names something else', async () => {
      const store = await withOwners()
      await save(
        store,
        insert('service_token', aServiceToken(1)),
        insert('group', aGroup(1)),
        insert('policy', aPolicy(2, { include: [namesToken] })),
      )
      const before = await stored(store, 'policy', uuid(2))
      await save(store, write('policy', before, { ...before, include: [namesGroup] }))
      expect([await store.referencesTo('service_token', uuid(1), 9), (await store.referencesTo('group', uuid(1), 9)).length]).toEqual([
        [],
        1,
      ])
      await save(store, write('service_token', await stored(store, 'service_token', uuid(1)), null))
    })

    test('an application goes together with its own policies, and not before them', async () => {
      const store = await withOwners()
      await save(
        store,
        insert('application', anApplication(2, { policies: usesPolicy })),
        insert('policy', aPolicy(1, { applicationId: uuid(2) })),
      )
      const [application, policy] = [await stored(store, 'application', uuid(2)), await stored(store, 'policy', uuid(1))]
      expect(await store.commit([write('application', application, null)], anAuditEntry())).toBe(false)
      expect(await store.commit([write('policy', policy, null)], anAuditEntry())).toBe(false)
      expect(await store.commit([write('policy', policy, null), write('application', application, null)], anAuditEntry())).toBe(true)
    })
  })

  describe('a commit that nothing of a kind must have come before', () => {
    test('is stored when only other kinds came, and not when one of the kind did', async () => {
      const store = await withOwners()
      const since = await store.head()
      await save(store, insert('policy', aPolicy(1)))
      const unchanged = { kind: 'group', since } as const
      expect(await store.commit([insert('group', aGroup(1))], anAuditEntry(), { unchanged })).toBe(true)
      const head = await store.head()
      expect(await store.commit([insert('group', aGroup(2))], anAuditEntry(), { unchanged })).toBe(false)
      expect([await store.head(), await store.find('group', uuid(2))]).toEqual([head, undefined])
    })

    test('is stored for one of several that begin at once', async () => {
      const store = await withOwners()
      const unchanged = { kind: 'group', since: await store.head() } as const
      const stores = [store, underTest().otherNode]
      const commits = Array.from({ length: 8 }, (_, at) =>
        stores[at % 2]?.commit([insert('group', aGroup(at))], anAuditEntry(), { unchanged }),
      )
      expect((await Promise.all(commits)).filter((isStored) => isStored)).toHaveLength(1)
    })
  })

  describe('what is found', () => {
    const scopes = [here, zoneHere, otherZoneHere, elsewhere]
    const ids = (items: readonly { readonly id: string }[]) => items.map(({ id }) => id)

    test('by ids: those that are there, each once, however many are asked for', async () => {
      const store = await withOwners()
      await save(store, ...Array.from({ length: 600 }, (_, number) => insert('group', aGroup(number))))
      const asked = Array.from({ length: 1500 }, (_, number) => uuid(number % 750))
      expect(ids(await store.findEach('group', asked)).toSorted()).toEqual(Array.from({ length: 600 }, (_, number) => uuid(number)))
      expect(await store.findEach('policy', [])).toEqual([])
    })

    test('of applications: by their audience, and in pages of one account or zone, newest first', async () => {
      const store = await withOwners()
      const made = [0, 1, 2, 3, 4].map((number) =>
        anApplication(number, { ...scopes[number % 2 === 0 ? 0 : 1], createdAt: noon + (number % 3) }),
      )
      await save(
        store,
        ...made.map((application) => insert('application', application)),
        insert('application', anApplication(9, elsewhere)),
      )
      expect(await store.findByAudience(made[3]?.audience ?? '')).toMatchObject({ id: uuid(3) })
      expect(await store.findByAudience('0'.repeat(63))).toBeUndefined()
      const listed = async (scope: Scope, query: Partial<ApplicationQuery>) => {
        const { items, total } = await store.listApplications(scope, { page: 1, perPage: 10, ...query })
        return [ids(items), total]
      }
      expect(await listed(here, {})).toEqual([[uuid(2), uuid(4), uuid(0)], 3])
      expect(await listed(here, { perPage: 2, page: 2 })).toEqual([[uuid(0)], 3])
      expect(await listed(here, { perPage: 2, page: 3 })).toEqual([[], 3])
      expect(await listed(zoneHere, {})).toEqual([[uuid(1), uuid(3)], 2])
      expect(await listed(otherZoneHere, {})).toEqual([[], 0])
      expect(await listed(here, { search: '*', perPage: 1, page: 2 })).toEqual([[uuid(4)], 3])
    })

    test('of applications: by texts in any case and any script, and by the whole of them', async () => {
      const store = await withOwners()
      const one = anApplication(1, { name: 'Größe', domain: 'One.example', destinations: ['One.example', 'two.example/x%y_z'] })
      await save(store, insert('application', one), insert('application', anApplication(2, { name: 'größer' })))
      const found = async (query: Partial<ApplicationQuery>) =>
        ids((await store.listApplications(here, { page: 1, perPage: 10, ...query })).items)
      expect(await found({ name: 'GRÖSSE' })).toEqual([])
      expect(await found({ name: 'GRÖßE' })).toEqual([uuid(1), uuid(2)])
      expect(await found({ name: 'GRÖßE', isExact: true })).toEqual([uuid(1)])
      expect(await found({ domain: 'one' })).toEqual([uuid(1)])
      expect(await found({ domain: 'two' })).toEqual([])
      expect(await found({ search: 'X%Y_' })).toEqual([uuid(1)])
      expect(await found({ search: one.audience.slice(30, 40) })).toEqual([uuid(1)])
      expect(await found({ audience: one.audience })).toEqual([uuid(1)])
      expect(await found({ audience: one.audience, name: 'größer' })).toEqual([])
      expect(await store.listClaims()).toContainEqual({
        id: uuid(1),
        accountId: here.accountId,
        zoneId: null,
        name: 'Größe',
        destinations: one.destinations,
      })
    })

    test('of policies: those that applications share, with how many do', async () => {
      const store = await withOwners()
      const uses = [1, 2].map((number) => ({ policyId: uuid(number), precedence: number }))
      await save(
        store,
        ...[1, 2, 3].map((number) => insert('policy', aPolicy(number, { createdAt: noon + number }))),
        insert('application', anApplication(1, { policies: [...uses, { policyId: uuid(7), precedence: 3 }] })),
        insert('policy', aPolicy(7, { applicationId: uuid(1) })),
        insert('application', anApplication(2, { ...zoneHere, policies: uses.slice(0, 1) })),
        insert('policy', aPolicy(8, elsewhere)),
      )
      const { items, total } = await store.listPolicies(here.accountId, { page: 1, perPage: 2 })
      expect([ids(items), total]).toEqual([[uuid(3), uuid(2)], 3])
      expect(ids((await store.listPolicies(here.accountId, { page: 2, perPage: 2 })).items)).toEqual([uuid(1)])
      expect(await store.countUses([1, 2, 3, 404].map(uuid))).toEqual(
        new Map([
          [uuid(1), 2],
          [uuid(2), 1],
        ]),
      )
      expect([(await store.contentsOf(here)).get('policy'), (await store.contentsOf(zoneHere)).get('policy')]).toEqual([3, undefined])
    })

    test('of groups: in pages of one account or zone, by name and by parts of it, and all of an account', async () => {
      const store = await withOwners()
      const made = ['Ärzte', 'ärzte 2', 'Bau'].map((name, number) => aGroup(number, { name, createdAt: noon + number }))
      await save(store, ...[...made, aGroup(8, zoneHere), aGroup(9, elsewhere)].map((group) => insert('group', group)))
      const found = async (query: Partial<GroupQuery>, scope: Scope = here) => {
        const { items, total } = await store.listGroups(scope, { page: 1, perPage: 2, ...query })
        return [ids(items), total]
      }
      expect(await found({})).toEqual([[uuid(2), uuid(1)], 3])
      expect(await found({ page: 2 })).toEqual([[uuid(0)], 3])
      expect(await found({ name: 'Ärzte' })).toEqual([[uuid(0)], 1])
      expect(await found({ search: 'ÄRZTE' })).toEqual([[uuid(1), uuid(0)], 2])
      expect(await found({}, zoneHere)).toEqual([[uuid(8)], 1])
      expect(ids(await store.groupsOf(here.accountId)).toSorted()).toEqual([uuid(0), uuid(1), uuid(2), uuid(8)])
      expect([(await store.contentsOf(here)).get('group'), (await store.contentsOf(zoneHere)).get('group')]).toEqual([4, 1])
    })
  })
}
