/** A point in time: whole milliseconds since 1970-01-01T00:00:00Z. */
export type Instant = number

/** The last second that the wire format can show; `forever` ends here. */
export const endOfTime: Instant = Date.UTC(9999, 11, 31, 23, 59, 59)

/** RFC 3339 in UTC with whole seconds and `Z`, as every timestamp on the wire; fractions are cut, not rounded. */
export function formatInstant(instant: Instant): string {
  return `${new Date(instant).toISOString().slice(0, 19)}Z`
}

const beginningOfYearZero: Instant = Date.parse('0000-01-01T00:00:00Z')
const rfc3339 = /^(\d{4})-(\d\d)-(\d\d)[Tt ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:[Zz]|([+-])(\d\d):(\d\d))$/

/** Reads an RFC 3339 date-time (section 5.6, no leap seconds); `undefined` for anything else or outside the years 0 to 9999 of UTC. */
export function parseInstant(text: string): Instant | undefined {
  const match = rfc3339.exec(text)
  if (!match) return undefined
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map(Number) as [number, number, number, number, number, number]
  if (hour > 23 || minute > 59 || second > 59) return undefined
  const milliseconds = Math.floor(Number(`0.${match[7] ?? '0'}`) * 1000)
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  // A day that the month does not have would silently roll over into the next one.
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return undefined
  const offset = offsetMinutes(match[8], match[9], match[10])
  if (offset === undefined) return undefined
  const instant = date.setUTCHours(hour, minute, second, milliseconds) - offset * 60_000
  return instant >= beginningOfYearZero && instant <= endOfTime + 999 ? instant : undefined
}

function offsetMinutes(sign: string | undefined, hours = '0', minutes = '0'): number | undefined {
  if (Number(hours) > 23 || Number(minutes) > 59) return undefined
  const offset = Number(hours) * 60 + Number(minutes)
  return sign === '-' ? -offset : offset
}
