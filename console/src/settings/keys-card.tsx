import { useQuery } from '@tanstack/react-query'
import { RotateCw } from 'lucide-react'
import { useState } from 'react'
import type { AccessKeysResult } from '../../../src/wire/access-key.ts'
import { Button } from '../elements/button.tsx'
import { ActionDialog } from '../elements/dialog.tsx'
import { TextField } from '../elements/field.tsx'
import { dayOf } from '../elements/instants.ts'
import { ExactMoment } from '../elements/moment.tsx'
import { Card } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import { counted } from '../service-tokens/lifetime.ts'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { Form } from './form.tsx'

/** With what the account signs its assertions, and when that changes. */
export function KeysCard() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const [isRotating, setRotating] = useState(false)
  const query = useQuery({ queryKey: [place.id, 'keys'], queryFn: ({ signal }) => client.organization.keys(place, signal) })
  return (
    <Card
      title="Signing keys"
      lead="Assertions tell services who was let in. A service that reads the published keys follows every rotation by itself."
      actions={
        <Button
          small
          icon={<RotateCw size={15} aria-hidden />}
          reason={reasonAgainst('organization:write')}
          onClick={() => setRotating(true)}
        >
          Rotate now
        </Button>
      }
    >
      <Loaded query={query} lines={3}>
        {(keys) => <Keys key={keys.key_rotation_interval_days} keys={keys} />}
      </Loaded>
      {isRotating && <RotateDialog onClose={() => setRotating(false)} />}
    </Card>
  )
}

function Keys({ keys }: { readonly keys: AccessKeysResult }) {
  const { place } = usePlace()
  const client = useClient()
  const [days, setDays] = useState(String(keys.key_rotation_interval_days))
  const count = /^\d{1,3}$/.test(days) ? Number(days) : 0
  const gap = count < 21 || count > 365 ? 'Choose from 21 to 365 days.' : undefined
  const save = useChange(() => client.organization.setKeyInterval(place, count), { said: () => 'Rotation interval saved' })
  return (
    <div className="stack">
      <dl className="facts">
        <dt>Last rotation</dt>
        <dd>
          <ExactMoment at={keys.last_key_rotation_at} />
        </dd>
        <dt>Next rotation</dt>
        <dd>
          {dayOf(Date.parse(keys.last_key_rotation_at) + keys.key_rotation_interval_days * 86_400_000)}{' '}
          <span className="faint">(in {counted(keys.days_until_next_rotation, 'day')})</span>
        </dd>
      </dl>
      <Form
        isBusy={save.isPending}
        error={save.error}
        gap={gap}
        isChanged={days !== String(keys.key_rotation_interval_days)}
        onSave={() => save.mutate()}
      >
        <TextField label="Days between rotations" value={days} onChange={setDays} inputMode="numeric" error={gap} />
      </Form>
    </div>
  )
}

function RotateDialog({ onClose }: { readonly onClose: () => void }) {
  const { place } = usePlace()
  const client = useClient()
  const rotate = useChange(() => client.organization.rotateKeys(place), { said: () => 'The signing key was replaced', done: onClose })
  return (
    <ActionDialog
      title="Replace the signing key now?"
      lead="New assertions are signed with a new key. The one before stays published for a while, so assertions that are out remain valid."
      action="Rotate"
      isBusy={rotate.isPending}
      error={rotate.error}
      onClose={onClose}
      onAct={() => rotate.mutate()}
    />
  )
}
