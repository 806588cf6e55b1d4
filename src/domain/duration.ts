// Durations in the syntax and with the limits of Go's time package, because every client of the API writes them so.

const nanosecondsIn: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['µs', 1_000n], // U+00B5, micro sign
  ['μs', 1_000n], // U+03BC, Greek mu
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
])

/** Nanoseconds of Go's longest duration, some 292 years. */
export const longestDuration = 2n ** 63n - 1n
const mostDigits = longestDuration.toString().length
const term = /(\d*)(?:\.(\d*))?([^\d.]+)/y

/** Nanoseconds of a Go duration such as `1h30m`, `1.5h` or `300ms`; `undefined` where Go would report an error. */
export function parseDuration(text: string): bigint | undefined {
  const negative = text.startsWith('-')
  const terms = /^[+-]/.test(text) ? text.slice(1) : text
  if (terms === '0') return 0n
  if (terms === '') return undefined
  let total = 0n
  term.lastIndex = 0
  while (term.lastIndex < terms.length) {
    const match = term.exec(terms)
    if (!match) return undefined
    const [, whole = '', fraction = '', unitName = ''] = match
    const unit = nanosecondsIn.get(unitName)
    if (unit === undefined || (whole === '' && fraction === '')) return undefined
    const significant = whole.replace(/^0+/, '')
    // Too much in any unit, so nobody can make us count a million digits.
    if (significant.length > mostDigits) return undefined
    total += BigInt(significant) * unit + fractionOf(fraction, unit)
    // A negative duration reaches one nanosecond further.
    if (total > (negative ? longestDuration + 1n : longestDuration)) return undefined
  }
  return negative ? -total : total
}

/** Go computes the fraction in floating point and ignores the digits that no longer fit into 63 bits; so do we. */
function fractionOf(digits: string, unit: bigint): bigint {
  let value = 0n
  let scale = 1
  for (const digit of digits) {
    const next = value * 10n + BigInt(digit)
    if (next > longestDuration) break
    value = next
    scale *= 10
  }
  return BigInt(Math.trunc(Number(value) * (Number(unit) / scale)))
}

/** Writes nanoseconds as Go does: `1h30m0s`, `1.5s`, `100µs`, `0s`. */
export function formatDuration(nanoseconds: bigint): string {
  const sign = nanoseconds < 0n ? '-' : ''
  const size = nanoseconds < 0n ? -nanoseconds : nanoseconds
  if (size === 0n) return '0s'
  if (size < 1_000n) return `${sign}${size}ns`
  if (size < 1_000_000n) return `${sign}${decimal(size, 3)}µs`
  if (size < 1_000_000_000n) return `${sign}${decimal(size, 6)}ms`
  const minutes = size / 60_000_000_000n
  const seconds = `${decimal(size % 60_000_000_000n, 9)}s`
  if (minutes === 0n) return sign + seconds
  return minutes < 60n ? `${sign}${minutes}m${seconds}` : `${sign}${minutes / 60n}h${minutes % 60n}m${seconds}`
}

function decimal(value: bigint, places: number): string {
  const digits = value.toString().padStart(places + 1, '0')
  return `${digits.slice(0, -places)}.${digits.slice(-places)}`.replace(/\.?0+$/, '')
}

/** How long a token lives: milliseconds (`300ns` counts as 0, and ends as soon as it began), or without end. */
export type Lifetime = number | 'forever'

/** A token's `duration` as a lifetime; `undefined` when it is neither `forever` nor a positive Go duration. */
export function parseLifetime(text: string): Lifetime | undefined {
  if (text === 'forever') return text
  const nanoseconds = parseDuration(text)
  return nanoseconds === undefined || nanoseconds <= 0n ? undefined : Number(nanoseconds / 1_000_000n)
}
