import { useState } from 'react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { TextField } from '../elements/field.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'

export function RenameDialog({ token, onClose }: { readonly token: ServiceTokenResult; readonly onClose: () => void }) {
  const { place } = usePlace()
  const client = useClient()
  const [name, setName] = useState(token.name)
  const rename = useChange(() => client.serviceTokens.update(place, token.id, { name: name.trim() }), {
    said: () => 'Service token renamed',
    done: onClose,
  })
  return (
    <ActionDialog
      title="Rename the service token"
      lead="Only people read the name. Policies and machines know the token by its id."
      action="Rename"
      isBusy={rename.isPending}
      error={rename.error}
      reason={name.trim() === '' ? 'Give it a name first.' : undefined}
      onClose={onClose}
      onAct={() => rename.mutate()}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={350} autoFocus />
    </ActionDialog>
  )
}
