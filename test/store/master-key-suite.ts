import { describe, expect, test } from 'vitest'
import { anAccount, anAuditEntry, here, insert } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** Guarantees about what proves that the master key is the right one. */
export function describeMasterKeyProof(underTest: () => StoreUnderTest): void {
  describe('the proof of the master key', () => {
    test('is kept byte for byte, once: whoever comes later is answered with the first', async () => {
      const { store, otherNode } = underTest()
      const first = Uint8Array.from({ length: 256 }, (_, index) => index)
      expect([...(await store.keepMasterKeyProof(first))]).toEqual([...first])
      expect([...(await otherNode.keepMasterKeyProof(Uint8Array.from([1])))]).toEqual([...first])
      expect([...(await store.keepMasterKeyProof(new Uint8Array(0)))]).toEqual([...first])
    })

    test('is one, however many nodes start at the same time', async () => {
      const { store, otherNode } = underTest()
      const proofs = Array.from({ length: 20 }, (_, index) => Uint8Array.from([index, 7]))
      const answers = await Promise.all(proofs.map((proof, index) => (index % 2 === 0 ? store : otherNode).keepMasterKeyProof(proof)))
      expect(new Set(answers.map((answer) => [...answer].join())).size).toBe(1)
    })

    test('does not count as something stored: a first commit is still the first', async () => {
      const { store } = underTest()
      await store.keepMasterKeyProof(Uint8Array.from([1]))
      expect(await store.head()).toBe(0)
      expect(await store.commit([insert('account', anAccount(here.accountId))], anAuditEntry(), { first: true })).toBe(true)
    })
  })
}
