import { useQuery } from '@tanstack/react-query'
import { type FormEvent, useState } from 'react'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import type { IssuedServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button, ButtonLink } from '../elements/button.tsx'
import { messageOf } from '../elements/dialog.tsx'
import { SelectField, TextField } from '../elements/field.tsx'
import { Note } from '../elements/note.tsx'
import { Card, Page } from '../elements/page.tsx'
import { useClient } from '../session/session.tsx'
import { useAttempts, useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { LifetimeField } from './lifetime-field.tsx'
import { Reveal } from './reveal.tsx'

interface Created {
  readonly token: IssuedServiceTokenResult
  readonly application: ApplicationResult | undefined
  /** Why the application could not be opened for it. */
  readonly obstacle: string | undefined
}

/** From a name to a token, and to its secret, which is shown this once. */
export function CreatePage() {
  const { place, home, reasonAgainst } = usePlace()
  const client = useClient()
  const [name, setName] = useState('')
  const [duration, setDuration] = useState('8760h')
  const [applicationId, setApplicationId] = useState('')
  const [created, setCreated] = useState<Created>()
  const attemptOf = useAttempts()
  const applications = useApplications()
  const create = useChange(
    async (): Promise<Created> => {
      const draft = { name: name.trim(), duration }
      const token = await client.serviceTokens.create(place, draft, attemptOf(draft))
      const application = applications.find(({ id }) => id === applicationId)
      return { token, application, obstacle: application && (await obstacleTo(open(application, token))) }
    },
    { done: setCreated },
  )

  async function open(application: ApplicationResult, { id, name }: IssuedServiceTokenResult): Promise<void> {
    const include = [{ service_token: { token_id: id } }]
    await client.applications.createPolicy(place, application.id, { name: name.slice(0, 350), decision: 'non_identity', include })
  }

  if (created) {
    return (
      <Reveal
        token={created.token}
        title={`${created.token.name} is ready`}
        application={created.application}
        doneTo={`${home}/tokens/${created.token.id}`}
      >
        {created.obstacle !== undefined && (
          <Note kind="warn">
            {`The token was made, but ${created.application?.name} could not be opened for it: ${created.obstacle} Add a policy on the page of the application.`}
          </Note>
        )}
        {created.application && created.obstacle === undefined && (
          <Note kind="good">{`${created.application.name} lets this token in.`}</Note>
        )}
      </Reveal>
    )
  }
  const reason =
    reasonAgainst('service_tokens:write') ??
    (name.trim() === '' ? 'Give it a name first.' : duration === '' ? 'Choose a lifetime first.' : undefined)
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (reason === undefined && !create.isPending) create.mutate()
  }
  return (
    <Page title="New service token" isNarrow back={{ to: `${home}/tokens`, text: 'Service tokens' }}>
      <Card>
        <form className="stack" onSubmit={submit}>
          <TextField
            label="Name"
            value={name}
            onChange={setName}
            maxLength={350}
            autoFocus
            hint="For people: which machine it is, and what for."
          />
          <LifetimeField value={duration} onChange={setDuration} />
          {applications.length > 0 && (
            <SelectField
              label="Open an application for it"
              hint="Adds a policy that lets this token in. Where any valid token is let in, none is needed."
              value={applicationId}
              options={[['', 'None'], ...applications.map(({ id, name, domain }) => [id, `${name} (${domain})`] as const)]}
              onChange={setApplicationId}
            />
          )}
          {create.error && <Note kind="bad">{messageOf(create.error)}</Note>}
          <div className="row">
            <Button type="submit" kind="primary" isBusy={create.isPending} reason={reason}>
              Create
            </Button>
            <ButtonLink to={`${home}/tokens`} kind="plain">
              Cancel
            </ButtonLink>
          </div>
        </form>
      </Card>
    </Page>
  )
}

/** Those that may be opened; none where the credential may not. */
function useApplications(): readonly ApplicationResult[] {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const { data } = useQuery({
    queryKey: [place.id, 'applications', 'choice'],
    enabled: reasonAgainst('apps:write') === undefined,
    queryFn: ({ signal }) => client.applications.list(place, { per_page: 200 }, signal),
  })
  return data?.items ?? []
}

async function obstacleTo(doing: Promise<void>): Promise<string | undefined> {
  return doing.then(
    () => undefined,
    (error: Error) => messageOf(error),
  )
}
