import { Ban, Power, RefreshCw, Trash2, X } from 'lucide-react'
import { Button } from '../elements/button.tsx'
import { usePlace } from '../shell/place.tsx'
import type { BulkAction } from './bulk-actions.ts'
import { counted } from './lifetime.ts'

interface BulkBarProps {
  readonly count: number
  readonly onClear: () => void
  readonly onAct: (action: BulkAction) => void
}

/** What can be done with all that are selected, on whichever page they are. */
export function BulkBar({ count, onClear, onAct }: BulkBarProps) {
  const { reasonAgainst } = usePlace()
  if (count === 0) return null
  const reason = reasonAgainst('service_tokens:write')
  const size = 15
  return (
    <section className="bulk-bar" aria-label="Selected service tokens">
      <span className="strong" role="status">
        {counted(count, 'token')} selected
      </span>
      <Button small icon={<Power size={size} aria-hidden />} reason={reason} onClick={() => onAct('enable')}>
        Enable
      </Button>
      <Button small icon={<Ban size={size} aria-hidden />} reason={reason} onClick={() => onAct('disable')}>
        Disable
      </Button>
      <Button small icon={<RefreshCw size={size} aria-hidden />} reason={reason} onClick={() => onAct('refresh')}>
        Refresh
      </Button>
      <Button small icon={<Trash2 size={size} aria-hidden />} reason={reason} onClick={() => onAct('delete')}>
        Delete
      </Button>
      <Button small kind="plain" icon={<X size={size} aria-hidden />} label="Clear the selection" onClick={onClear} />
    </section>
  )
}
