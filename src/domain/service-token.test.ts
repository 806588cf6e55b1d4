import { describe, expect, test } from 'vitest'
import { presented } from '../../test/presented.ts'
import { endOfTime } from './instant.ts'
import { digestOf as digest } from './secret.ts'
import { type Changes, issue, type NewServiceToken, objectionTo, refresh, rotate, type ServiceToken, update } from './service-token.ts'

const at = (time: string) => Date.parse(`2026-01-01T${time}Z`)
const noon = at('12:00')
const hour = 3_600_000

/** Issued at noon for an hour, with the secret `old`. */
function aToken(traits: Partial<NewServiceToken> = {}): ServiceToken {
  const ids = { id: '1', accountId: 'account', zoneId: null, clientId: '1.access' }
  return issue({ ...ids, digest: digest('old'), name: 'CI', duration: '1h', enabled: true, secretVersion: 1, ...traits }, noon)
}

/** `aToken`, rotated at 12:10 with a grace until 12:30. */
const rotated = rotate(aToken(), digest('new'), at('12:10'), at('12:30'))
const updated = (token: ServiceToken, changes: Changes, now: string) => update(token, changes, digest('newest'), at(now))
const current = { ok: true, via: 'current' }
const previous = { ok: true, via: 'previous' }
const refusedFor = (reason: string) => ({ ok: false, reason })

describe('a new token', () => {
  test('opens with its secret at once, and until it expires, and not a moment longer', () => {
    expect(presented(aToken(), digest('old'), noon)).toEqual(current)
    expect(presented(aToken(), digest('old'), at('12:59:59.999'))).toEqual(current)
    expect(presented(aToken(), digest('old'), at('13:00'))).toEqual(refusedFor('expired'))
  })

  test('has no previous secret, and dates of now', () => {
    expect(aToken({ secretVersion: 2 })).toMatchObject({ previous: null, secretVersion: 2, createdAt: noon, updatedAt: noon, revision: 0 })
  })

  test('that lives forever expires at the end of the year 9999', () => {
    const token = aToken({ duration: 'forever' })
    expect(token.expiresAt).toBe(Date.parse('9999-12-31T23:59:59Z'))
    expect(presented(token, digest('old'), endOfTime - 1)).toEqual(current)
  })

  test('of the shortest and of the longest duration stays within the calendar', () => {
    expect(aToken({ duration: '1ns' }).expiresAt).toBe(noon)
    expect(aToken({ duration: '2562047h47m16.854775807s' }).expiresAt).toBe(noon + 9_223_372_036_854)
    const late = issue({ ...aToken(), duration: '2562047h47m16.854775807s' }, endOfTime - hour)
    expect(late.expiresAt).toBe(endOfTime)
  })
})

describe('what is refused, and why', () => {
  test('a secret that was never the token’s', () => {
    expect(presented(rotated, digest('guess'), at('12:10'))).toEqual(refusedFor('wrong_secret'))
    expect(presented(rotated, new Uint8Array(32), at('12:10'))).toEqual(refusedFor('wrong_secret'))
  })

  test('a client id that is unknown, even with the digest that stands in for it', () => {
    expect(presented(undefined, digest('old'), noon)).toEqual(refusedFor('unknown_client_id'))
    expect(presented(undefined, new Uint8Array(32), noon)).toEqual(refusedFor('unknown_client_id'))
  })

  test('a token without a previous secret never opens by one', () => {
    expect(presented(aToken(), new Uint8Array(32), noon).ok).toBe(false)
  })

  test('a disabled token refuses the current and the previous secret, and opens with both again once it is enabled', () => {
    const disabled = updated(rotated, { enabled: false }, '12:15')
    expect(presented(disabled, digest('new'), at('12:15'))).toEqual(refusedFor('disabled'))
    expect(presented(disabled, digest('old'), at('12:15'))).toEqual(refusedFor('disabled'))
    const enabled = updated(disabled, { enabled: true }, '12:20')
    expect(presented(enabled, digest('new'), at('12:20'))).toEqual(current)
    expect(presented(enabled, digest('old'), at('12:20'))).toEqual(previous)
  })

  test('who does not know the secret does not learn that the token is disabled or expired', () => {
    const disabled = updated(rotated, { enabled: false }, '12:15')
    expect(presented(disabled, digest('guess'), at('12:15'))).toEqual(refusedFor('wrong_secret'))
    expect(presented(rotated, digest('guess'), at('14:00'))).toEqual(refusedFor('wrong_secret'))
  })
})

describe('rotation', () => {
  test('the old secret works until the grace period ends, and not a moment longer', () => {
    expect(presented(rotated, digest('old'), at('12:29:59.999'))).toEqual(previous)
    expect(presented(rotated, digest('old'), at('12:30'))).toEqual(refusedFor('previous_secret_ended'))
    expect(presented(rotated, digest('new'), at('12:30'))).toEqual(current)
  })

  test('without a grace period, or with one that is over, the old secret stops at once', () => {
    for (const grace of [undefined, at('12:10'), at('12:09')]) {
      const token = rotate(aToken(), digest('new'), at('12:10'), grace)
      expect(presented(token, digest('old'), at('12:10'))).toEqual(refusedFor('wrong_secret'))
      expect(presented(token, digest('new'), at('12:10'))).toEqual(current)
      expect(token.previous?.until).toBe(grace ?? at('12:10'))
    }
  })

  test('a secret that was ended at once stays ended for a clock that is behind', () => {
    const token = rotate(aToken(), digest('new'), at('12:10'))
    expect(presented(token, digest('old'), at('12:09'))).toEqual(refusedFor('wrong_secret'))
    const ended = updated(rotated, { previousUntil: at('12:00') }, '12:15')
    expect(presented(ended, digest('old'), at('11:59'))).toEqual(refusedFor('wrong_secret'))
  })

  test('keeps the client id and the expiry, and adds one to the version', () => {
    const { clientId, expiresAt, secretVersion, updatedAt } = rotated
    expect({ clientId, expiresAt, secretVersion }).toEqual({ clientId: '1.access', expiresAt: at('13:00'), secretVersion: 2 })
    expect(updatedAt).toBe(at('12:10'))
  })

  test('there is one previous secret: a second rotation ends the first, whatever its grace period was', () => {
    const twice = rotate(rotated, digest('newest'), at('12:11'), at('12:40'))
    expect(presented(twice, digest('old'), at('12:11'))).toEqual(refusedFor('wrong_secret'))
    expect(presented(twice, digest('new'), at('12:11'))).toEqual(previous)
    expect(presented(twice, digest('newest'), at('12:11'))).toEqual(current)
  })

  test('a grace period does not outlive the token', () => {
    const token = rotate(aToken(), digest('new'), at('12:10'), at('15:00'))
    expect(presented(token, digest('old'), at('12:59:59.999'))).toEqual(previous)
    expect(presented(token, digest('old'), at('13:00'))).toEqual(refusedFor('expired'))
  })
})

describe('refresh', () => {
  test('starts the lifetime again from now, for an expired token too', () => {
    expect(refresh(aToken(), at('12:30'))).toMatchObject({ expiresAt: at('13:30'), updatedAt: at('12:30') })
    expect(presented(refresh(aToken(), at('20:00')), digest('old'), at('20:59:59.999'))).toEqual(current)
  })

  test('changes nothing else: not the secrets, the version or the grace period', () => {
    expect(refresh(rotated, at('12:20'))).toEqual({ ...rotated, expiresAt: at('13:20'), updatedAt: at('12:20') })
  })

  test('a token that lives forever goes on doing so', () => {
    expect(refresh(aToken({ duration: 'forever' }), at('12:30')).expiresAt).toBe(endOfTime)
  })
})

describe('an update', () => {
  test('leaves alone what it does not mention', () => {
    expect(updated(rotated, { name: 'CD' }, '12:15')).toEqual({ ...rotated, name: 'CD', updatedAt: at('12:15') })
    expect(updated(rotated, { enabled: false }, '12:15')).toEqual({ ...rotated, enabled: false, updatedAt: at('12:15') })
  })

  test.each<Changes>([
    {},
    { name: undefined, duration: undefined, enabled: undefined, secretVersion: undefined, previousUntil: undefined },
    { name: 'CI', duration: '1h', enabled: true, secretVersion: 2, previousUntil: at('12:30') },
  ])('that changes nothing answers with the same object, so nothing is stored: %j', (changes) => {
    expect(updated(rotated, changes, '12:15')).toBe(rotated)
  })

  test('of the duration restarts the lifetime', () => {
    expect(updated(rotated, { duration: '2h' }, '12:15')).toEqual({
      ...rotated,
      duration: '2h',
      expiresAt: at('14:15'),
      updatedAt: at('12:15'),
    })
    expect(updated(rotated, { duration: '30m' }, '12:15').expiresAt).toBe(at('12:45'))
    expect(updated(rotated, { duration: 'forever' }, '12:15').expiresAt).toBe(endOfTime)
    expect(updated(aToken({ duration: 'forever' }), { duration: '1h' }, '12:15').expiresAt).toBe(at('13:15'))
  })

  test('to the same duration in another spelling keeps the expiry, and the new spelling', () => {
    expect(updated(rotated, { duration: '60m' }, '12:15')).toEqual({ ...rotated, duration: '60m', updatedAt: at('12:15') })
  })

  test('to a higher version rotates the secret and sets that version, however far it jumps', () => {
    for (const secretVersion of [3, 4, 1000]) {
      const token = updated(rotated, { secretVersion }, '12:15')
      expect(token.secretVersion).toBe(secretVersion)
      expect(presented(token, digest('newest'), at('12:15'))).toEqual(current)
      for (const dead of ['new', 'old']) expect(presented(token, digest(dead), at('12:15'))).toEqual(refusedFor('wrong_secret'))
    }
  })

  test('to a higher version takes its end of the previous secret for the one that it replaces', () => {
    const token = updated(rotated, { secretVersion: 3, previousUntil: at('12:40') }, '12:15')
    expect(presented(token, digest('new'), at('12:39:59.999'))).toEqual(previous)
    expect(presented(token, digest('new'), at('12:40'))).toEqual(refusedFor('previous_secret_ended'))
    expect(presented(token, digest('old'), at('12:15'))).toEqual(refusedFor('wrong_secret'))
  })

  test('to the present version rotates nothing', () => expect(updated(rotated, { secretVersion: 2 }, '12:15')).toBe(rotated))

  test('to a lower version is refused', () => {
    expect(objectionTo(rotated, { secretVersion: 1 }, at('12:15'))).toMatchObject({ field: 'client_secret_version' })
    expect(objectionTo(rotated, { secretVersion: 2 }, at('12:15'))).toBeUndefined()
    expect(objectionTo(rotated, { secretVersion: 3 }, at('12:15'))).toBeUndefined()
  })

  test('knows which version the previous secret had, however far the number jumped', () => {
    const jumped = updated(rotated, { secretVersion: 9, previousUntil: at('12:40') }, '12:15')
    expect(jumped.previous?.version).toBe(2)
    expect(updated(jumped, { previousUntil: at('12:35') }, '12:16').previous?.version).toBe(2)
    expect(rotate(jumped, digest('newer still'), at('12:17')).previous?.version).toBe(9)
  })

  test('can do everything at once', () => {
    const changes = { name: 'CD', duration: '2h', enabled: false, secretVersion: 9, previousUntil: at('12:40') }
    const expected = { name: 'CD', duration: '2h', enabled: false, secretVersion: 9, digest: digest('newest'), expiresAt: at('14:15') }
    const before = { previous: { digest: digest('new'), until: at('12:40'), version: 2 }, updatedAt: at('12:15') }
    expect(updated(rotated, changes, '12:15')).toEqual({ ...rotated, ...expected, ...before })
  })
})

describe('the end of the grace period', () => {
  const endsAt = (token: ServiceToken) => token.previous?.until

  test('can be put off and brought forward while it runs', () => {
    expect(endsAt(updated(rotated, { previousUntil: at('12:50') }, '12:29:59.999'))).toBe(at('12:50'))
    expect(endsAt(updated(rotated, { previousUntil: at('12:20') }, '12:15'))).toBe(at('12:20'))
  })

  test('set in the past ends the previous secret at once, and the current one goes on; it is shown as it was set', () => {
    const token = updated(rotated, { previousUntil: at('12:00') }, '12:15')
    expect(endsAt(token)).toBe(at('12:00'))
    expect(presented(token, digest('old'), at('12:15'))).toEqual(refusedFor('wrong_secret'))
    expect(presented(token, digest('new'), at('12:15'))).toEqual(current)
  })

  test('cannot be put off once it has come: the previous secret is never revived', () => {
    const changes = { previousUntil: at('12:50') }
    expect(objectionTo(rotated, changes, at('12:29:59.999'))).toBeUndefined()
    expect(objectionTo(rotated, changes, at('12:30'))).toMatchObject({ field: 'previous_client_secret_expires_at' })
    expect(objectionTo(updated(rotated, { previousUntil: at('12:00') }, '12:15'), changes, at('12:16'))).toBeDefined()
  })

  test('may be moved about in the past, which revives nothing', () => {
    expect(objectionTo(rotated, { previousUntil: at('12:20') }, at('12:45'))).toBeUndefined()
    const token = updated(rotated, { previousUntil: at('12:20') }, '12:45')
    expect(endsAt(token)).toBe(at('12:20'))
    expect(presented(token, digest('old'), at('12:19'))).toEqual(refusedFor('wrong_secret'))
  })

  test('sent back as it was shown, without its milliseconds, stays as it is', () => {
    const token = rotate(aToken(), digest('new'), at('12:10'), at('12:30:00.750'))
    expect(updated(token, { previousUntil: at('12:30:00') }, '12:15')).toBe(token)
    expect(objectionTo(token, { previousUntil: at('12:30:00') }, at('12:45'))).toBeUndefined()
  })

  test('means nothing to a token that was never rotated', () => {
    const token = aToken()
    expect(objectionTo(token, { previousUntil: at('12:50') }, at('12:15'))).toBeUndefined()
    expect(updated(token, { previousUntil: at('12:50') }, '12:15')).toBe(token)
  })
})
