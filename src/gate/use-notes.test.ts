import { expect, test } from 'vitest'
import { aKnownToken } from '../../test/gate-fixtures.ts'
import { createReplica } from './replica/replica.ts'
import { createUseNotes } from './use-notes.ts'

const minute = 60_000

function notes() {
  const handed: string[] = []
  const uses = createUseNotes({
    noteToken: () => undefined,
    noteSecret: ({ secretVersion, address, at }) => handed.push(`${secretVersion} ${address} ${at}`),
  })
  /** What was handed on since the last time. */
  const since = (hand: () => void) => {
    hand()
    return handed.splice(0)
  }
  return { ...uses, handedBy: (now: number) => since(() => uses.hand(now)), atTheEnd: () => since(() => uses.handAll(minute)) }
}

test('who comes for the first time, or after a minute, is handed on at once', () => {
  const { note, handedBy } = notes()
  const token = aKnownToken(createReplica())
  note(token, 'current', '::1', 5)
  expect(handedBy(10)).toEqual(['1 ::1 5'])
  note(token, 'current', '::1', 10 + minute)
  expect(handedBy(15 + minute)).toEqual([`1 ::1 ${10 + minute}`])
})

test('who goes on is handed on once in a minute, with the last of its uses', () => {
  const { note, handedBy } = notes()
  const token = aKnownToken(createReplica())
  note(token, 'current', '::1', 0)
  expect(handedBy(1)).toEqual(['1 ::1 0'])
  for (const at of [10, 20, 30_000]) {
    note(token, 'current', '::1', at)
    expect(handedBy(at + 1)).toEqual([])
  }
  note(token, 'current', '::1', 40_000)
  expect(handedBy(1 + minute)).toEqual(['1 ::1 40000'])
  expect(handedBy(1 + 3 * minute)).toEqual([])
})

test('another address, or another secret, is news', () => {
  const { note, handedBy } = notes()
  const token = aKnownToken(createReplica())
  note(token, 'current', '::1', 0)
  handedBy(1)
  note(token, 'current', '::2', 2)
  expect(handedBy(3)).toEqual(['1 ::2 2'])
  note(token, 'previous', '::2', 4)
  expect(handedBy(5)).toEqual(['0 ::2 4'])
})

test('nothing is left at the end, nor kept back by a clock that was put back', () => {
  const { note, handedBy, atTheEnd } = notes()
  const token = aKnownToken(createReplica())
  note(token, 'current', '::1', minute)
  handedBy(minute)
  note(token, 'current', '::1', minute + 1)
  expect(atTheEnd()).toEqual([`1 ::1 ${minute + 1}`])
  note(token, 'current', '::1', minute + 2)
  expect(handedBy(-10 * minute)).toEqual([`1 ::1 ${minute + 2}`])
})
