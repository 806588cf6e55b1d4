import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useNavigate, useParams } from 'react-router'
import type { IssuedServiceTokenResult, ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Copyable } from '../elements/copy.tsx'
import { LoadedPage } from '../elements/loaded-page.tsx'
import { ExactMoment } from '../elements/moment.tsx'
import { Card, Page } from '../elements/page.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import type { BulkAction } from './bulk-actions.ts'
import { BulkDialog } from './bulk-dialog.tsx'
import { type DetailAction, DetailActions } from './detail-actions.tsx'
import { DurationDialog } from './duration-dialog.tsx'
import { GraceCard } from './grace-card.tsx'
import { lifetimeInWords } from './lifetime.ts'
import { NamingCard } from './naming-card.tsx'
import { RefusalCard } from './refusal-card.tsx'
import { RenameDialog } from './rename-dialog.tsx'
import { Reveal } from './reveal.tsx'
import { RotateDialog } from './rotate-dialog.tsx'
import { StateBadges } from './state.tsx'
import { Timeline } from './timeline.tsx'
import { TokenActivity } from './token-activity.tsx'
import { UsesCard } from './uses-card.tsx'

/** How often the page looks whether the gate has seen the token since. */
const lookMs = 3_000

/** All about one service token. */
export function DetailPage() {
  const { place, home } = usePlace()
  const { tokenId = '' } = useParams()
  const client = useClient()
  const query = useQuery({
    queryKey: [place.id, 'tokens', tokenId],
    refetchInterval: lookMs,
    queryFn: ({ signal }) => client.serviceTokens.get(place, tokenId, signal),
  })
  const [issued, setIssued] = useState<IssuedServiceTokenResult>()
  if (issued) {
    return (
      <Reveal
        token={issued}
        title={`New secret of ${issued.name}`}
        application={undefined}
        doneTo={`${home}/tokens/${issued.id}`}
        onDone={() => setIssued(undefined)}
      />
    )
  }
  return (
    <LoadedPage query={query} title="Service token" back={{ to: `${home}/tokens`, text: 'Service tokens' }}>
      {(token) => <Detail token={token} onIssued={setIssued} />}
    </LoadedPage>
  )
}

function Detail({ token, onIssued }: { readonly token: ServiceTokenResult; readonly onIssued: (token: IssuedServiceTokenResult) => void }) {
  const { home } = usePlace()
  const navigate = useNavigate()
  const [action, setAction] = useState<DetailAction>()
  const close = () => setAction(undefined)
  return (
    <Page
      title={token.name}
      mark={<StateBadges token={token} />}
      back={{ to: `${home}/tokens`, text: 'Service tokens' }}
      actions={<DetailActions token={token} onAct={setAction} />}
    >
      <GraceCard token={token} />
      <div className="columns">
        <div className="stack">
          <TokenActivity token={token} />
          <UsesCard token={token} />
          <RefusalCard token={token} />
        </div>
        <div className="stack">
          <Card title="Facts">
            <Facts token={token} />
          </Card>
          <NamingCard token={token} />
          <Timeline token={token} />
        </div>
      </div>
      {action === 'rotate' && <RotateDialog {...{ token, onIssued }} onClose={close} />}
      {action === 'rename' && <RenameDialog token={token} onClose={close} />}
      {action === 'duration' && <DurationDialog token={token} onClose={close} />}
      {isBulk(action) && (
        <BulkDialog
          action={action}
          tokens={[token]}
          onClose={close}
          onDone={() => {
            close()
            if (action === 'delete') void navigate(`${home}/tokens`)
          }}
        />
      )}
    </Page>
  )
}

function isBulk(action: DetailAction | undefined): action is BulkAction {
  return action === 'enable' || action === 'disable' || action === 'refresh' || action === 'delete'
}

function Facts({ token }: { readonly token: ServiceTokenResult }) {
  return (
    <dl className="facts">
      <dt>Client ID</dt>
      <dd>
        <Copyable text={token.client_id} what="client ID" />
      </dd>
      <dt>ID</dt>
      <dd>
        <Copyable text={token.id} what="ID" />
      </dd>
      <dt>Last seen</dt>
      <dd data-fact="last-seen">{token.last_seen_at === undefined ? 'never' : <ExactMoment at={token.last_seen_at} />}</dd>
      <dt>Expires</dt>
      <dd>
        <ExactMoment at={token.expires_at} />
      </dd>
      <dt>Lifetime</dt>
      <dd>{lifetimeInWords(token.duration)}</dd>
      <dt>Secret</dt>
      <dd>{`version ${token.client_secret_version}`}</dd>
      <dt>Created</dt>
      <dd>
        <ExactMoment at={token.created_at} />
      </dd>
    </dl>
  )
}
