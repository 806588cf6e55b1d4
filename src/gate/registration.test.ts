import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type MovableClock, movableClock } from '../../test/fixtures.ts'
import type { GateReport } from '../authority/nodes.ts'
import { createRegistration, type Registration } from './registration.ts'

const budget = 30_000
const silentAfter = 10 * budget

let clock: MovableClock
let registration: Registration
let reports: GateReport[]
let forgotten: string[]
let isAway: boolean
let isDead: boolean
let confirmedAtMs: number
let lines: string[]

beforeEach(() => {
  vi.useFakeTimers()
  clock = movableClock('2026-03-01T12:00:00Z')
  ;[reports, forgotten, lines, isAway, isDead, confirmedAtMs] = [[], [], [], false, false, clock.monotonicMs()]
  const line = (_fields: object, message: string) => void lines.push(message)
  registration = createRegistration({
    store: {
      async reportGate(report) {
        if (isAway) throw new Error('the database is away')
        if (isDead) await new Promise(() => undefined)
        reports.push(report)
      },
      forgetGate: async (id) => void forgotten.push(id),
    },
    gate: { id: 'g', name: 'gate', role: 'gate', version: '1', startedAt: 0, stalenessBudgetMs: budget, onStale: 'refuse' },
    position: () => ({ seq: 7, confirmedAtMs }),
    clock,
    log: { info: line, warn: line, error: line },
  })
})
afterEach(async () => {
  await registration.stop()
  vi.useRealTimers()
})

/** A poll that is sent now and confirms what is known. */
const poll = () => {
  confirmedAtMs = clock.monotonicMs()
}
const isCovered = () => registration.covers(confirmedAtMs, clock.monotonicMs())
/** Time passes for the clock and for timers. */
async function pass(ms: number): Promise<void> {
  clock.advance(ms)
  await vi.advanceTimersByTimeAsync(ms)
}

test('what a gate has learnt before it was known counts for nothing: a poll must have been sent since', async () => {
  clock.advance(5)
  await registration.start()
  expect(isCovered()).toBe(false)
  poll()
  expect(isCovered()).toBe(true)
})

test('it says again and again what it has applied, and how long ago that was confirmed', async () => {
  await registration.start()
  await pass(5_000)
  expect(reports).toMatchObject([
    { appliedChange: 7, confirmedAgeMs: 0 },
    { appliedChange: 7, confirmedAgeMs: 5_000 },
  ])
})

test('changes are told a moment later, and those that come together at once', async () => {
  await registration.start()
  registration.tellSoon()
  registration.tellSoon()
  await pass(50)
  expect(reports).toHaveLength(2)
})

test('a gate that cannot make itself known counts no longer after ten budgets, and says so once', async () => {
  await registration.start()
  poll()
  isAway = true
  await pass(silentAfter)
  expect(isCovered()).toBe(true)
  await pass(1)
  expect([isCovered(), lines]).toEqual([false, ['the gate cannot make itself known to the others']])
})

test('nor does what it knew by then when it is known again, until it has asked anew', async () => {
  await registration.start()
  isAway = true
  await pass(silentAfter + 1)
  poll()
  isAway = false
  await pass(5_000)
  expect([isCovered(), lines.at(-1)]).toEqual([false, 'the gate is known to the others again'])
  poll()
  expect(isCovered()).toBe(true)
})

test('a report that is never answered does not hold up the next one for longer than a third of the budget', async () => {
  await registration.start()
  isDead = true
  await pass(5_000)
  isDead = false
  await pass(10_000)
  await pass(5_000)
  expect(reports).toMatchObject([{ confirmedAgeMs: 0 }, { confirmedAgeMs: 20_000 }])
})

test('one that stops is forgotten', async () => {
  await registration.start()
  await registration.stop()
  expect(forgotten).toEqual(['g'])
})
