import { expect, test } from 'vitest'
import { createRandomBytes } from './random.ts'

test('no byte is handed out twice, whatever sizes are asked for', () => {
  const random = createRandomBytes()
  const sizes = [16, 40, 1, 0, 5_000, 4_096, 4_095, 2, 16]
  const all = sizes.map((size) => random(size))
  expect(all.map(({ length }) => length)).toEqual(sizes)
  const places = all.flatMap((bytes, number) => [...bytes.keys()].map((index) => [bytes.buffer, bytes.byteOffset + index, number] as const))
  const seen = new Map<ArrayBufferLike, Set<number>>()
  for (const [buffer, place] of places) {
    const before = seen.get(buffer) ?? new Set()
    expect(before.has(place)).toBe(false)
    seen.set(buffer, before.add(place))
  }
})

test('two of the same size are different', () => {
  const random = createRandomBytes()
  const hex = Array.from({ length: 1_000 }, () => Buffer.from(random(16)).toString('hex'))
  expect(new Set(hex).size).toBe(1_000)
})
