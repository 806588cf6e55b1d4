import { useQuery } from '@tanstack/react-query'
import { createContext, useContext } from 'react'
import { Outlet, useParams } from 'react-router'
import type { Place } from '../../../src/client/place.ts'
import type { PermissionResult } from '../../../src/wire/permission.ts'
import { Failed, Skeleton } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { nameOf } from './permission-words.ts'

/** Where the pages are: an account or a zone, and what the credential may do there. */
interface CurrentPlace {
  readonly place: Place
  readonly name: string
  /** Of a zone, the account that it is a part of. */
  readonly account: Place
  readonly accountName: string
  /** Where its pages begin. */
  readonly home: string
  /** Why the credential may not do something here; nothing where it may. */
  readonly reasonAgainst: (permission: PermissionResult) => string | undefined
}

const Current = createContext<CurrentPlace | undefined>(undefined)

export function usePlace(): CurrentPlace {
  const place = useContext(Current)
  if (place === undefined) throw new Error('this page is in no account or zone')
  return place
}

/** Finds out about the account or zone in the path, for the pages below it. */
export function InPlace() {
  const { kind: plural, placeId: id = '' } = useParams()
  const client = useClient()
  const kind = plural === 'zones' ? 'zone' : 'account'
  const query = useQuery({
    queryKey: ['place', id],
    staleTime: 60_000,
    queryFn: async ({ signal }) => {
      const permissions = await client.directory.permissions({ kind, id }, signal)
      return { permissions, ...(await named({ kind, id }, permissions)) }
    },
  })

  async function named(place: Place, permissions: readonly PermissionResult[]) {
    if (place.kind === 'account') {
      const account = permissions.includes('accounts:read') ? await client.directory.account(place.id) : await listed(place.id)
      const name = account?.name ?? place.id
      return { name, account: place, accountName: name }
    }
    const zone = permissions.includes('zones:read') ? await client.directory.zone(place.id) : undefined
    const account = { kind: 'account', id: zone?.account.id ?? '' } as const
    return { name: zone?.name ?? place.id, account, accountName: zone?.account.name ?? '' }
  }

  /** Who may not read the account itself may still work in it, and is told of it in the list. */
  async function listed(accountId: string) {
    for (let page = 1; ; page++) {
      const { items, pages } = await client.directory.accounts({ page })
      const account = items.find(({ id: one }) => one === accountId)
      if (account !== undefined || page >= pages) return account
    }
  }

  if (query.data === undefined) {
    return <main className="main">{query.error ? <Failed error={query.error} onRetry={() => void query.refetch()} /> : <Skeleton />}</main>
  }
  const { permissions, name, account, accountName } = query.data
  const held = new Set(permissions)
  const reasonAgainst = (permission: PermissionResult) =>
    held.has(permission) ? undefined : `Your credential lacks the permission “${nameOf(permission)}” here.`
  return (
    <Current value={{ place: { kind, id }, name, account, accountName, home: `/${kind}s/${id}`, reasonAgainst }}>
      <Outlet />
    </Current>
  )
}
