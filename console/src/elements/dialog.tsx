import { Dialog as Base } from '@base-ui/react/dialog'
import type { FormEvent, ReactNode } from 'react'
import { ApiError } from '../../../src/client/transport.ts'
import { Button } from './button.tsx'
import { Note } from './note.tsx'

interface DialogProps {
  readonly title: string
  readonly lead?: ReactNode
  readonly onClose: () => void
  readonly children?: ReactNode
  readonly foot?: ReactNode
  readonly isWide?: boolean
}

/** A window over the page, for as long as it is rendered. A click beside it does not close it: what was typed would be lost. */
export function Dialog({ title, lead, onClose, children, foot, isWide = false }: DialogProps) {
  return (
    <Base.Root open disablePointerDismissal onOpenChange={(isOpen) => !isOpen && onClose()}>
      <Base.Portal>
        <Base.Backdrop className="backdrop" />
        <Base.Popup className={isWide ? 'dialog dialog-wide' : 'dialog'}>
          <div className="dialog-head">
            <Base.Title className="dialog-title">{title}</Base.Title>
            {lead !== undefined && (
              <Base.Description className="soft" render={<div />}>
                {lead}
              </Base.Description>
            )}
          </div>
          {children}
          {foot !== undefined && <div className="dialog-foot">{foot}</div>}
        </Base.Popup>
      </Base.Portal>
    </Base.Root>
  )
}

interface ActionDialogProps extends Omit<DialogProps, 'foot'> {
  /** What the button says: the verb of the thing. */
  readonly action: string
  readonly isDangerous?: boolean
  readonly isBusy: boolean
  readonly error: Error | null
  /** Why it cannot be done as it stands. */
  readonly reason?: string | undefined
  readonly onAct: () => void
}

/** Asks for what an action needs, or whether it is meant; carries it out with the button or the enter key, and says why it could not. */
export function ActionDialog({ action, isDangerous, isBusy, error, reason, onAct, children, ...dialog }: ActionDialogProps) {
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason === undefined && !isBusy) onAct()
  }
  return (
    <Dialog {...dialog}>
      <form onSubmit={submit} className="dialog-form">
        <div className="dialog-body">
          {children}
          {error && <Note kind="bad">{messageOf(error)}</Note>}
        </div>
        <div className="dialog-foot">
          <Button onClick={dialog.onClose}>Cancel</Button>
          <Button type="submit" kind={isDangerous ? 'danger' : 'primary'} isBusy={isBusy} reason={reason}>
            {action}
          </Button>
        </div>
      </form>
    </Dialog>
  )
}

export function messageOf(error: Error): string {
  return error instanceof ApiError ? error.message : 'The console failed. Reload the page and try again.'
}
