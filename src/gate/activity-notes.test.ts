import { describe, expect, test } from 'vitest'
import { aKnownToken, anApplication, aPolicy, aToken } from '../../test/gate-fixtures.ts'
import { type HourlyCount, hourMs } from '../domain/activity.ts'
import type { Application } from '../domain/application.ts'
import { createActivityNotes } from './activity-notes.ts'
import type { Verdict, Via } from './decide.ts'
import { createReplica } from './replica/replica.ts'
import type { KnownToken } from './replica/token-table.ts'

const noon = Date.parse('2026-03-01T12:00:00Z')
const zoneId = 'b'.repeat(32)
const [ofAccount, ofZone] = [anApplication({ domain: 'a.example' }), anApplication({ domain: 'z.example', zoneId })]
const { accountId } = ofAccount

function admitted(application: Application, token: KnownToken | null, via: Via | null = 'current'): Verdict {
  const policy = aPolicy()
  return {
    admitted: true,
    application,
    entrance: { application, judge: () => ({ admitted: true, policy }), organization: null },
    policy,
    token,
    via,
  }
}

function refused(application: Application | null, token: KnownToken | null): Verdict {
  return { admitted: false, status: 401, reason: 'wrong_secret', application, token }
}

/** What was handed on, added up: allowed, refused, by the previous secret. */
function notesOf() {
  const handed: HourlyCount[] = []
  const notes = createActivityNotes({ add: (count) => void handed.push(count) })
  const sums = () => {
    const found: Record<string, readonly number[]> = {}
    for (const { hour, subjectId, allowed, refused, previousSecret } of handed) {
      const key = `${(hour - noon) / hourMs} ${subjectId}`
      const [a = 0, r = 0, p = 0] = found[key] ?? []
      found[key] = [a + allowed, r + refused, p + previousSecret]
    }
    return found
  }
  return { notes, sums, handed }
}

describe('the counts of requests', () => {
  test('are those of each token, and of the account and zone of the application that was asked for', () => {
    const replica = createReplica()
    const [one, two] = [aKnownToken(replica, aToken({ name: 'one' })), aKnownToken(replica, aToken({ name: 'two' }))]
    const { notes, sums } = notesOf()
    for (const verdict of [
      ...[admitted(ofAccount, one), admitted(ofZone, one, 'previous'), admitted(ofZone, two, 'session')],
      ...[refused(ofAccount, one), refused(ofZone, null), refused(null, null), admitted(ofAccount, null, null)],
    ]) {
      notes.note(verdict, noon)
    }
    notes.handAll(noon)
    expect(sums()).toEqual({
      [`0 ${one.id}`]: [2, 1, 1],
      [`0 ${two.id}`]: [1, 0, 0],
      [`0 ${accountId}`]: [4, 2, 1],
      [`0 ${zoneId}`]: [2, 1, 1],
    })
  })

  test('are handed on once', () => {
    const token = aKnownToken(createReplica())
    const { notes, sums, handed } = notesOf()
    notes.note(admitted(ofAccount, token), noon)
    notes.handAll(noon)
    notes.handAll(noon)
    expect(handed).toHaveLength(2)
    notes.note(admitted(ofAccount, token), noon)
    notes.note(admitted(ofAccount, token), noon)
    notes.handAll(noon)
    expect(sums()).toEqual({ [`0 ${token.id}`]: [3, 0, 0], [`0 ${accountId}`]: [3, 0, 0] })
  })

  test('of who goes on are handed on once in a minute, those of all others at once', () => {
    const replica = createReplica()
    const [steady, other] = [aKnownToken(replica, aToken({ name: 'steady' })), aKnownToken(replica, aToken({ name: 'other' }))]
    const { notes, handed } = notesOf()
    const handedAt = (now: number) => {
      handed.splice(0)
      notes.hand(now)
      return handed.filter(({ subjectId }) => subjectId !== accountId).map(({ subjectId, allowed }) => [subjectId, allowed])
    }
    notes.note(admitted(ofAccount, steady), noon)
    expect(handedAt(noon)).toEqual([[steady.id, 1]])
    for (const at of [5_000, 10_000]) {
      notes.note(admitted(ofAccount, steady), noon + at)
      expect(handedAt(noon + at)).toEqual([])
    }
    notes.note(admitted(ofAccount, other), noon + 15_000)
    expect(handedAt(noon + 15_000)).toEqual([[other.id, 1]])
    expect(handedAt(noon + 60_000)).toEqual([[steady.id, 2]])
    notes.note(admitted(ofAccount, steady), noon + 200_000)
    expect(handedAt(noon + 200_000)).toEqual([[steady.id, 1]])
  })

  test('are those of the hour of each request, also when the clock is set back', () => {
    const token = aKnownToken(createReplica())
    const { notes, sums } = notesOf()
    for (const at of [noon - 1, noon, noon + hourMs - 1, noon + hourMs, noon, noon + 9 * hourMs]) notes.note(admitted(ofAccount, token), at)
    notes.handAll(noon)
    const ofHours = Object.entries({ '-1': 1, 0: 3, 1: 1, 9: 1 }).flatMap(([hour, count]) =>
      [token.id, accountId].map((subject) => [`${hour} ${subject}`, [count, 0, 0]]),
    )
    expect(sums()).toEqual(Object.fromEntries(ofHours))
  })

  test('go on when a token or an application changes', () => {
    const replica = createReplica()
    const { notes, sums } = notesOf()
    const before = aKnownToken(replica)
    notes.note(admitted(ofAccount, before), noon)
    const after = aKnownToken(replica, aToken({ secretVersion: 2 }))
    expect(after).not.toBe(before)
    notes.note(admitted({ ...ofAccount, name: 'renamed' }, after), noon)
    notes.handAll(noon)
    expect(sums()).toEqual({ [`0 ${after.id}`]: [2, 0, 0], [`0 ${accountId}`]: [2, 0, 0] })
  })

  test('are complete however often two tokens that share a place take turns', () => {
    const replica = createReplica()
    const tokens = ['one', 'two'].map((name) => ({ ...aKnownToken(replica, aToken({ name })), place: 5 }))
    const { notes, sums } = notesOf()
    for (let count = 0; count < 25_000; count++) for (const token of tokens) notes.note(admitted(ofAccount, token), noon)
    notes.handAll(noon)
    expect(sums()).toEqual({
      ...Object.fromEntries(tokens.map(({ id }) => [`0 ${id}`, [25_000, 0, 0]])),
      [`0 ${accountId}`]: [50_000, 0, 0],
    })
  })
})
