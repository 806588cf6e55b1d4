import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import { anAttempt, anAuditEntry, aServiceToken, here, insert, noon, save, saveOwners, uuid } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** Guarantees about requests that are repeated: what was done once is not done twice. */
export function describeAttempts(underTest: () => StoreUnderTest): void {
  async function withOwners(): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    return store
  }

  const creating = (store: Store, number: number, attempt = anAttempt('one')) =>
    store.commit([insert('service_token', aServiceToken(number))], anAuditEntry(), { attempt })

  const auditCount = async () => (await underTest().rows.selectFrom('audit').select('id').execute()).length

  describe('an attempt', () => {
    test('is found again byte for byte, by its whole id', async () => {
      const store = await withOwners()
      // A part of a greater buffer, with every byte there is.
      const sealedAnswer = new Uint8Array(Uint8Array.from({ length: 1000 }, (_, index) => index).buffer, 100, 800)
      const attempt = anAttempt('POST /ä "\' % _ 😀', { fingerprint: '\\ \'" 漢', sealedAnswer, endsAt: Number.MAX_SAFE_INTEGER })
      expect(await creating(store, 1, attempt)).toBe(true)
      const found = await store.findAttempt(attempt.id)
      expect({ ...found, sealedAnswer: [...(found?.sealedAnswer ?? [])] }).toEqual({ ...attempt, sealedAnswer: [...sealedAnswer] })
      for (const id of ['', '%', attempt.id.slice(1), attempt.id.toUpperCase(), `${attempt.id} `]) {
        expect(await store.findAttempt(id)).toBeUndefined()
      }
    })

    test('may have an empty answer', async () => {
      const store = await withOwners()
      expect(await creating(store, 1, anAttempt('one', { sealedAnswer: new Uint8Array(0) }))).toBe(true)
      expect((await store.findAttempt('one'))?.sealedAnswer).toHaveLength(0)
    })

    test('that was made before answers false, leaves nothing behind, and the first answer stands', async () => {
      const store = await withOwners()
      expect(await creating(store, 1)).toBe(true)
      const before = { head: await store.head(), audit: await auditCount() }
      expect(await creating(store, 2, anAttempt('one', { fingerprint: 'other', sealedAnswer: Buffer.from('other'), endsAt: 1 }))).toBe(
        false,
      )
      expect({ head: await store.head(), audit: await auditCount() }).toEqual(before)
      expect(await store.find('service_token', uuid(2))).toBeUndefined()
      expect(await store.findAttempt('one')).toEqual(anAttempt('one'))
      expect(await creating(store, 2, anAttempt('another'))).toBe(true)
    })

    test('is not noted when the commit fails for another reason, and can be made again', async () => {
      const store = await withOwners()
      await save(store, insert('service_token', aServiceToken(1)))
      expect(await creating(store, 1)).toBe(false)
      const full = { attempt: anAttempt('one'), maxServiceTokens: { accountId: here.accountId, count: 1 } }
      expect(await store.commit([insert('service_token', aServiceToken(2))], anAuditEntry(), full)).toBe(false)
      expect(await store.findAttempt('one')).toBeUndefined()
      expect(await creating(store, 2)).toBe(true)
    })

    test('of many at the same time wins once', async () => {
      const store = await withOwners()
      const numbers = Array.from({ length: 20 }, (_, index) => index + 1)
      const made = await Promise.all(
        numbers.map(async (number) => {
          const node = number % 2 === 0 ? store : underTest().otherNode
          const attempt = anAttempt('one', { sealedAnswer: Buffer.from([number]) })
          return (await creating(node, number, attempt)) ? [number] : []
        }),
      )
      const [winner, ...others] = made.flat()
      expect(others).toEqual([])
      expect((await store.read('service_token', '', 100)).map(({ id }) => id)).toEqual([uuid(winner ?? 0)])
      expect([...((await store.findAttempt('one'))?.sealedAnswer ?? [])]).toEqual([winner])
      expect(await store.head()).toBe(5)
    })

    test('is forgotten when it has ended, and not a moment before: then it can be made anew', async () => {
      const store = await withOwners()
      const ends = [noon - 1, noon, noon + 1]
      for (const [index, endsAt] of ends.entries()) expect(await creating(store, index + 1, anAttempt(`${index}`, { endsAt }))).toBe(true)
      const left = async () => {
        const found = await Promise.all(ends.map((_, index) => store.findAttempt(`${index}`)))
        return found.flatMap((attempt) => (attempt ? [attempt.endsAt] : []))
      }
      await store.forgetAttempts(noon - 2)
      expect(await left()).toEqual(ends)
      await store.forgetAttempts(noon)
      expect(await left()).toEqual([noon + 1])
      expect(await creating(store, 4, anAttempt('0'))).toBe(true)
      expect(await creating(store, 5, anAttempt('2'))).toBe(false)
      expect(await store.head()).toBe(8)
    })
  })
}
