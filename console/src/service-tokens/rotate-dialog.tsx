import { useState } from 'react'
import type { IssuedServiceTokenResult, ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { Choices, TextField } from '../elements/field.tsx'
import { exactly } from '../elements/instants.ts'
import { useNow } from '../elements/moment.tsx'
import { Note } from '../elements/note.tsx'
import { useClient } from '../session/session.tsx'
import { useAttempts, useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { isInGrace } from './state.tsx'

const periods = [
  ...([['0', 'None'] as const, ['1', '1 hour'] as const, ['24', '1 day'] as const, ['168', '7 days'] as const] as const),
  ['other', 'Until…'] as const,
] as const
type Period = (typeof periods)[number][0]

interface RotateDialogProps {
  readonly token: ServiceTokenResult
  readonly onIssued: (token: IssuedServiceTokenResult) => void
  readonly onClose: () => void
}

/** A new secret, and how long the current one goes on working. */
export function RotateDialog({ token, onIssued, onClose }: RotateDialogProps) {
  const { place } = usePlace()
  const client = useClient()
  const now = useNow()
  const attemptOf = useAttempts()
  const [period, setPeriod] = useState<Period>('24')
  const [chosen, setChosen] = useState('')
  const until = period === 'other' ? Date.parse(chosen) : period === '0' ? undefined : now + Number(period) * 3_600_000
  const isImpossible = until !== undefined && !(until > now)
  const rotate = useChange(
    () => {
      const graceUntil = until === undefined ? undefined : new Date(until).toISOString()
      return client.serviceTokens.rotate(
        place,
        token.id,
        graceUntil,
        attemptOf({ id: token.id, period, chosen, version: token.client_secret_version }),
      )
    },
    { done: onIssued },
  )
  return (
    <ActionDialog
      title={`Rotate the secret of ${token.name}`}
      lead="A new secret is made and shown once. During a grace period the current one works too, so that callers can switch without downtime."
      action="Rotate"
      isBusy={rotate.isPending}
      error={rotate.error}
      reason={isImpossible ? 'Choose a time that lies ahead.' : undefined}
      onClose={onClose}
      onAct={() => rotate.mutate()}
    >
      <Choices label="Grace period" value={period} options={periods} onChange={setPeriod} />
      {period === 'other' && <TextField label="The current secret works until" type="datetime-local" value={chosen} onChange={setChosen} />}
      <p className="soft" role="status">
        {until === undefined
          ? 'The current secret is refused at once.'
          : isImpossible
            ? ''
            : `The current secret works until ${exactly(until)}.`}
      </p>
      {isInGrace(token, now) && (
        <Note kind="warn">A secret from before the last rotation still works. It is refused as soon as this one is rotated.</Note>
      )}
    </ActionDialog>
  )
}
