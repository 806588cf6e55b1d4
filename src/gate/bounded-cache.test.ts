import { expect, test } from 'vitest'
import { createBoundedCache } from './bounded-cache.ts'

test('a cache never keeps more than its limit', () => {
  const cache = createBoundedCache<number>(10)
  for (let at = 0; at < 1000; at++) cache.set(`${at}`, at)
  const kept = Array.from({ length: 1000 }, (_, at) => cache.get(`${at}`)).filter((value) => value !== undefined)
  expect(kept.length).toBeGreaterThan(0)
  expect(kept.length).toBeLessThanOrEqual(10)
})

test('what is asked for stays, however much else comes', () => {
  const cache = createBoundedCache<string>(10)
  cache.set('wanted', 'kept')
  for (let at = 0; at < 1000; at++) {
    cache.set(`${at}`, '')
    expect(cache.get('wanted')).toBe('kept')
  }
})

test('a newer value replaces the older one', () => {
  const cache = createBoundedCache<string>(2)
  cache.set('one', 'old')
  cache.set('other', '')
  cache.set('one', 'new')
  expect(cache.get('one')).toBe('new')
})
