import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import type { Scope, ServiceToken } from '../../src/domain/service-token.ts'
import { anAuditEntry, aServiceToken, elsewhere, here, insert, noon, save, saveOwners, stored, uuid, write, zoneHere } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const scopes = [here, zoneHere, elsewhere] as const

/** Guarantees about the pages and the totals of lists that change. The stores under test divide a list as soon as it has a few tokens. */
export function describeLists(underTest: () => StoreUnderTest): void {
  async function withOwners(): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    return store
  }

  const totalOf = async (store: Store, scope: Scope) => (await store.listServiceTokens(scope, { page: 1, perPage: 1 })).total

  const remove = async (store: Store, number: number) =>
    save(store, write('service_token', await stored(store, 'service_token', uuid(number)), null))

  /** Compares all pages, of a size that a block does not fit into and of one that it does, with what they should be. */
  async function expectLists(store: Store, tokens: readonly ServiceToken[]): Promise<void> {
    for (const scope of scopes) {
      const listed = tokens
        .filter(({ accountId, zoneId }) => accountId === scope.accountId && zoneId === scope.zoneId)
        .toSorted((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1))
        .map(({ id }) => id)
      for (const perPage of [1, 3, 7]) {
        for (let page = 1; (page - 1) * perPage <= listed.length + perPage; page++) {
          const { items, total } = await store.listServiceTokens(scope, { page, perPage })
          expect(total).toBe(listed.length)
          expect(items.map(({ token }) => token.id)).toEqual(listed.slice((page - 1) * perPage, page * perPage))
        }
      }
    }
  }

  describe('the pages of a list that changes', () => {
    test('are what they should be after any creations and deletions, in whatever order of time', async () => {
      const store = await withOwners()
      const creation = fc.record({ scope: fc.integer({ min: 0, max: 2 }), age: fc.integer({ min: 0, max: 12 }) })
      const step = fc.oneof({ arbitrary: creation, weight: 3 }, fc.record({ victim: fc.nat({ max: 1000 }) }))
      let number = 0
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 60 }), async (steps) => {
          const present: number[] = []
          const tokens = new Map<number, ServiceToken>()
          for (const change of steps) {
            if ('victim' in change) {
              const [victim] = present.splice(change.victim % Math.max(present.length, 1), 1)
              if (victim === undefined) continue
              await remove(store, victim)
              tokens.delete(victim)
            } else {
              number += 1
              const token = aServiceToken(number, { ...scopes[change.scope], createdAt: noon - change.age })
              await save(store, insert('service_token', token))
              tokens.set(number, token)
              present.push(number)
            }
          }
          await expectLists(store, [...tokens.values()])
          for (const left of present) await remove(store, left)
          await expectLists(store, [])
        }),
        { numRuns: 4 },
      )
    })

    test('are right when many are created and deleted in one commit', async () => {
      const store = await withOwners()
      const tokens = Array.from({ length: 40 }, (_, index) =>
        aServiceToken(index + 1, { ...scopes[index % 3], createdAt: noon + (index % 7) }),
      )
      await save(store, ...tokens.map((token) => insert('service_token', token)))
      await expectLists(store, tokens)
      const [gone, kept] = [tokens.filter((_, index) => index % 4 > 0), tokens.filter((_, index) => index % 4 === 0)]
      const late = [41, 42, 43].map((number) => aServiceToken(number, { createdAt: noon + 3 }))
      const deletions = gone.map((token) => write('service_token', { ...token, revision: 1 }, null))
      await save(store, ...deletions, ...late.map((token) => insert('service_token', token)))
      await expectLists(store, [...kept, ...late])
    })

    test('follow a token that moves', async () => {
      const store = await withOwners()
      const tokens = Array.from({ length: 12 }, (_, index) => aServiceToken(index + 1, { createdAt: noon + index }))
      await save(store, ...tokens.map((token) => insert('service_token', token)))
      const moved = [
        { ...aServiceToken(3), createdAt: noon + 9 },
        { ...aServiceToken(9), ...zoneHere },
      ]
      for (const after of moved) await save(store, write('service_token', await stored(store, 'service_token', after.id), after))
      await expectLists(store, [...tokens.filter(({ id }) => moved.every((other) => other.id !== id)), ...moved])
    })
  })

  describe('the total of a list', () => {
    test('is unmoved by a commit that is refused or fails', async () => {
      const store = await withOwners()
      await save(store, ...[1, 2, 3].map((number) => insert('service_token', aServiceToken(number))))
      const before = await stored(store, 'service_token', uuid(1))
      const entry = anAuditEntry()
      const commits = [
        store.commit([insert('service_token', aServiceToken(4)), insert('service_token', aServiceToken(2))], anAuditEntry()),
        store.commit([write('service_token', { ...before, revision: 7 }, null)], anAuditEntry()),
        store.commit([insert('service_token', aServiceToken(5))], anAuditEntry(), {
          maxServiceTokens: { accountId: here.accountId, count: 3 },
        }),
        store.commit([insert('service_token', aServiceToken(6, { accountId: 'nobody' }))], entry).catch(() => false),
      ]
      expect(await Promise.all(commits)).toEqual([false, false, false, false])
      await expectLists(
        store,
        [1, 2, 3].map((number) => aServiceToken(number)),
      )
    })

    test('is unmoved by updates, and by those of a name too', async () => {
      const store = await withOwners()
      await save(store, insert('service_token', aServiceToken(1)))
      const before = await stored(store, 'service_token', uuid(1))
      await save(store, write('service_token', before, { ...before, name: 'other', updatedAt: noon + 1 }))
      expect(await totalOf(store, here)).toBe(1)
    })

    test('makes room for new tokens under the limit of the account once one is deleted, in whichever of its zones', async () => {
      const store = await withOwners()
      const create = (number: number, scope: Scope) =>
        store.commit([insert('service_token', aServiceToken(number, scope))], anAuditEntry({ accountId: scope.accountId }), {
          maxServiceTokens: { accountId: scope.accountId, count: 3 },
        })
      expect([await create(1, here), await create(2, zoneHere), await create(3, here)]).toEqual([true, true, true])
      expect([await create(4, here), await create(5, zoneHere)]).toEqual([false, false])
      expect(await create(6, elsewhere)).toBe(true)
      await remove(store, 2)
      expect([await create(7, here), await create(8, here)]).toEqual([true, false])
      expect([await totalOf(store, here), await totalOf(store, zoneHere), await totalOf(store, elsewhere)]).toEqual([3, 0, 1])
    })
  })
}
