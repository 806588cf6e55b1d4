import { expect, test } from 'vitest'
import type { HourlyCount } from '../domain/activity.ts'
import { createActivityCounts } from './activity-counts.ts'

const count = (subjectId: string, fields: Partial<HourlyCount> = {}): HourlyCount => ({
  ...{ hour: 0, subjectId, allowed: 1, refused: 0, previousSecret: 0 },
  ...fields,
})

/** A store that fails as often as it is told, each time before it has stored anything. */
function aStore() {
  const stored: HourlyCount[] = []
  let failures = 0
  return {
    stored,
    failNext(times: number) {
      failures = times
    },
    async record(counts: readonly HourlyCount[]) {
      if (failures-- > 0) throw new Error('the store is away')
      stored.push(...counts)
    },
  }
}

const sum = (counts: readonly HourlyCount[]) => counts.reduce((total, { allowed }) => total + allowed, 0)

test('counts of one subject and hour are handed over as one, those of others as their own', async () => {
  const { record, stored } = aStore()
  const counts = createActivityCounts(record)
  counts.add(count('a', { allowed: 2, refused: 3, previousSecret: 1 }))
  counts.add(count('b', { hour: 3_600_000 }))
  counts.add(count('a', { allowed: 5, refused: 7, previousSecret: 4 }))
  counts.add(count('b'))
  await counts.flush()
  expect(stored).toEqual([count('a', { allowed: 7, refused: 10, previousSecret: 5 }), count('b'), count('b', { hour: 3_600_000 })])
  await counts.flush()
  expect(stored).toHaveLength(3)
})

test('what could not be stored is kept, with what is counted meanwhile, and what was stored is not counted again', async () => {
  const store = aStore()
  const calls: number[] = []
  const counts = createActivityCounts(async (batch) => {
    calls.push(batch.length)
    if (calls.length === 1) for (const subject of ['0', '479']) counts.add(count(subject))
    // The second of three batches.
    if (calls.length === 2) store.failNext(1)
    await store.record(batch)
  })
  for (let number = 0; number < 480; number++) counts.add(count(String(number)))
  await expect(counts.flush()).rejects.toThrow('the store is away')
  expect(store.stored).toHaveLength(200)
  await counts.flush()
  expect(sum(store.stored)).toBe(482)
  expect(calls).toEqual([200, 200, 200, 81])
})

test('who flushes while another flush is under way waits for it, and takes on what that one failed to store', async () => {
  const store = aStore()
  const counts = createActivityCounts(store.record)
  counts.add(count('a'))
  store.failNext(1)
  const first = counts.flush()
  const second = counts.flush()
  await expect(first).rejects.toThrow('the store is away')
  await second
  expect(store.stored).toEqual([count('a')])
})
