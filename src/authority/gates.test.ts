import { beforeEach, describe, expect, test } from 'vitest'
import { type MovableClock, movableClock, silent } from '../../test/fixtures.ts'
import { createGates, type Gates } from './gates.ts'
import type { SeenGate } from './nodes.ts'

// What a receipt says of gates that answer, that do not, and where the database itself does not.

const budget = 30_000
let clock: MovableClock
let listed: SeenGate[]
let head: () => number
/** Happens while whoever asked waits for the next look. */
let meanwhile: () => void
let isAway: boolean
let gates: Gates

const aGate = (fields: Partial<SeenGate> = {}): SeenGate => ({
  ...{ id: 'g', name: 'gate', role: 'gate', version: '1', startedAt: 0, stalenessBudgetMs: budget, onStale: 'refuse' },
  ...{ appliedChange: 6, confirmedAgeMs: 0, reportedAt: clock.now(), silentMs: 0 },
  ...fields,
})
const statuses = async (withinMs: number) => {
  const { isComplete, arrivals } = await gates.receipt(withinMs)
  return { isComplete, statuses: arrivals.map(({ status }) => status) }
}

beforeEach(() => {
  clock = movableClock('2026-03-01T12:00:00Z')
  ;[listed, head, meanwhile, isAway] = [[aGate()], () => 7, () => undefined, false]
  gates = createGates({
    store: {
      head: async () => head(),
      async listGates() {
        if (isAway) throw new Error('the database is away')
        return listed
      },
    },
    clock,
    log: silent,
    async pause(ms) {
      clock.advance(ms)
      meanwhile()
    },
  })
})

describe('a receipt', () => {
  test('is complete as soon as every gate has applied the change', async () => {
    const askedAt = clock.now()
    meanwhile = () => {
      listed = [aGate({ appliedChange: 7 })]
    }
    expect(await gates.receipt(10_000)).toMatchObject({ change: 7, isComplete: true, at: askedAt + 50 })
  })

  test('is not when the time is over, and says until when each gate may go on', async () => {
    const askedAt = clock.now()
    const { isComplete, arrivals } = await gates.receipt(1_000)
    expect([isComplete, clock.now() - askedAt]).toEqual([false, 1_000])
    expect(arrivals).toMatchObject([{ status: 'waiting', leaseEndsAt: askedAt + budget + 1_000 }])
  })

  test('is complete when the lease of a gate that says nothing has ended', async () => {
    expect(await statuses(budget + 1_000)).toEqual({ isComplete: true, statuses: ['lease_ended'] })
  })

  test('is never complete without a gate that serves on without a lease', async () => {
    listed = [aGate({ onStale: 'serve' })]
    expect(await statuses(budget * 20)).toEqual({ isComplete: false, statuses: ['waiting'] })
  })

  test('is not complete by what was seen before the database went away, but once it has been seen again', async () => {
    listed = [aGate({ appliedChange: 7 })]
    expect(await statuses(0)).toMatchObject({ isComplete: true })
    isAway = true
    expect(await statuses(200)).toMatchObject({ isComplete: false })
    meanwhile = () => {
      isAway = false
    }
    expect(await statuses(200)).toMatchObject({ isComplete: true })
  })

  test('does not fail where the database does not say how far it is: it names no change, and is not complete', async () => {
    head = () => {
      throw new Error('the database is away')
    }
    listed = [aGate({ appliedChange: 1_000 })]
    expect(await gates.receipt(100)).toMatchObject({ change: null, isComplete: false })
  })
})

describe('a gate that has fallen silent', () => {
  test('counts no longer when this node has heard nothing new of it for more than ten budgets', async () => {
    expect(await statuses(0)).toMatchObject({ statuses: ['waiting'] })
    clock.advance(10 * budget)
    expect(await statuses(0)).toMatchObject({ statuses: ['waiting'] })
    clock.advance(1_001)
    expect(await statuses(0)).toEqual({ isComplete: true, statuses: [] })
  })

  test('counts on where only the clock of the database says so', async () => {
    listed = [aGate({ silentMs: 100 * budget })]
    expect(await statuses(0)).toEqual({ isComplete: false, statuses: ['waiting'] })
  })

  test('counts again as soon as it says something', async () => {
    await statuses(0)
    clock.advance(20 * budget)
    expect(await statuses(0)).toMatchObject({ statuses: [] })
    listed = [aGate()]
    expect(await statuses(0)).toMatchObject({ statuses: ['waiting'] })
  })
})
