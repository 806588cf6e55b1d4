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
/** How long the database takes to list the gates. */
let answerMs: number
let forgotten: unknown[]
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
  ;[listed, head, meanwhile, isAway, forgotten, answerMs] = [[aGate()], () => 7, () => undefined, false, [], 0]
  gates = createGates({
    store: {
      head: async () => head(),
      async listGates() {
        if (isAway) throw new Error('the database is away')
        clock.advance(answerMs)
        return listed
      },
      forgetGate: async (...args) => void forgotten.push(args),
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
  test('says when each gate had applied the change, by the clock of this node', async () => {
    const askedAt = clock.now()
    listed = [aGate({ id: 'slow' })]
    let looks = 0
    meanwhile = () => {
      const quick = aGate({ id: 'quick', appliedChange: 7, reportedAt: 1, silentMs: 20 + 50 * looks })
      listed = [quick, ++looks < 2 ? aGate({ id: 'slow' }) : aGate({ id: 'slow', appliedChange: 7, silentMs: 10_000 })]
    }
    const { arrivals } = await gates.receipt(10_000)
    expect(arrivals.map(({ gate, appliedAt }) => [gate.id, appliedAt])).toEqual([
      ['quick', askedAt + 30],
      ['slow', askedAt],
    ])
  })

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

  test('is not silent for the time that an answer took', async () => {
    answerMs = 20_000
    await statuses(0)
    answerMs = 0
    clock.advance(10 * budget + 1_000)
    expect(await statuses(0)).toMatchObject({ statuses: ['waiting'] })
    clock.advance(1)
    expect(await statuses(0)).toMatchObject({ statuses: [] })
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

  const aDay = 24 * 3_600_000

  test('is forgotten after a day, once it is certain that it lets nobody in; and only if it says nothing meanwhile', async () => {
    const { reportedAt } = listed[0] as SeenGate
    await gates.forgetSilent()
    listed = [aGate({ reportedAt, silentMs: aDay + 1 })]
    clock.advance(10 * budget)
    await gates.forgetSilent()
    expect(forgotten).toEqual([])
    clock.advance(1_001)
    await gates.forgetSilent()
    expect(forgotten).toEqual([['g', reportedAt]])
  })

  test('is not forgotten where only the clock of the database says that it has been silent for long, nor where only this node has watched it for less than a day', async () => {
    for (let days = 1; days < 5; days++) {
      listed = [aGate({ reportedAt: clock.now(), silentMs: days * aDay })]
      await gates.forgetSilent()
      clock.advance(5_000)
    }
    listed = [aGate({ silentMs: aDay - 1 })]
    await gates.forgetSilent()
    clock.advance(11 * budget)
    await gates.forgetSilent()
    expect(forgotten).toEqual([])
  })

  test('that serves on without a lease is forgotten when this node, too, has heard nothing of it for a day', async () => {
    listed = [aGate({ onStale: 'serve', silentMs: 2 * aDay })]
    await gates.forgetSilent()
    clock.advance(aDay)
    await gates.forgetSilent()
    expect(forgotten).toEqual([])
    clock.advance(1)
    await gates.forgetSilent()
    expect(forgotten).toHaveLength(1)
  })
})
