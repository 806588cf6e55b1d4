import { useState } from 'react'
import { Button } from '../elements/button.tsx'
import { CopyButton } from '../elements/copy.tsx'
import { Dialog } from '../elements/dialog.tsx'
import { Note } from '../elements/note.tsx'
import { useHold } from '../session/hold.ts'

/** The one time that the value of an API token is shown. Who leaves without having copied it is asked once. */
export function ValueDialog({ value, onClose }: { readonly value: string; readonly onClose: () => void }) {
  useHold()
  const [isCopied, setCopied] = useState(false)
  const [isAsking, setAsking] = useState(false)
  const leave = () => (isCopied || isAsking ? onClose() : setAsking(true))
  return (
    <Dialog
      title="The value of the API token"
      onClose={leave}
      foot={
        <Button kind={isAsking ? 'danger' : 'primary'} onClick={leave}>
          {isAsking ? 'Leave without it' : 'Done'}
        </Button>
      }
    >
      <div className="dialog-body">
        <Note kind="warn">
          {isAsking
            ? 'It was not copied, and it cannot be shown again.'
            : 'This is the only time that it is shown. Postern keeps no more of it than a digest.'}
        </Note>
        <div className="secret">
          <code className="breaks" data-value="API token">
            {value}
          </code>
          <CopyButton text={value} what="API token" isWordy onCopied={() => setCopied(true)} />
        </div>
        <p className="soft">Send it as “Authorization: Bearer …”, or sign in here with it.</p>
      </div>
    </Dialog>
  )
}
