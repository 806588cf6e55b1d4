import { Popover } from '@base-ui/react/popover'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { Building2, Check, ChevronsUpDown, Globe } from 'lucide-react'
import { useState } from 'react'
import { Link } from 'react-router'
import type { Place } from '../../../src/client/place.ts'
import { Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from './place.tsx'

/** From one account or zone to another. */
export function Switcher({ onSwitch }: { readonly onSwitch: () => void }) {
  const { name, place, accountName } = usePlace()
  const [isOpen, setOpen] = useState(false)
  return (
    <Popover.Root open={isOpen} onOpenChange={setOpen}>
      <Popover.Trigger className="switcher">
        {place.kind === 'account' ? <Building2 size={17} aria-hidden /> : <Globe size={17} aria-hidden />}
        <span className="switcher-text">
          <span className="unseen">Switch from </span>
          <span className="switcher-name">{name}</span>
          <span className="switcher-kind">{place.kind === 'account' ? 'Account' : `Zone of ${accountName}`}</span>
        </span>
        <ChevronsUpDown size={15} aria-hidden />
      </Popover.Trigger>
      <Popover.Portal>
        <Popover.Positioner className="float" sideOffset={5} align="start">
          <Popover.Popup className="popover" aria-label="Accounts and zones">
            <Places
              onSwitch={() => {
                setOpen(false)
                onSwitch()
              }}
            />
          </Popover.Popup>
        </Popover.Positioner>
      </Popover.Portal>
    </Popover.Root>
  )
}

/** The first fifty of each, and those that are searched for. */
function Places({ onSwitch }: { readonly onSwitch: () => void }) {
  const client = useClient()
  const { place } = usePlace()
  const [sought, setSought] = useState('')
  const query = useQuery({
    queryKey: ['places', sought],
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const [accounts, zones] = await Promise.all([client.directory.accounts(sought, signal), client.directory.zones(signal)])
      return { accounts, zones: zones.filter((zone) => zone.name.includes(sought.toLowerCase())) }
    },
  })
  const item = (to: Place, name: string, note?: string) => (
    <Link key={to.id} to={`/${to.kind}s/${to.id}`} className="menu-item" onClick={onSwitch} aria-current={to.id === place.id || undefined}>
      {to.kind === 'account' ? <Building2 size={16} aria-hidden /> : <Globe size={16} aria-hidden />}
      <span className="menu-item-text">
        {name}
        {note !== undefined && <span className="small soft">{note}</span>}
      </span>
      {to.id === place.id && <Check size={16} aria-hidden />}
    </Link>
  )
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
      <Loaded query={query} lines={2}>
        {({ accounts, zones }) => (
          <>
            {accounts.length > 0 && <div className="nav-heading">Accounts</div>}
            {accounts.map(({ id, name }) => item({ kind: 'account', id }, name))}
            {zones.length > 0 && <div className="nav-heading">Zones</div>}
            {zones.map(({ id, name, account }) => item({ kind: 'zone', id }, name, account.name))}
            {accounts.length + zones.length === 0 && <p className="soft small popover-text">Nothing has this name.</p>}
          </>
        )}
      </Loaded>
    </>
  )
}
