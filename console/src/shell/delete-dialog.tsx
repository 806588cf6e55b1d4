import type { ReactNode } from 'react'
import { ActionDialog } from '../elements/dialog.tsx'
import { useChange } from './change.ts'

interface DeleteDialogProps {
  /** Asks whether it is meant. */
  readonly title: string
  /** What follows from it. */
  readonly lead: ReactNode
  /** The verb, where it is not deleted altogether. */
  readonly action?: string
  /** What is told when it is done. */
  readonly said: string
  readonly remove: () => Promise<unknown>
  readonly onClose: () => void
  readonly onDone?: () => void
}

/** Asks before something goes for good. */
export function DeleteDialog({ title, lead, action = 'Delete', said, remove, onClose, onDone = onClose }: DeleteDialogProps) {
  const change = useChange(remove, { said: () => said, done: onDone })
  return (
    <ActionDialog
      {...{ title, lead, action, onClose }}
      isDangerous
      isBusy={change.isPending}
      error={change.error}
      onAct={() => change.mutate()}
    />
  )
}
