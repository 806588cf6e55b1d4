import { useSearchParams } from 'react-router'

/** Filters as parts of the URL: a view of a log can be kept and shared. */
export function useFilters<Name extends string>(
  names: readonly Name[],
): readonly [Readonly<Record<Name, string>>, (changes: Partial<Record<Name, string>>) => void] {
  const [parameters, setParameters] = useSearchParams()
  const filters = Object.fromEntries(names.map((name) => [name, parameters.get(name) ?? ''])) as Record<Name, string>
  const change = (changes: Partial<Record<Name, string>>) =>
    setParameters(
      Object.entries<string | undefined>({ ...filters, ...changes }).flatMap(([name, value]) =>
        value ? [[name, value] as [string, string]] : [],
      ),
      { replace: true },
    )
  return [filters, change]
}

export const periods = [
  ...([['', 'Last 7 days'] as const, ['1h', 'Last hour'] as const, ['24h', 'Last day'] as const] as const),
  ...([['30d', 'Last 30 days'] as const, ['365d', 'Last year'] as const] as const),
] as const
export type Period = (typeof periods)[number][0]

const hours: Readonly<Record<string, number>> = { '': 168, '1h': 1, '24h': 24, '30d': 720, '365d': 8760 }

/** When a period began, to the minute, so that asking again asks the same. */
export function beginOf(period: string, now: number): string {
  const begin = now - (hours[period] ?? 168) * 3_600_000
  return new Date(Math.floor(begin / 60_000) * 60_000).toISOString()
}
