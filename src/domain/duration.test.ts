import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import asked from '../../test/go-durations/results.json' with { type: 'json' }
import { formatDuration, longestDuration, parseDuration, parseLifetime } from './duration.ts'

const int64 = fc.oneof(
  fc.bigInt({ min: -longestDuration - 1n, max: longestDuration }),
  fc.constantFrom(-longestDuration - 1n, longestDuration, 0n, 1n, -1n),
  fc.nat().map(BigInt),
)

describe('Go wrote the answers (test/go-durations/main.go)', () => {
  const rows = asked.rows.map(({ input, nanoseconds, text }) => ({ name: JSON.stringify(input).slice(0, 60), input, nanoseconds, text }))

  test('there are hundreds of them, right and wrong', () => {
    expect(rows.filter(({ nanoseconds }) => nanoseconds !== null).length).toBeGreaterThan(300)
    expect(rows.filter(({ nanoseconds }) => nanoseconds === null).length).toBeGreaterThan(90)
  })

  test.each(rows)('$name means $nanoseconds ns and is written $text', ({ input, nanoseconds, text }) => {
    const duration = parseDuration(input)
    expect(duration === undefined ? null : duration.toString()).toBe(nanoseconds)
    expect(duration === undefined ? null : formatDuration(duration)).toBe(text)
  })
})

test('a sum over the limit is refused, where Go adds past 64 bits and starts again from zero', () => {
  // Go 1.19 to this day: time.ParseDuration("9223372036854775808ns9223372036854775808ns1h") is 1h0m0s, nil.
  expect(parseDuration('9223372036854775808ns9223372036854775808ns1h')).toBeUndefined()
  expect(parseDuration('-9223372036854775808ns9223372036854775808ns')).toBeUndefined()
})

test('every duration that Go can hold is read back as it was written', () => {
  fc.assert(
    fc.property(int64, (duration) => {
      expect(parseDuration(formatDuration(duration))).toBe(duration)
    }),
    { numRuns: 2000 },
  )
})

test('terms add up, in any order and any number of them', () => {
  const terms = fc.array(fc.tuple(fc.nat({ max: 1000 }), fc.constantFrom('h', 'm', 's', 'ms', 'us', 'ns')), { minLength: 1, maxLength: 20 })
  fc.assert(
    fc.property(terms, (parts) => {
      const texts = parts.map(([size, unit]) => `${size}${unit}`)
      const sum = texts.map((text) => parseDuration(text) ?? 0n).reduce((one, other) => one + other, 0n)
      expect(parseDuration(texts.join(''))).toBe(sum)
      expect(parseDuration(`-${texts.join('')}`)).toBe(-sum)
    }),
  )
})

test('no text makes it throw, and what it accepts is within the limits', () => {
  const nearly = fc.string({ unit: fc.constantFrom('0', '1', '9', '.', '-', '+', 'h', 'm', 's', 'n', 'u', 'µ', 'μ', ' ', 'e', '\0') })
  const properties = fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype)).map((name) => `1${name}`)
  fc.assert(
    fc.property(fc.oneof(nearly, properties, fc.string({ unit: 'binary' })), (text) => {
      const duration = parseDuration(text)
      if (duration === undefined) return
      expect(duration).toBeLessThanOrEqual(longestDuration)
      expect(duration).toBeGreaterThanOrEqual(-longestDuration - 1n)
    }),
    { numRuns: 5000 },
  )
})

test('a text of a million characters is answered at once', () => {
  const million = 1_000_000
  const hostile = [
    '9'.repeat(million),
    `${'9'.repeat(million)}s`,
    `0.${'0'.repeat(million)}1h`,
    `0.${'9'.repeat(million)}h`,
    '1.'.repeat(million),
  ]
  const long = ['1h'.repeat(million), '1ns'.repeat(million), `${'0'.repeat(million)}s`, 'h'.repeat(million), '-'.repeat(million)]
  const startedAt = performance.now()
  for (const text of [...hostile, ...long]) parseDuration(text)
  // Ten of them. It takes half a second on a slow machine; anything quadratic would take minutes.
  expect(performance.now() - startedAt).toBeLessThan(10_000)
})

describe('a lifetime', () => {
  test.each([
    ['forever', 'forever'],
    ['8760h', 31_536_000_000],
    ['1h30m', 5_400_000],
    ['1.5s', 1_500],
    ['1ms', 1],
    ['1999us', 1],
    ['300ns', 0],
    ['2562047h47m16.854775807s', 9_223_372_036_854],
  ])('%j is %j milliseconds', (text, lifetime) => expect(parseLifetime(text)).toBe(lifetime))

  test.each(['', '0', '0s', '-0s', '-1h', '-1ns', '0.1ns', 'Forever', 'FOREVER', ' forever', '1d', '3000', '2562047h47m16.854775808s'])(
    '%j is none',
    (text) => expect(parseLifetime(text)).toBeUndefined(),
  )
})
