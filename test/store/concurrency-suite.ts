import { setImmediate } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { Change, Store } from '../../src/authority/ports.ts'
import {
  anAccount,
  anAuditEntry,
  aServiceToken,
  elsewhere,
  here,
  hexId,
  insert,
  save,
  saveOwners,
  stored,
  uuid,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const many = 50
const numbers = Array.from({ length: many }, (_, index) => index + 1)

/** Guarantees that hold however many commands and nodes are at work. */
export function describeConcurrency(underTest: () => StoreUnderTest): void {
  /** Every other command goes through the other node. */
  const storeOf = (number: number) => (number % 2 === 0 ? underTest().store : underTest().otherNode)

  /** Follows the change log as a gate does, as fast as it can. */
  async function follow(store: Store, from: number, to: number): Promise<readonly Change[]> {
    const seen: Change[] = []
    while (from + seen.length < to) {
      seen.push(...(await store.changesSince(from + seen.length, 7)).changes)
      // An engine inside of the process answers at once, and would never let anybody write.
      await setImmediate()
    }
    return seen
  }

  describe('at the same time', () => {
    test(`${many} commits are numbered without a gap, and whoever follows the change log never misses one`, async () => {
      const { store, otherNode } = underTest()
      await saveOwners(store)
      const following = [follow(store, 4, 4 + 2 * many), follow(otherNode, 4, 4 + 2 * many)]
      const headAfter = await Promise.all(
        numbers.map(async (number) => {
          const writes = [insert('service_token', aServiceToken(number)), insert('service_token', aServiceToken(many + number))]
          expect(await storeOf(number).commit(writes, anAuditEntry())).toBe(true)
          // Every third one is refused, and takes no number.
          if (number % 3 === 0) expect(await storeOf(number + 1).commit(writes, anAuditEntry())).toBe(false)
          return storeOf(number).head()
        }),
      )
      for (const changes of await Promise.all(following)) {
        expect(changes.map(({ seq }) => seq)).toEqual(Array.from({ length: 2 * many }, (_, index) => 5 + index))
        expect(new Set(changes.map(({ id }) => id)).size).toBe(2 * many)
        // The two writes of a commit follow each other.
        for (let index = 0; index < changes.length; index += 2) {
          expect(changes[index + 1]?.id).toBe(uuid(Number.parseInt(changes[index]?.id.slice(-12) ?? '', 16) + many))
        }
      }
      const final = (await store.changesSince(0, 1000)).changes
      for (const [index, number] of numbers.entries()) {
        // Once a commit is answered, the log shows it.
        const seq = final.find(({ id }) => id === uuid(many + number))?.seq
        expect(seq).toBeLessThanOrEqual(headAfter[index] ?? 0)
      }
      expect(await store.head()).toBe(4 + 2 * many)
    })

    test(`${many} commands change one token, and none of the changes is lost`, async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, insert('service_token', aServiceToken(1)))
      let lostRaces = 0
      const command = async (number: number) => {
        for (;;) {
          const before = await stored(storeOf(number), 'service_token', uuid(1))
          const after = { ...before, secretVersion: before.secretVersion + 1, name: `${before.name} ${number}` }
          if (await storeOf(number).commit([write('service_token', before, after)], anAuditEntry())) return
          lostRaces += 1
        }
      }
      await Promise.all(numbers.map(command))
      const { name, ...token } = await stored(store, 'service_token', uuid(1))
      expect(token).toMatchObject({ secretVersion: 1 + many, revision: 1 + many })
      expect(
        name
          .split(' ')
          .slice(1)
          .map(Number)
          .toSorted((one, other) => one - other),
      ).toEqual(numbers)
      expect(await store.head()).toBe(5 + many)
      expect(lostRaces).toBeGreaterThan(0)
    })

    test('one of several deletions wins, and an update never brings a deleted token back', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, insert('service_token', aServiceToken(1)))
      const before = await stored(store, 'service_token', uuid(1))
      const commands = numbers.slice(0, 10).map((number) => {
        const after = number % 2 === 0 ? null : { ...before, name: `${number}` }
        return storeOf(number).commit([write('service_token', before, after)], anAuditEntry())
      })
      expect((await Promise.all(commands)).filter(Boolean)).toHaveLength(1)
      expect(await store.head()).toBe(6)
    })

    test('of several first commits exactly one is stored', async () => {
      const { store } = underTest()
      const commits = numbers.slice(0, 10).map(async (number) => {
        const account = insert('account', anAccount(hexId(number % 5)))
        return storeOf(number).commit([account], anAuditEntry(), { first: true })
      })
      expect((await Promise.all(commits)).filter(Boolean)).toHaveLength(1)
      expect(await store.read('account', '', 100)).toHaveLength(1)
      expect((await store.changesSince(0, 100)).changes).toHaveLength(1)
    })

    test('a commit that is refused or fails leaves those that come with it as they are, and takes no number', async () => {
      const { store } = underTest()
      await saveOwners(store)
      const taken = anAuditEntry()
      await store.recordAudit([taken])
      const outcomes = await Promise.all(
        numbers.slice(0, 20).map((number) => {
          const token = insert('service_token', aServiceToken(number))
          // Of an account that is not there: its token is written before that shows.
          const ofNobody = insert('service_token', aServiceToken(100 + number, { accountId: hexId(404) }))
          const commits = [
            () => storeOf(number).commit([token], anAuditEntry()),
            () => storeOf(number).commit([token, ofNobody], anAuditEntry()),
            () =>
              storeOf(number)
                .commit([token], [anAuditEntry(), taken])
                .catch(() => 'failed'),
            () => storeOf(number).commit([token], anAuditEntry(), { unchanged: { kind: 'zone', since: 0 } }),
          ]
          return commits[number % 4]?.()
        }),
      )
      expect(outcomes).toEqual(numbers.slice(0, 20).map((number) => [true, false, 'failed', false][number % 4]))
      expect(await store.countServiceTokens(here.accountId)).toBe(5)
      expect((await store.read('service_token', '', 100)).map(({ id }) => id)).toEqual([4, 8, 12, 16, 20].map(uuid))
      expect((await store.changesSince(4, 100)).changes.map(({ seq }) => seq)).toEqual([5, 6, 7, 8, 9])
      expect(await underTest().rows.selectFrom('audit').select('id').execute()).toHaveLength(1 + 1 + 5)
    })

    test('an account never gets more service tokens than the condition allows, counting its zones', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, insert('service_token', aServiceToken(100, zoneHere)), insert('service_token', aServiceToken(101, elsewhere)))
      const creations = numbers.slice(0, 10).map((number) => {
        return storeOf(number).commit([insert('service_token', aServiceToken(number))], anAuditEntry(), {
          maxServiceTokens: { accountId: here.accountId, count: 5 },
        })
      })
      expect((await Promise.all(creations)).filter(Boolean)).toHaveLength(4)
      expect(await store.head()).toBe(10)
    })

    test('an account is deleted only while nothing belongs to it, however many put something into it', async () => {
      const { store } = underTest()
      await save(store, insert('account', anAccount(here.accountId)))
      const before = await stored(store, 'account', here.accountId)
      const commands = numbers.slice(0, 10).map((number) => {
        const deletion = write('account', before, null)
        const creation = insert('service_token', aServiceToken(number))
        return storeOf(number).commit([number % 5 === 3 ? deletion : creation], anAuditEntry())
      })
      const outcomes = (await Promise.all(commands)).filter(Boolean).length
      const isThere = (await store.find('account', here.accountId)) !== undefined
      expect({ outcomes, tokens: await store.countServiceTokens(here.accountId) }).toEqual(
        isThere ? { outcomes: 8, tokens: 8 } : { outcomes: 1, tokens: 0 },
      )
    })

    test('commits that want the same things in opposite order do not hold each other up', async () => {
      const { store } = underTest()
      await saveOwners(store)
      const things = numbers.slice(0, 5)
      await save(store, ...things.map((number) => insert('service_token', aServiceToken(number))))
      const command = async (index: number) => {
        const ordered = index % 2 === 0 ? things : things.toReversed()
        for (;;) {
          const before = await Promise.all(ordered.map((number) => stored(storeOf(index), 'service_token', uuid(number))))
          const writes = before.map((token) => write('service_token', token, { ...token, secretVersion: token.secretVersion + 1 }))
          if (await storeOf(index).commit(writes, anAuditEntry())) return
        }
      }
      await Promise.all(Array.from({ length: 8 }, (_, index) => command(index)))
      for (const number of things) expect(await stored(store, 'service_token', uuid(number))).toMatchObject({ secretVersion: 9 })
    })

    test('uses are recorded while others record theirs, and while tokens are deleted', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, ...numbers.map((number) => insert('service_token', aServiceToken(number))))
      const ids = numbers.map(uuid)
      const deleted = numbers.filter((number) => number % 10 === 0)
      const recordings = numbers.flatMap((number) => {
        const order = number % 2 === 0 ? ids : ids.toReversed()
        return storeOf(Math.floor(number / 2)).recordUses('service_token', new Map(order.map((id) => [id, number])))
      })
      const deletions = deleted.map(async (number) => {
        const before = await stored(storeOf(number), 'service_token', uuid(number))
        await save(storeOf(number), write('service_token', before, null))
      })
      await Promise.all([...recordings, ...deletions])
      const uses = await underTest().rows.selectFrom('service_token_use').selectAll().execute()
      expect(uses).toHaveLength(many - deleted.length)
      expect(uses.every((use) => use.last_seen_at === many)).toBe(true)
    })
  })
}
