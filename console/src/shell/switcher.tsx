import { Popover } from '@base-ui/react/popover'
import { Building2, ChevronsUpDown, Globe } from 'lucide-react'
import { useState } from 'react'
import { usePlace } from './place.tsx'
import { Places } from './places.tsx'

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
