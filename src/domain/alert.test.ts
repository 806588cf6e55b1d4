import { expect, test } from 'vitest'
import { alertAheadMs, alertMessage, deliveryId, isExpiring, keepTryingMs, pauseAfter } from './alert.ts'
import { endOfTime } from './instant.ts'

const now = Date.parse('2026-01-01T00:00:00.500Z')
const token = {
  ...{ id: '3537a672-e4d8-4d89-aab9-26cb622918a1', name: 'deploy "1"', clientId: 'abc.access', accountId: 'a', zoneId: null },
  expiresAt: now + alertAheadMs,
}

test.each(['8760h', '672h'])('a token of %s is told of from a week before it expires until it does, if it works', (duration) => {
  const at = (moment: number, enabled = true) => isExpiring({ enabled, expiresAt: token.expiresAt, duration }, moment)
  expect([at(now - 1), at(now), at(token.expiresAt - 1), at(token.expiresAt)]).toEqual([false, true, true, false])
  expect(at(now, false)).toBe(false)
})

test.each([
  ['1h', 15],
  ['24h', 6 * 60],
  ['168h', 42 * 60],
])('one of %s is told of in the last quarter of that', (duration, minutes) => {
  const at = (moment: number) => isExpiring({ enabled: true, expiresAt: token.expiresAt, duration }, moment)
  const start = token.expiresAt - minutes * 60_000
  expect([at(now), at(start - 1), at(start), at(token.expiresAt - 1), at(token.expiresAt)]).toEqual([false, false, true, true, false])
})

test('one that lasts for ever never is, not even in the last week of all', () => {
  for (const duration of ['forever', '2562047h']) {
    expect(isExpiring({ enabled: true, expiresAt: endOfTime, duration }, endOfTime - 1000)).toBe(false)
  }
})

test('all that is said of one token and one expiry has the same correlation id, and of another one another', () => {
  const idOf = (more: Partial<typeof token>, policy = 'p') =>
    alertMessage({ id: policy, name: policy }, { ...token, ...more }, now).alert_correlation_id
  expect(idOf({})).toMatch(/^[0-9a-f]{32}$/)
  expect(idOf({ name: 'renamed' }, 'q')).toBe(idOf({}))
  expect(new Set([idOf({}), idOf({ expiresAt: token.expiresAt + 1 }), idOf({ id: 'other' })]).size).toBe(3)
})

test('an alert to a webhook is told apart from that to every other webhook, and of every other token and expiry', () => {
  const one = deliveryId('w', token)
  expect(deliveryId('w', { ...token })).toBe(one)
  const others = [deliveryId('v', token), deliveryId('w', { ...token, id: 'other' }), deliveryId('w', { ...token, expiresAt: 1 })]
  expect(new Set([one, ...others]).size).toBe(4)
})

test('the pause after an attempt in vain is as long as has been waited, within bounds, and ends with three days', () => {
  const waits = [0, 29_999, 30_000, 3_600_000, 13 * 3_600_000, keepTryingMs - 1, keepTryingMs]
  expect(waits.map(pauseAfter)).toEqual([30_000, 30_000, 30_000, 3_600_000, 12 * 3_600_000, 12 * 3_600_000, undefined])
  let [waited, attempts] = [0, 0]
  for (let pause = pauseAfter(waited); pause !== undefined; pause = pauseAfter(waited)) [waited, attempts] = [waited + pause, attempts + 1]
  expect(attempts).toBeLessThan(25)
})
