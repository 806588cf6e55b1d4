import { Menu as Base } from '@base-ui/react/menu'
import type { ReactElement, ReactNode } from 'react'

/** Actions behind one button. */
export function Menu({ trigger, children }: { readonly trigger: ReactElement<Record<string, unknown>>; readonly children: ReactNode }) {
  return (
    <Base.Root>
      <Base.Trigger render={trigger} />
      <Base.Portal>
        <Base.Positioner className="float" sideOffset={5} align="end">
          <Base.Popup className="menu">{children}</Base.Popup>
        </Base.Positioner>
      </Base.Portal>
    </Base.Root>
  )
}

interface MenuItemProps {
  readonly icon: ReactNode
  readonly isDangerous?: boolean
  /** Why it cannot be chosen; shown below its name. */
  readonly reason?: string | undefined
  readonly onSelect: () => void
  readonly children: ReactNode
}

export function MenuItem({ icon, isDangerous = false, reason, onSelect, children }: MenuItemProps) {
  return (
    <Base.Item className="menu-item" disabled={reason !== undefined} data-danger={isDangerous || undefined} onClick={onSelect}>
      {icon}
      <span className="menu-item-text">
        {children}
        {reason !== undefined && <span className="small">{reason}</span>}
      </span>
    </Base.Item>
  )
}

export function MenuSeparator() {
  return <Base.Separator className="menu-separator" />
}
