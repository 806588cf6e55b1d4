import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createRowIndex } from './row-index.ts'
import { createRows } from './rows.ts'

type Id = readonly number[]

const digits = fc.integer({ min: 0, max: 2 ** 32 - 1 })
/** Ids of which many want the same few slots, at both ends of the index, and many look alike there. */
const crowded = fc.tuple(digits, digits, fc.constantFrom(0, 1, 31), fc.constantFrom(0, 1, 2 ** 31, 2 ** 32 - 1))
const spread = fc.tuple(digits, digits, digits, digits)

/** An id is taken in, and now and then some that have been there for longest are removed: so an index grows while it loses rows. */
const step = fc.record({
  id: fc.oneof({ weight: 3, arbitrary: spread }, { weight: 1, arbitrary: crowded }),
  removes: fc.constantFrom(0, 0, 0, 0, 1, 3),
})

/** As if at random, and quickly. */
function nthId(number: number): Id {
  return [1, 2, 3, 4].map((word) => Math.imul(Math.imul(number + 1, 0x9e3779b1) ^ (word * 0x85ebca6b), 0xc2b2ae35) >>> 0)
}

function firstOf<Item>(items: Iterable<Item>, most: number): Item[] {
  const first: Item[] = []
  for (const item of items) {
    if (first.length === most) break
    first.push(item)
  }
  return first
}

/** An index beside a Map of what it should hold. */
function createIndexed() {
  const rows = createRows()
  const index = createRowIndex(rows, 0)
  const expected = new Map<string, { readonly id: Id; readonly row: number }>()
  return {
    expected,
    isRight: (id: Id) => index.find(Uint32Array.from(id)) === (expected.get(id.join())?.row ?? -1),
    add(id: Id) {
      if (expected.has(id.join())) return
      const row = rows.take()
      rows.page(row).set(id, rows.offset(row))
      index.add(row)
      expected.set(id.join(), { id, row })
    },
    remove({ id, row }: { readonly id: Id; readonly row: number }) {
      index.remove(row)
      rows.release(row)
      expected.delete(id.join())
    },
  }
}

test.each([
  ['grows from the start', 0],
  ['is small and grows in a moment', 860],
  ['is large, and grows all the while', 55_680],
])('an index finds what a Map would, also one that %s', (_how, before) => {
  fc.assert(
    fc.property(fc.array(step, { minLength: 50, maxLength: 400 }), (steps) => {
      const { expected, isRight, add, remove } = createIndexed()
      for (let number = 0; number < before; number++) add(nthId(number))
      const wrong: Id[] = []
      for (const { id, removes } of steps) {
        add(id)
        const oldest = firstOf(expected.values(), removes)
        for (const one of oldest) remove(one)
        wrong.push(...[id, ...oldest.map((one) => one.id)].filter((one) => !isRight(one)))
      }
      wrong.push(...[...expected.values()].map(({ id }) => id).filter((id) => !isRight(id)))
      expect(wrong).toEqual([])
    }),
    { numRuns: 25 },
  )
})
