import { describe, expect, test } from 'vitest'
import { type HourlyCount, hourMs } from '../../src/domain/activity.ts'
import { here, noon, uuid, zoneHere } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

function aCount(fields: Partial<HourlyCount> = {}): HourlyCount {
  return { hour: noon, subjectId: uuid(1), allowed: 3, refused: 2, previousSecret: 1, ...fields }
}

/** Guarantees about what gates count. */
export function describeActivity(underTest: () => StoreUnderTest): void {
  describe('the counts of an hour', () => {
    test('are added to those before, each for itself', async () => {
      const { store } = underTest()
      await store.recordActivity([aCount(), aCount({ subjectId: uuid(2), allowed: 0, refused: 0, previousSecret: 0 })])
      await store.recordActivity([aCount({ allowed: 10, refused: 20, previousSecret: 30 })])
      await store.recordActivity([])
      expect(await store.listActivity(uuid(1), [noon])).toEqual([aCount({ allowed: 13, refused: 22, previousSecret: 31 })])
      expect(await store.listActivity(uuid(2), [noon])).toEqual([aCount({ subjectId: uuid(2), allowed: 0, refused: 0, previousSecret: 0 })])
    })

    test('are those of the hours that are asked for, of that subject and no other', async () => {
      const { store } = underTest()
      const subjects = [uuid(1), here.accountId, zoneHere.zoneId ?? '']
      const hours = [-2, -1, 0].map((ago) => noon + ago * hourMs)
      await store.recordActivity(subjects.flatMap((subjectId, index) => hours.map((hour) => aCount({ subjectId, hour, allowed: index }))))
      for (const [index, subjectId] of subjects.entries()) {
        const found = await store.listActivity(subjectId, [noon - 3 * hourMs, noon - hourMs, noon])
        expect(found.toSorted((one, other) => one.hour - other.hour)).toEqual(
          [noon - hourMs, noon].map((hour) => aCount({ subjectId, hour, allowed: index })),
        )
      }
      expect(await store.listActivity('%', hours)).toEqual([])
    })

    test('are taken for more subjects at once than fit into one statement', async () => {
      const { store } = underTest()
      const counts = Array.from({ length: 1203 }, (_, index) => aCount({ subjectId: uuid(index), allowed: index }))
      await store.recordActivity(counts)
      await store.recordActivity(counts)
      for (const number of [0, 499, 500, 1202]) {
        expect(await store.listActivity(uuid(number), [noon])).toMatchObject([{ allowed: 2 * number, refused: 4 }])
      }
    })

    test('add up when several gates store theirs at a time, in whatever order', async () => {
      const { store, otherNode } = underTest()
      const counts = Array.from({ length: 40 }, (_, index) =>
        aCount({ subjectId: uuid(index % 20), hour: noon + (index < 20 ? 0 : hourMs) }),
      )
      const gates = Array.from({ length: 10 }, (_, index) => (index % 2 === 0 ? store : otherNode))
      await Promise.all(gates.map((gate) => gate.recordActivity(counts)))
      for (const number of [0, 7, 19]) {
        const found = await store.listActivity(uuid(number), [noon, noon + hourMs])
        expect(found.map(({ allowed, refused, previousSecret }) => [allowed, refused, previousSecret])).toEqual([
          [30, 20, 10],
          [30, 20, 10],
        ])
      }
    })

    test('are forgotten from before an instant, no more at once than the limit, and counted', async () => {
      const { store } = underTest()
      const hours = [-3, -2, -1, 0].map((ago) => noon + ago * hourMs)
      await store.recordActivity(hours.flatMap((hour) => [1, 2].map((number) => aCount({ hour, subjectId: uuid(number) }))))
      expect(await store.forgetActivity(noon - 3 * hourMs, 10)).toBe(0)
      expect(await store.forgetActivity(noon - hourMs, 3)).toBe(3)
      expect(await store.forgetActivity(noon - hourMs, 3)).toBe(1)
      expect(await store.forgetActivity(noon - hourMs, 3)).toBe(0)
      const left = (await store.listActivity(uuid(2), hours)).map(({ hour }) => hour)
      expect(left.toSorted((one, other) => one - other)).toEqual([noon - hourMs, noon])
    })
  })
}
