import { useQuery } from '@tanstack/react-query'
import { Pencil, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { Button } from '../elements/button.tsx'
import { Copyable } from '../elements/copy.tsx'
import { LoadedPage } from '../elements/loaded-page.tsx'
import { ExactMoment } from '../elements/moment.tsx'
import { Card, Page } from '../elements/page.tsx'
import { useClient } from '../session/session.tsx'
import { DeleteDialog } from '../shell/delete-dialog.tsx'
import { usePlace } from '../shell/place.tsx'
import { ApplicationDialog } from './application-dialog.tsx'
import { PolicyCard } from './policy-card.tsx'
import { ProxyCard } from './proxy-card.tsx'
import { TryIt } from './try-it.tsx'

/** One application: who gets in, and how a proxy asks for it. */
export function DetailPage() {
  const { place, home } = usePlace()
  const { applicationId = '' } = useParams()
  const client = useClient()
  const query = useQuery({
    queryKey: [place.id, 'applications', applicationId],
    queryFn: ({ signal }) => client.applications.get(place, applicationId, signal),
  })
  return (
    <LoadedPage query={query} title="Application" back={{ to: `${home}/applications`, text: 'Applications' }}>
      {(application) => <Detail application={application} />}
    </LoadedPage>
  )
}

function Detail({ application }: { readonly application: ApplicationResult }) {
  const { place, home, reasonAgainst } = usePlace()
  const client = useClient()
  const navigate = useNavigate()
  const [dialog, setDialog] = useState<'edit' | 'delete'>()
  const close = () => setDialog(undefined)
  const reason = reasonAgainst('apps:write')
  return (
    <Page
      title={application.name}
      lead={<span className="mono small breaks">{application.self_hosted_domains.join(', ')}</span>}
      back={{ to: `${home}/applications`, text: 'Applications' }}
      actions={
        <>
          <Button icon={<Pencil size={16} aria-hidden />} reason={reason} onClick={() => setDialog('edit')}>
            Settings
          </Button>
          <Button icon={<Trash2 size={16} aria-hidden />} reason={reason} onClick={() => setDialog('delete')}>
            Delete
          </Button>
        </>
      }
    >
      <div className="columns">
        <div className="stack">
          <PolicyCard application={application} />
          <ProxyCard application={application} />
        </div>
        <div className="stack">
          <TryIt application={application} />
          <Card title="Facts">
            <Facts application={application} />
          </Card>
        </div>
      </div>
      {dialog === 'edit' && <ApplicationDialog application={application} onClose={close} onSaved={close} />}
      {dialog === 'delete' && (
        <DeleteDialog
          title={`Delete ${application.name}?`}
          lead="The gate then refuses requests for its destinations, unless another application answers for them. The policies that are its own are deleted too."
          said="Application deleted"
          remove={() => client.applications.delete(place, application.id)}
          onClose={close}
          onDone={() => void navigate(`${home}/applications`)}
        />
      )}
    </Page>
  )
}

function Facts({ application }: { readonly application: ApplicationResult }) {
  const { id, aud, origin_url: origin, read_service_tokens_from_header: header, session_duration: session } = application
  return (
    <dl className="facts">
      <dt>ID</dt>
      <dd>
        <Copyable text={id} what="ID" />
      </dd>
      <dt>Audience</dt>
      <dd>
        <Copyable text={aud} what="audience" />
      </dd>
      <dt>Origin</dt>
      <dd>{origin ?? 'none: a proxy of your own asks the gate'}</dd>
      {header !== undefined && (
        <>
          <dt>Token header</dt>
          <dd className="mono">{header}</dd>
        </>
      )}
      <dt>Sessions</dt>
      <dd>{session}</dd>
      <dt>Without credentials</dt>
      <dd>{application.service_auth_401_redirect ? '401' : '403'}</dd>
      <dt>Created</dt>
      <dd>
        <ExactMoment at={application.created_at} />
      </dd>
    </dl>
  )
}
