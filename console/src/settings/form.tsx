import type { FormEvent, ReactNode } from 'react'
import { Button } from '../elements/button.tsx'
import { messageOf } from '../elements/dialog.tsx'
import { Note } from '../elements/note.tsx'
import { usePlace } from '../shell/place.tsx'

interface FormProps {
  readonly isBusy: boolean
  readonly error: Error | null
  /** Why it cannot be saved as it stands, besides that nothing was changed or that the credential may not. */
  readonly gap: string | undefined
  readonly isChanged: boolean
  readonly onSave: () => void
  readonly children: ReactNode
}

/** Settings that are saved together. */
export function Form({ isBusy, error, gap, isChanged, onSave, children }: FormProps) {
  const { reasonAgainst } = usePlace()
  const reason = reasonAgainst('organization:write') ?? gap ?? (isChanged ? undefined : 'Nothing was changed.')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason === undefined && !isBusy) onSave()
  }
  return (
    <form className="stack" onSubmit={submit}>
      {children}
      {error && <Note kind="bad">{messageOf(error)}</Note>}
      <div>
        <Button type="submit" kind="primary" isBusy={isBusy} reason={reason}>
          Save
        </Button>
      </div>
    </form>
  )
}
