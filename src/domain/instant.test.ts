import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { endOfTime, formatInstant, parseInstant } from './instant.ts'

const instant = fc.integer({ min: Date.parse('0000-01-01T00:00:00Z'), max: endOfTime + 999 })

test('an instant is shown in UTC with whole seconds, and a fraction never moves it into the next one', () => {
  expect(formatInstant(0)).toBe('1970-01-01T00:00:00Z')
  expect(formatInstant(Date.parse('2026-09-25T22:26:26.999Z'))).toBe('2026-09-25T22:26:26Z')
  expect(formatInstant(Date.parse('1969-12-31T23:59:59.999Z'))).toBe('1969-12-31T23:59:59Z')
  expect(formatInstant(endOfTime)).toBe('9999-12-31T23:59:59Z')
})

test('whatever can be shown is read back to the second', () => {
  fc.assert(
    fc.property(instant, (moment) => {
      expect(parseInstant(formatInstant(moment))).toBe(Math.floor(moment / 1000) * 1000)
    }),
  )
})

test('every millisecond is read exactly', () => {
  fc.assert(
    fc.property(instant, (moment) => {
      expect(parseInstant(new Date(moment).toISOString())).toBe(moment)
    }),
  )
})

describe('RFC 3339', () => {
  test.each([
    ['2030-01-31T12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31t12:00:00z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31 12:00:00Z', '2030-01-31T12:00:00.000Z'],
    ['2030-01-31T12:00:00.5Z', '2030-01-31T12:00:00.500Z'],
    ['2030-01-31T12:00:00.123456789Z', '2030-01-31T12:00:00.123Z'],
    ['2030-01-31T12:00:00.999999999Z', '2030-01-31T12:00:00.999Z'],
    ['2030-01-31T12:00:00+02:00', '2030-01-31T10:00:00.000Z'],
    ['2030-01-31T12:00:00-05:30', '2030-01-31T17:30:00.000Z'],
    ['2030-01-31T12:00:00-00:00', '2030-01-31T12:00:00.000Z'],
    ['2029-12-31T23:30:00-01:00', '2030-01-01T00:30:00.000Z'],
    ['2028-02-29T00:00:00Z', '2028-02-29T00:00:00.000Z'],
    ['2000-02-29T00:00:00Z', '2000-02-29T00:00:00.000Z'],
    ['0001-01-01T00:00:00Z', '0001-01-01T00:00:00.000Z'],
    ['0000-01-01T00:00:00Z', '0000-01-01T00:00:00.000Z'],
    ['9999-12-31T23:59:59.999Z', '9999-12-31T23:59:59.999Z'],
    ['9999-12-31T23:59:59+00:01', '9999-12-31T23:58:59.000Z'],
  ])('%s is %s', (text, utc) => expect(new Date(parseInstant(text) ?? Number.NaN).toISOString()).toBe(utc))

  test.each([
    ['nothing', ''],
    ['a date without a time', '2030-01-31'],
    ['a time without an offset', '2030-01-31T12:00:00'],
    ['a time without seconds', '2030-01-31T12:00Z'],
    ['a leap second', '2016-12-31T23:59:60Z'],
    ['24 o’clock', '2030-01-31T24:00:00Z'],
    ['minute 60', '2030-01-31T12:60:00Z'],
    ['February 29 of a year without one', '2030-02-29T00:00:00Z'],
    ['February 29 of 2100', '2100-02-29T00:00:00Z'],
    ['April 31', '2030-04-31T00:00:00Z'],
    ['day 0', '2030-01-00T00:00:00Z'],
    ['month 0', '2030-00-01T00:00:00Z'],
    ['month 13', '2030-13-01T00:00:00Z'],
    ['an offset of 24 hours', '2030-01-31T12:00:00+24:00'],
    ['an offset of 60 minutes', '2030-01-31T12:00:00+00:60'],
    ['an offset without a colon', '2030-01-31T12:00:00+0200'],
    ['an empty fraction', '2030-01-31T12:00:00.Z'],
    ['more than nanoseconds', '2030-01-31T12:00:00.1234567890Z'],
    ['a comma', '2030-01-31T12:00:00,5Z'],
    ['a year of five digits', '10000-01-01T00:00:00Z'],
    ['what an offset moves beyond the year 9999', '9999-12-31T23:59:59-00:01'],
    ['what an offset moves before the year 0', '0000-01-01T00:00:00+00:01'],
    ['a sign before the year', '+2030-01-31T12:00:00Z'],
    ['space around it', ' 2030-01-31T12:00:00Z'],
    ['a line after it', '2030-01-31T12:00:00Z\n'],
    ['other digits', '２０３０-01-31T12:00:00Z'],
    ['Unix time', '1900000000'],
    ['e-mail style', 'Thu, 31 Jan 2030 12:00:00 GMT'],
  ])('%s is refused', (_what, text) => expect(parseInstant(text)).toBeUndefined())
})

test('no text makes it throw, and what it accepts can be shown', () => {
  const nearly = fc.stringMatching(/^\d{4}-[01]\d-[0-3]\d[T ][0-2]\d:[0-6]\d:[0-6]\d(\.\d{1,10})?(Z|[+-][0-2]\d:[0-6]\d)$/)
  fc.assert(
    fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' })), (text) => {
      const moment = parseInstant(text)
      if (moment !== undefined) expect(formatInstant(moment)).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
    }),
    { numRuns: 2000 },
  )
})
