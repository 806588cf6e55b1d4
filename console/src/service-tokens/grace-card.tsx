import { useState } from 'react'
import type { SecretUseResult, ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button } from '../elements/button.tsx'
import { ActionDialog } from '../elements/dialog.tsx'
import { exactly, inWords, useNow } from '../elements/moment.tsx'
import { Note } from '../elements/note.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { counted } from './lifetime.ts'
import { isInGrace } from './state.tsx'
import { useUses } from './uses-card.tsx'

/** While the secret before the last rotation still works: until when, who uses it, and its end. */
export function GraceCard({ token }: { readonly token: ServiceTokenResult }) {
  const { reasonAgainst } = usePlace()
  const now = useNow()
  const { data: uses } = useUses(token)
  const [isEnding, setEnding] = useState(false)
  if (!isInGrace(token, now)) return null
  const until = Date.parse(token.previous_client_secret_expires_at ?? '')
  const previous = (uses ?? []).filter(({ secret }) => secret === 'previous')
  return (
    <section className="card grace" aria-label="Grace period">
      <div className="stack-tight">
        <h2>
          The previous secret works until {exactly(until)} ({inWords(until, now)})
        </h2>
        <p className="soft">{uses && callersInWords(previous, now)}</p>
      </div>
      <Button reason={reasonAgainst('service_tokens:write')} onClick={() => setEnding(true)}>
        End the grace period
      </Button>
      {isEnding && <EndDialog {...{ token, previous }} onClose={() => setEnding(false)} />}
    </section>
  )
}

const mostNamed = 3

function callersInWords(previous: readonly SecretUseResult[], now: number): string {
  if (previous.length === 0) return 'Nobody has been seen with it lately: its grace period can end.'
  const named = previous
    .slice(0, mostNamed)
    .map(({ ip_address: address, last_seen_at: at }) => `${address} ${inWords(Date.parse(at), now)}`)
  const more = previous.length > mostNamed ? `, and ${previous.length - mostNamed} more` : ''
  return `${counted(previous.length, 'caller')} used the previous secret: ${named.join(', ')}${more}.`
}

interface EndDialogProps {
  readonly token: ServiceTokenResult
  readonly previous: readonly SecretUseResult[]
  readonly onClose: () => void
}

function EndDialog({ token, previous, onClose }: EndDialogProps) {
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
      <Note kind={previous.length === 0 ? 'good' : 'warn'}>{callersInWords(previous, now)}</Note>
    </ActionDialog>
  )
}
