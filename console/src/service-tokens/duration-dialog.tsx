import { useState } from 'react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { LifetimeField } from './lifetime-field.tsx'

export function DurationDialog({ token, onClose }: { readonly token: ServiceTokenResult; readonly onClose: () => void }) {
  const { place } = usePlace()
  const client = useClient()
  const [duration, setDuration] = useState(token.duration)
  const change = useChange(() => client.serviceTokens.update(place, token.id, { duration }), {
    said: () => 'Lifetime changed',
    done: onClose,
  })
  return (
    <ActionDialog
      title="Change the lifetime"
      lead="Another lifetime starts from now. The secret stays as it is."
      action="Change"
      isBusy={change.isPending}
      error={change.error}
      reason={
        duration === ''
          ? 'Choose a lifetime first.'
          : duration === token.duration
            ? 'It is this long already. Refresh the token to start it again.'
            : undefined
      }
      onClose={onClose}
      onAct={() => change.mutate()}
    >
      <LifetimeField value={duration} onChange={setDuration} />
    </ActionDialog>
  )
}
