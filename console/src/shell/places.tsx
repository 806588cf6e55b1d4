import { keepPreviousData, useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Building2, Check, Globe } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import type { Page, Place } from '../../../src/client/place.ts'
import type { ZoneResult } from '../../../src/wire/zone.ts'
import { Button } from '../elements/button.tsx'
import { Failed, Skeleton } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from './place.tsx'

/** All accounts and zones that the credential reaches, some at a time, to go there. */
export function Places({ onSwitch }: { readonly onSwitch: () => void }) {
  const [sought, setSought] = useState('')
  const { accounts, zones, named } = useDirectory(sought.trim())
  const error = accounts.error ?? zones.error
  const foundAccounts = accounts.data?.pages.flatMap(({ items }) => items)
  const foundZones = zones.data && zonesLike(sought.trim(), [...(named.data ?? []), ...zones.data.pages.flatMap(({ items }) => items)])
  return (
    <>
      <input
        className="input"
        type="search"
        placeholder="Find by name"
        aria-label="Find an account or zone by name"
        value={sought}
        onChange={(event) => setSought(event.target.value)}
      />
      {foundAccounts && foundZones ? (
        <>
          {foundAccounts.length > 0 && <div className="nav-heading">Accounts</div>}
          {foundAccounts.map(({ id, name }) => (
            <PlaceLink key={id} to={{ kind: 'account', id }} {...{ name, onSwitch }} />
          ))}
          <More query={accounts} what="accounts" />
          {foundZones.length > 0 && <div className="nav-heading">Zones</div>}
          {foundZones.map(({ id, name, account }) => (
            <PlaceLink key={id} to={{ kind: 'zone', id }} note={account.name} {...{ name, onSwitch }} />
          ))}
          {foundAccounts.length + foundZones.length === 0 && <p className="soft small popover-text">Nothing has this name.</p>}
          {sought !== '' && zones.hasNextPage && (
            <p className="soft small popover-text">There are more zones. Enter the whole name of one, or look at more.</p>
          )}
          <More query={zones} what="zones" />
        </>
      ) : error ? (
        <Failed error={error} onRetry={() => void Promise.all([accounts.refetch(), zones.refetch()])} />
      ) : (
        <Skeleton lines={2} />
      )}
    </>
  )
}

/** Accounts are found by a part of their name. Zones are found by their whole name, or by a part among those that were loaded. */
function useDirectory(sought: string) {
  const { directory } = useClient()
  const following = ({ pages }: Page<unknown>, _all: unknown, page: number) => (page < pages ? page + 1 : undefined)
  const accounts = useInfiniteQuery({
    queryKey: ['places', 'accounts', sought],
    placeholderData: keepPreviousData,
    initialPageParam: 1,
    queryFn: ({ pageParam: page, signal }) => directory.accounts({ name: sought, page }, signal),
    getNextPageParam: following,
  })
  const zones = useInfiniteQuery({
    queryKey: ['places', 'zones'],
    initialPageParam: 1,
    queryFn: ({ pageParam: page, signal }) => directory.zones({ page }, signal),
    getNextPageParam: following,
  })
  const named = useQuery({
    queryKey: ['places', 'zone', sought],
    enabled: /^[^\s:]+$/.test(sought) && zones.hasNextPage,
    queryFn: async ({ signal }) => (await directory.zones({ name: sought.toLowerCase() }, signal)).items,
  })
  return { accounts, zones, named }
}

/** Each once, though it may have been found in two ways. */
function zonesLike(sought: string, zones: readonly ZoneResult[]): readonly ZoneResult[] {
  const found = zones.filter(({ name }) => name.includes(sought.toLowerCase()))
  return [...new Map(found.map((zone) => [zone.id, zone])).values()]
}

interface MoreProps {
  readonly query: { readonly hasNextPage: boolean; readonly isFetchingNextPage: boolean; readonly fetchNextPage: () => unknown }
  readonly what: string
}

function More({ query, what }: MoreProps) {
  if (!query.hasNextPage) return null
  return (
    <Button small kind="plain" isBusy={query.isFetchingNextPage} onClick={() => void query.fetchNextPage()}>
      More {what}
    </Button>
  )
}

interface PlaceLinkProps {
  readonly to: Place
  readonly name: string
  readonly note?: string
  readonly onSwitch: () => void
}

function PlaceLink({ to, name, note, onSwitch }: PlaceLinkProps) {
  const { place } = usePlace()
  const isHere = to.id === place.id
  return (
    <Link to={`/${to.kind}s/${to.id}`} className="menu-item" onClick={onSwitch} aria-current={isHere || undefined}>
      {to.kind === 'account' ? <Building2 size={16} aria-hidden /> : <Globe size={16} aria-hidden />}
      <span className="menu-item-text">
        {name}
        {note !== undefined && <span className="small soft">{note}</span>}
      </span>
      {isHere && <Check size={16} aria-hidden />}
    </Link>
  )
}
