import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { KeyRound, Search } from 'lucide-react'
import { useEffect, useRef, useState } from 'react'
import { useLocation } from 'react-router'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button, ButtonLink } from '../elements/button.tsx'
import { Page } from '../elements/page.tsx'
import { Pager } from '../elements/pager.tsx'
import { Empty, Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import type { BulkAction } from './bulk-actions.ts'
import { BulkBar } from './bulk-bar.tsx'
import { BulkDialog } from './bulk-dialog.tsx'
import { asked, type ListQuery, perPage, useListQuery } from './list-query.ts'
import { NewTokenLink } from './new-token-link.tsx'
import { StatusFilter } from './status-filter.tsx'
import { TokenTable } from './token-table.tsx'

interface Intention {
  readonly action: BulkAction
  readonly tokens: readonly ServiceTokenResult[]
}

/** All service tokens of the account or zone, a page at a time. */
export function ListPage() {
  const { place } = usePlace()
  const client = useClient()
  const [query, change] = useListQuery()
  const [selected, setSelected] = useState<ReadonlyMap<string, ServiceTokenResult>>(new Map())
  const [intention, setIntention] = useState<Intention>()
  const list = useQuery({
    queryKey: [place.id, 'tokens', asked(query)],
    placeholderData: keepPreviousData,
    queryFn: ({ signal }) => client.serviceTokens.list(place, asked(query), signal),
  })
  const clear = () => setSelected(new Map())
  return (
    <Page
      title="Service tokens"
      lead="Credentials of machines. What a token opens is for the policies of applications to say."
      actions={<NewTokenLink />}
    >
      <div className="stack">
        <div className="filters">
          <SearchBox query={query} onChange={(search) => change({ search })} />
        </div>
        <StatusFilter status={query.status} onChange={(status) => change({ status })} />
        <section className="card" aria-label="Service tokens" aria-busy={list.isPlaceholderData}>
          <Loaded query={list} lines={8}>
            {({ items, total, pages }) =>
              items.length === 0 ? (
                <NothingFound query={query} onReset={() => change({ search: '', status: '' })} />
              ) : (
                <>
                  <TokenTable
                    {...{ tokens: items, query, selected, onSelect: setSelected }}
                    onSort={(order, direction) => change({ order, direction })}
                    onAct={(action, token) => setIntention({ action, tokens: [token] })}
                  />
                  <Pager {...{ page: query.page, pages, total, perPage }} what="service tokens" onPage={(page) => change({ page })} />
                </>
              )
            }
          </Loaded>
        </section>
      </div>
      <BulkBar count={selected.size} onClear={clear} onAct={(action) => setIntention({ action, tokens: [...selected.values()] })} />
      {intention && (
        <BulkDialog
          {...intention}
          onClose={() => setIntention(undefined)}
          onDone={() => {
            setIntention(undefined)
            clear()
          }}
        />
      )}
    </Page>
  )
}

const typingMs = 250

function SearchBox({ query, onChange }: { readonly query: ListQuery; readonly onChange: (search: string) => void }) {
  const [text, setText] = useState(query.search)
  const input = useRef<HTMLInputElement>(null)
  const { state } = useLocation()
  const isWanted = (state as { search?: boolean } | null)?.search === true
  useEffect(() => setText(query.search), [query.search])
  useEffect(() => {
    if (isWanted) input.current?.focus()
  }, [isWanted])
  useEffect(() => {
    if (text === query.search) return
    const timer = setTimeout(() => onChange(text), typingMs)
    return () => clearTimeout(timer)
  })
  return (
    <div className="search">
      <Search size={16} aria-hidden />
      <input
        ref={input}
        className="input"
        type="search"
        data-search
        aria-label="Search the service tokens by name"
        placeholder="Search by name"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
    </div>
  )
}

function NothingFound({ query: { search, status }, onReset }: { readonly query: ListQuery; readonly onReset: () => void }) {
  const { home, reasonAgainst } = usePlace()
  if (search !== '' || status !== '') {
    return (
      <Empty icon={<Search size={22} />} title="No service token matches">
        <Button onClick={onReset}>Show all</Button>
      </Empty>
    )
  }
  return (
    <Empty icon={<KeyRound size={22} />} title="No service tokens yet">
      <p>A service token lets one machine through the gate: a client id and a secret, sent with each request.</p>
      <ButtonLink to={`${home}/tokens/new`} kind="primary" reason={reasonAgainst('service_tokens:write')}>
        Create the first one
      </ButtonLink>
    </Empty>
  )
}
