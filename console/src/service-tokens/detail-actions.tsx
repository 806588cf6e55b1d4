import { Ban, Ellipsis, Hourglass, Pencil, Power, RefreshCw, RotateCw, Trash2 } from 'lucide-react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button } from '../elements/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '../elements/menu.tsx'
import { usePlace } from '../shell/place.tsx'
import type { BulkAction } from './bulk-actions.ts'

export type DetailAction = BulkAction | 'rotate' | 'rename' | 'duration'

interface DetailActionsProps {
  readonly token: ServiceTokenResult
  readonly onAct: (action: DetailAction) => void
}

export function DetailActions({ token, onAct }: DetailActionsProps) {
  const { reasonAgainst } = usePlace()
  const reason = reasonAgainst('service_tokens:write')
  const size = 16
  return (
    <>
      <Button kind="primary" icon={<RotateCw size={size} aria-hidden />} reason={reason} onClick={() => onAct('rotate')}>
        Rotate
      </Button>
      {token.enabled ? (
        <Button icon={<Ban size={size} aria-hidden />} reason={reason} onClick={() => onAct('disable')}>
          Disable
        </Button>
      ) : (
        <Button icon={<Power size={size} aria-hidden />} reason={reason} onClick={() => onAct('enable')}>
          Enable
        </Button>
      )}
      <Menu trigger={<Button icon={<Ellipsis size={size} aria-hidden />} aria-label="More actions" />}>
        <MenuItem icon={<Pencil size={size} aria-hidden />} reason={reason} onSelect={() => onAct('rename')}>
          Rename
        </MenuItem>
        <MenuItem icon={<RefreshCw size={size} aria-hidden />} reason={reason} onSelect={() => onAct('refresh')}>
          Refresh
        </MenuItem>
        <MenuItem icon={<Hourglass size={size} aria-hidden />} reason={reason} onSelect={() => onAct('duration')}>
          Change lifetime
        </MenuItem>
        <MenuSeparator />
        <MenuItem icon={<Trash2 size={size} aria-hidden />} isDangerous reason={reason} onSelect={() => onAct('delete')}>
          Delete
        </MenuItem>
      </Menu>
    </>
  )
}
