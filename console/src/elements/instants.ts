const steps: readonly (readonly [unit: Intl.RelativeTimeFormatUnit, seconds: number])[] = [
  ...([['year', 31_557_600] as const, ['month', 2_629_800] as const, ['week', 604_800] as const] as const),
  ...([['day', 86_400] as const, ['hour', 3_600] as const, ['minute', 60] as const] as const),
]
const relative = new Intl.RelativeTimeFormat('en', { numeric: 'always' })
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' })
const day = new Intl.DateTimeFormat('en', { dateStyle: 'medium' })

/** "3 hours ago", "in 2 weeks". */
export function inWords(instant: number, now: number): string {
  const seconds = (instant - now) / 1000
  const size = Math.abs(seconds)
  if (size < 45) return seconds > 0 ? 'in a moment' : 'just now'
  const [unit, length] = steps.find(([unit, length]) => size >= length * (unit === 'week' ? 2 : 0.95)) ?? ['minute', 60]
  return relative.format(Math.round(seconds / length), unit)
}

export function exactly(instant: number): string {
  return exact.format(instant)
}

export function dayOf(instant: number): string {
  return day.format(instant)
}

/** From the year 9999 on, a life has no end. */
export function isForever(instant: number): boolean {
  return instant >= Date.UTC(9999, 0, 1)
}
