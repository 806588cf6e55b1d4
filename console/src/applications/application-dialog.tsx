import { useState } from 'react'
import type { ApplicationDraft } from '../../../src/client/applications.ts'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { CheckField, Field, TextField } from '../elements/field.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'

interface ApplicationDialogProps {
  /** The one that is changed; a new one without. */
  readonly application: ApplicationResult | undefined
  readonly onClose: () => void
  readonly onSaved: (application: ApplicationResult) => void
}

export function ApplicationDialog({ application, onClose, onSaved }: ApplicationDialogProps) {
  const { place } = usePlace()
  const client = useClient()
  const [name, setName] = useState(application?.name ?? '')
  const [destinations, setDestinations] = useState((application?.self_hosted_domains ?? []).join('\n'))
  const [originUrl, setOriginUrl] = useState(application?.origin_url ?? '')
  const [header, setHeader] = useState(application?.read_service_tokens_from_header ?? '')
  const [asks, setAsks] = useState(application?.service_auth_401_redirect ?? false)
  const [isOpen, setOpen] = useState(true)
  const uris = destinations
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
  const draft = (): ApplicationDraft => ({
    ...{ type: 'self_hosted', name: name.trim(), domain: uris[0] ?? '', destinations: uris.map((uri) => ({ type: 'public', uri })) },
    ...{ origin_url: originUrl.trim() || null, read_service_tokens_from_header: header.trim() || null, service_auth_401_redirect: asks },
    ...(application && { session_duration: application.session_duration }),
    ...(!application &&
      isOpen && { policies: [{ name: 'Any valid service token', decision: 'non_identity', include: [{ any_valid_service_token: {} }] }] }),
  })
  const change = useChange(
    () => (application ? client.applications.update(place, application.id, draft()) : client.applications.create(place, draft())),
    { said: () => (application ? 'Application changed' : 'Application created'), done: onSaved },
  )
  return (
    <ActionDialog
      title={application ? `Settings of ${application.name}` : 'New application'}
      lead="What stands behind the gate: one host or several, or a part of one."
      action={application ? 'Save' : 'Create'}
      isBusy={change.isPending}
      error={change.error}
      reason={name.trim() === '' ? 'Give it a name first.' : uris.length === 0 ? 'Name at least one destination.' : undefined}
      onClose={onClose}
      onAct={() => change.mutate()}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={350} />
      <Field
        label="Destinations"
        hint="One a line: orders.example.com, orders.example.com/v1, *.example.com, or * for every host that is left."
      >
        {(attributes) => (
          <textarea
            className="input mono"
            rows={3}
            spellCheck={false}
            {...attributes}
            value={destinations}
            onChange={(event) => setDestinations(event.target.value)}
          />
        )}
      </Field>
      <TextField
        label="Origin"
        value={originUrl}
        onChange={setOriginUrl}
        placeholder="http://10.0.0.5:3000"
        inputMode="url"
        hint="Where the gate passes requests on to. Empty where a proxy of your own asks the gate."
      />
      <TextField
        label="Header for both parts of a token"
        value={header}
        onChange={setHeader}
        placeholder="Authorization"
        hint="For callers that can send only one header. Usually empty."
      />
      <CheckField
        label="Ask for credentials with 401"
        hint="Instead of refusing with 403 who sends none."
        isChecked={asks}
        onChange={setAsks}
      />
      {!application && (
        <CheckField
          label="Let in any valid service token"
          hint="With a first policy. Without one nobody gets in."
          isChecked={isOpen}
          onChange={setOpen}
        />
      )}
    </ActionDialog>
  )
}
