import { expect, test } from 'vitest'
import { arrivalAt, isLive, type KnownGate } from './revocation.ts'

const aGate = (traits: Partial<KnownGate> = {}): KnownGate => ({
  ...{ id: 'g', name: 'gate', appliedChange: 7, stalenessBudgetMs: 30_000, onStale: 'refuse', silentMs: 0 },
  ...traits,
})
const statusAt = (now: number, traits: Partial<KnownGate> = {}) => arrivalAt(aGate(traits), 8, 1_000, now).status

test('a change has arrived where a gate has applied it, or a later one', () => {
  expect([7, 8, 9].map((appliedChange) => statusAt(1_000, { appliedChange }))).toEqual(['waiting', 'applied', 'applied'])
})

test('without it a gate stops when its budget is used up, counted from when the change was stored, and a second for clocks that differ', () => {
  expect([31_999, 32_000].map((now) => statusAt(now))).toEqual(['waiting', 'lease_ended'])
  expect(arrivalAt(aGate({ stalenessBudgetMs: 5_000 }), 8, 1_000, 1_000)).toMatchObject({ leaseEndsAt: 7_000 })
})

test('a gate that goes on when it is stale never stops by itself', () => {
  expect(arrivalAt(aGate({ onStale: 'serve' }), 8, 1_000, 10 ** 12)).toMatchObject({ status: 'waiting', leaseEndsAt: null })
})

test('a gate that was silent for ten budgets, and a second more, stands still; but not one that goes on when it is stale', () => {
  const silence = [301_000, 301_001]
  expect(silence.map((silentMs) => isLive(aGate({ silentMs })))).toEqual([true, false])
  expect(silence.map((silentMs) => isLive(aGate({ silentMs, onStale: 'serve' })))).toEqual([true, true])
})
