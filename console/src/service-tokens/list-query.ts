import { useMemo } from 'react'
import { useSearchParams } from 'react-router'
import type { ServiceTokenQuery } from '../../../src/client/service-tokens.ts'

export const perPage = 50

export const statuses = [
  ...([['', 'All'] as const, ['active', 'Active'] as const, ['expiring_7d', 'Expiring in 7 days'] as const] as const),
  ...([['expiring_30d', 'Expiring in 30 days'] as const, ['expired', 'Expired'] as const, ['disabled', 'Disabled'] as const] as const),
  ...([['in_grace', 'In grace'] as const, ['grace_unused', 'Old secret unused'] as const] as const),
  ...([['never_used', 'Never used'] as const, ['unused', 'Unused for 90 days'] as const] as const),
] as const
export type Status = (typeof statuses)[number][0]

export const orders = ['name', 'last_seen_at', 'expires_at', 'created_at', 'updated_at'] as const
export type Order = (typeof orders)[number]

export interface ListQuery {
  readonly search: string
  readonly status: Status
  readonly order: Order
  readonly direction: 'asc' | 'desc'
  readonly page: number
}

/** What the list shows is part of the URL, so that it can be kept, shared and gone back to. */
export function useListQuery(): readonly [ListQuery, (changes: Partial<ListQuery>) => void] {
  const [parameters, setParameters] = useSearchParams()
  const query = useMemo(() => readFrom(parameters), [parameters])
  const change = (changes: Partial<ListQuery>) => {
    // Another list begins at its beginning.
    const next = { ...query, page: 1, ...changes }
    const written = Object.entries({ ...next, page: next.page === 1 ? '' : String(next.page) })
    const byDefault: Readonly<Record<string, string>> = { order: 'created_at', direction: naturalDirection(next.order) }
    setParameters(
      written
        .filter(([name, value]) => value !== '' && value !== byDefault[name])
        .map(([name, value]): [string, string] => [name, String(value)]),
      {
        replace: changes.search !== undefined,
      },
    )
  }
  return [query, change]
}

export function naturalDirection(order: Order): 'asc' | 'desc' {
  return order === 'name' ? 'asc' : 'desc'
}

function readFrom(parameters: URLSearchParams): ListQuery {
  const order = orders.find((one) => one === parameters.get('order')) ?? 'created_at'
  const direction = (['asc', 'desc'] as const).find((one) => one === parameters.get('direction')) ?? naturalDirection(order)
  const status = statuses.find(([one]) => one === parameters.get('status'))?.[0] ?? ''
  const page = Number(parameters.get('page') ?? 1)
  return { search: parameters.get('search') ?? '', status, order, direction, page: Number.isSafeInteger(page) && page > 0 ? page : 1 }
}

/** The same as the API takes it. */
export function asked({ search, status, ...rest }: ListQuery): ServiceTokenQuery {
  return { ...rest, per_page: perPage, ...(search !== '' && { search }), ...(status !== '' && { status }) }
}
