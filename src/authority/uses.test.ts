import { describe, expect, test } from 'vitest'
import { aToken } from '../../test/gate-fixtures.ts'
import type { Instant } from '../domain/instant.ts'
import { createUses } from './uses.ts'

const one = aToken({ id: 'one' })
const other = aToken({ id: 'other' })

/** A place to record in that fails or waits when the test says so. */
function aRecord() {
  const stored: Record<string, Instant>[] = []
  const state = { failing: false, wait: Promise.resolve(), meanwhile: () => {} }
  const record = async (uses: ReadonlyMap<string, Instant>) => {
    const { failing } = state
    state.meanwhile()
    await state.wait
    if (failing) throw new Error('the database is away')
    stored.push(Object.fromEntries(uses))
  }
  return { record, stored, state }
}

describe('uses of tokens', () => {
  test('are stored together, the latest of each token', async () => {
    const { record, stored } = aRecord()
    const uses = createUses(record)
    uses.note(one.id, 1)
    uses.note(other.id, 2)
    uses.note(one.id, 3)
    await uses.flush()
    expect(stored).toEqual([{ one: 3, other: 2 }])
  })

  test('are stored once, and nothing is stored when there was none', async () => {
    const { record, stored } = aRecord()
    const uses = createUses(record)
    await uses.flush()
    uses.note(one.id, 1)
    await uses.flush()
    await uses.flush()
    expect(stored).toEqual([{ one: 1 }])
  })

  test('are not lost when storing fails, and a later use wins over the one that was kept', async () => {
    const { record, stored, state } = aRecord()
    const uses = createUses(record)
    uses.note(one.id, 1)
    uses.note(other.id, 1)
    state.failing = true
    await expect(uses.flush()).rejects.toThrow('the database is away')
    uses.note(one.id, 2)
    await expect(uses.flush()).rejects.toThrow('the database is away')
    state.failing = false
    await uses.flush()
    expect(stored).toEqual([{ one: 2, other: 1 }])
  })

  test('that happen while others are being stored are kept for the next time, also when that fails', async () => {
    const { record, stored, state } = aRecord()
    const uses = createUses(record)
    const during = (note: () => void) => {
      state.meanwhile = () => {
        state.meanwhile = () => {}
        note()
      }
    }
    uses.note(one.id, 1)
    during(() => {
      uses.note(one.id, 2)
      uses.note(other.id, 2)
    })
    await uses.flush()
    await uses.flush()
    state.failing = true
    uses.note(one.id, 3)
    during(() => uses.note(one.id, 4))
    await expect(uses.flush()).rejects.toThrow()
    state.failing = false
    await uses.flush()
    expect(stored).toEqual([{ one: 1 }, { one: 2, other: 2 }, { one: 4 }])
  })

  test('are all stored when a flush resolves, those included that another flush had begun to store', async () => {
    const { record, stored, state } = aRecord()
    const uses = createUses(record)
    let proceed = () => {}
    state.wait = new Promise((resolve) => {
      proceed = resolve
    })
    uses.note(one.id, 1)
    const first = uses.flush()
    const last = uses.flush().then(() => stored.length)
    proceed()
    await first
    expect(await last).toBe(1)
  })

  test('that another flush failed to store are tried again by the flush that waited for it', async () => {
    const { record, stored, state } = aRecord()
    const uses = createUses(record)
    state.failing = true
    state.meanwhile = () => {
      state.failing = false
    }
    uses.note(one.id, 1)
    const failed = expect(uses.flush()).rejects.toThrow()
    await uses.flush()
    await failed
    expect(stored).toEqual([{ one: 1 }])
  })
})
