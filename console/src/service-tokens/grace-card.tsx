import { useState } from 'react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button } from '../elements/button.tsx'
import { ActionDialog } from '../elements/dialog.tsx'
import { exactly, inWords } from '../elements/instants.ts'
import { useNow } from '../elements/moment.tsx'
import { Note } from '../elements/note.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { callersInWords, type PreviousCallers, previousCallers } from './callers.ts'
import { isInGrace } from './state.tsx'
import { rotationIn, useTrail } from './trail.ts'
import { useUses } from './uses-card.tsx'

/** While the secret before the last rotation still works: until when, who uses it, and its end. */
export function GraceCard({ token }: { readonly token: ServiceTokenResult }) {
  const { reasonAgainst } = usePlace()
  const now = useNow()
  const { data: uses } = useUses(token)
  const trail = useTrail(token)
  const [isEnding, setEnding] = useState(false)
  if (!isInGrace(token, now)) return null
  const until = Date.parse(token.previous_client_secret_expires_at ?? '')
  const callers = uses && previousCallers(uses, trail.data && rotationIn(trail.data.entries, token))
  return (
    <section className="card grace" aria-label="Grace period">
      <div className="stack-tight">
        <h2>
          The previous secret works until {exactly(until)} ({inWords(until, now)})
        </h2>
        <p className="soft">{callers ? callersInWords(callers, now) : 'Looking who uses it …'}</p>
      </div>
      <Button reason={reasonAgainst('service_tokens:write')} onClick={() => setEnding(true)}>
        End the grace period
      </Button>
      {isEnding && <EndDialog {...{ token, callers }} onClose={() => setEnding(false)} />}
    </section>
  )
}

interface EndDialogProps {
  readonly token: ServiceTokenResult
  /** Nothing while that is not known. */
  readonly callers: PreviousCallers | undefined
  readonly onClose: () => void
}

function EndDialog({ token, callers, onClose }: EndDialogProps) {
  const { place } = usePlace()
  const client = useClient()
  const now = useNow()
  const end = useChange(
    () => client.serviceTokens.update(place, token.id, { previous_client_secret_expires_at: new Date().toISOString() }),
    { said: () => 'The previous secret has ended', done: onClose },
  )
  return (
    <ActionDialog
      title="End the grace period now?"
      lead="The gate refuses the previous secret from now on. It cannot be brought back."
      action="End it"
      isDangerous
      isBusy={end.isPending}
      error={end.error}
      onClose={onClose}
      onAct={() => end.mutate()}
    >
      {callers && <Note kind={callers.still.length + callers.away === 0 ? 'good' : 'warn'}>{callersInWords(callers, now)}</Note>}
    </ActionDialog>
  )
}
