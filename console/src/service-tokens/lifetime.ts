// Durations as the API writes them: `forever`, or hours, minutes and seconds such as `8760h` or `1h30m`.

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1_000, ms: 1 }
const dayMs = 86_400_000

/** Milliseconds; `undefined` for what is no duration that this page can read. */
export function lifetimeMs(duration: string): number | undefined {
  if (duration === 'forever') return Number.POSITIVE_INFINITY
  const terms = [...duration.matchAll(/(\d+(?:\.\d+)?)(h|ms|m|s)/g)]
  if (terms.length === 0 || terms.map(([term]) => term).join('') !== duration) return undefined
  return terms.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0)
}

/** "1 year", "90 days", "1h30m". */
export function lifetimeInWords(duration: string): string {
  const length = lifetimeMs(duration)
  if (length === undefined) return duration
  if (length === Number.POSITIVE_INFINITY) return 'for ever'
  if (length % (365 * dayMs) === 0) return counted(length / (365 * dayMs), 'year')
  if (length % dayMs === 0) return counted(length / dayMs, 'day')
  return length % 3_600_000 === 0 ? counted(length / 3_600_000, 'hour') : duration
}

export function counted(count: number, noun: string): string {
  return `${count.toLocaleString('en')} ${noun}${count === 1 ? '' : 's'}`
}

/** When a life that begins now ends; infinite for `forever`. */
export function endOf(duration: string, now: number): number | undefined {
  const length = lifetimeMs(duration)
  return length === undefined ? undefined : now + length
}
