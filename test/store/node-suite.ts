import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import type { GateReport } from '../../src/authority/nodes.ts'
import { aServiceToken, hexId, insert, save, saveOwners } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const aGate = (number: number, fields: Partial<GateReport> = {}): GateReport => ({
  ...{ id: hexId(number), name: `host:${number}`, role: 'gate', version: '1.2.3', startedAt: 5, appliedChange: 7 },
  ...{ confirmedAgeMs: 200, stalenessBudgetMs: 30_000, onStale: 'refuse' },
  ...fields,
})

export function describeNodes(underTest: () => StoreUnderTest): void {
  describe('gates', () => {
    test('are listed by their names, each with its last report and how long ago that was', async () => {
      const { store, otherNode } = underTest()
      await store.reportGate(aGate(2))
      await otherNode.reportGate(aGate(1, { role: 'both', onStale: 'serve' }))
      await otherNode.reportGate(aGate(2, { appliedChange: 9 }))
      const listed = await store.listGates()
      expect(listed).toMatchObject([aGate(1, { role: 'both', onStale: 'serve' }), aGate(2, { appliedChange: 9 })])
      for (const { silentMs, reportedAt } of listed) {
        expect(silentMs).toBeLessThan(30_000)
        expect(Math.abs(reportedAt - Date.now())).toBeLessThan(60_000)
      }
    })

    test('are forgotten when they say so, and by others only if they have said nothing since', async () => {
      const { store, otherNode } = underTest()
      for (const number of [1, 2]) await store.reportGate(aGate(number))
      await store.forgetGate(hexId(1))
      const [seen] = await otherNode.listGates()
      expect(seen?.id).toBe(hexId(2))
      await sleep(5)
      await store.reportGate(aGate(2))
      await otherNode.forgetGate(hexId(2), seen?.reportedAt)
      const [anew] = await otherNode.listGates()
      expect(anew?.id).toBe(hexId(2))
      await otherNode.forgetGate(hexId(2), anew?.reportedAt)
      expect(await store.listGates()).toEqual([])
    })
  })

  describe('a lease', () => {
    test('is held by one at a time, who may keep it, until it is released', async () => {
      const { store, otherNode } = underTest()
      expect(await store.takeLease('chores', 'one', 60_000)).toEqual({ doneMsAgo: null })
      expect(await otherNode.takeLease('chores', 'other', 60_000)).toBeUndefined()
      expect(await otherNode.takeLease('something else', 'other', 60_000)).toEqual({ doneMsAgo: null })
      expect(await store.takeLease('chores', 'one', 60_000)).toEqual({ doneMsAgo: null })
      await otherNode.releaseLease('chores', 'other')
      expect(await otherNode.takeLease('chores', 'other', 60_000)).toBeUndefined()
      await store.releaseLease('chores', 'one')
      expect(await otherNode.takeLease('chores', 'other', 60_000)).toEqual({ doneMsAgo: null })
    })

    test('ends by itself when its holder is not heard of, and tells the next one when the work was done', async () => {
      const { store, otherNode } = underTest()
      await store.takeLease('chores', 'one', 1)
      await store.noteDone('chores', 'one')
      await otherNode.noteDone('chores', 'other')
      await sleep(10)
      const taken = await otherNode.takeLease('chores', 'other', 60_000)
      expect(taken?.doneMsAgo).toBeGreaterThanOrEqual(5)
      expect(taken?.doneMsAgo).toBeLessThan(30_000)
    })

    test('of before the clock was put back counts for nothing, nor does what was done then', async () => {
      const { rows, store, otherNode } = underTest()
      await store.takeLease('chores', 'one', 60_000)
      await store.noteDone('chores', 'one')
      const later = Date.now() + 3_600_000
      await rows.updateTable('lease').set({ ends_at: later, done_at: later }).execute()
      expect(await otherNode.takeLease('chores', 'other', 60_000)).toEqual({ doneMsAgo: null })
      expect(await store.takeLease('chores', 'one', 60_000)).toBeUndefined()
    })

    test('goes to one of many who want it at the same moment', async () => {
      const { store, otherNode } = underTest()
      const takes = Array.from({ length: 20 }, (_, number) =>
        (number % 2 ? store : otherNode).takeLease('chores', `node ${number}`, 60_000),
      )
      expect((await Promise.all(takes)).filter((taken) => taken !== undefined)).toHaveLength(1)
    })
  })

  describe('the change log', () => {
    const pruned = async (...numbers: readonly [keep: number, limit: number]) => {
      const { store } = underTest()
      await saveOwners(store)
      for (let number = 1; number <= 6; number++) await save(store, insert('service_token', aServiceToken(number)))
      const removed = await store.pruneChanges(...numbers)
      return { removed, left: (await store.changesSince(0, 100)).changes.map(({ seq }) => seq) }
    }

    test('is pruned from its beginning, a few at a time, and the newest stay', async () => {
      expect(await pruned(4, 100)).toEqual({ removed: 6, left: [7, 8, 9, 10] })
      expect(await underTest().store.head()).toBe(10)
    })

    test('is pruned no further than the limit, and not at all when it is short', async () => {
      expect(await pruned(4, 2)).toEqual({ removed: 2, left: [3, 4, 5, 6, 7, 8, 9, 10] })
      expect(await underTest().store.pruneChanges(100, 100)).toBe(0)
    })

    test('that is pruned may hide a change of any kind: who depends on there being none decides anew', async () => {
      await pruned(2, 100)
      const { store } = underTest()
      const write = [insert('service_token', aServiceToken(20))]
      expect(await store.commit(write, [], { unchanged: { kind: 'application', since: 5 } })).toBe(false)
      expect(await store.commit(write, [], { unchanged: { kind: 'application', since: 8 } })).toBe(true)
    })
  })
}
