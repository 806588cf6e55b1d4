import { useQuery } from '@tanstack/react-query'
import { AppWindow, Plus } from 'lucide-react'
import { useState } from 'react'
import { Link, useNavigate } from 'react-router'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { Button } from '../elements/button.tsx'
import { Page } from '../elements/page.tsx'
import { Pager } from '../elements/pager.tsx'
import { Empty, Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { ApplicationDialog } from './application-dialog.tsx'
import type { Names, Rules } from './rule-words.ts'
import { Sentence, useNames } from './sentence.tsx'

const perPage = 25
const mostSentences = 3

/** What stands behind the gate, and who gets in. */
export function ListPage() {
  const { place, home, reasonAgainst } = usePlace()
  const client = useClient()
  const navigate = useNavigate()
  const [page, setPage] = useState(1)
  const [isCreating, setCreating] = useState(false)
  const query = useQuery({
    queryKey: [place.id, 'applications', page],
    queryFn: ({ signal }) => client.applications.list(place, { page, per_page: perPage }, signal),
  })
  const names = useNames((query.data?.items ?? []).flatMap(({ policies }) => policies.slice(0, mostSentences) as readonly Rules[]))
  const newApplication = (
    <Button kind="primary" icon={<Plus size={16} aria-hidden />} reason={reasonAgainst('apps:write')} onClick={() => setCreating(true)}>
      New application
    </Button>
  )
  return (
    <Page
      title="Applications"
      lead="What stands behind the gate, and who gets in. The most specific destination answers for a request."
      actions={newApplication}
    >
      <section className="card" aria-label="Applications">
        <Loaded query={query} lines={5}>
          {({ items, total, pages }) =>
            items.length === 0 ? (
              <Empty icon={<AppWindow size={22} />} title="No applications yet">
                <p>Without one the gate refuses every request, whatever token it carries.</p>
              </Empty>
            ) : (
              <>
                <ul className="rows">
                  {items.map((application) => (
                    <Row key={application.id} application={application} names={names} to={`${home}/applications/${application.id}`} />
                  ))}
                </ul>
                <Pager {...{ page, pages, total, perPage }} what="applications" onPage={setPage} />
              </>
            )
          }
        </Loaded>
      </section>
      {isCreating && (
        <ApplicationDialog
          application={undefined}
          onClose={() => setCreating(false)}
          onSaved={({ id }) => void navigate(`${home}/applications/${id}`)}
        />
      )}
    </Page>
  )
}

function Row({ application, names, to }: { readonly application: ApplicationResult; readonly names: Names; readonly to: string }) {
  const { name, self_hosted_domains: domains, policies, origin_url: origin } = application
  const more = policies.length - mostSentences
  return (
    <li className="row-item">
      <div className="row-apart">
        <Link to={to} className="name-link">
          {name}
        </Link>
        <span className="faint small">{origin === null ? 'asked by a proxy of your own' : `passed on to ${origin}`}</span>
      </div>
      <p className="mono small soft breaks">
        {domains.join(', ')}
        {domains.includes('*') && ' (every host that is left)'}
      </p>
      <div className="small">
        {policies.length === 0 && <p className="soft">No policy lets anybody in.</p>}
        {policies.slice(0, mostSentences).map((policy) => (
          <Sentence key={policy.id} policy={policy} names={names} />
        ))}
        {more > 0 && <p className="soft">and {more} more</p>}
      </div>
    </li>
  )
}
