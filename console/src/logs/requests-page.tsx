import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { ListChecks } from 'lucide-react'
import { useState } from 'react'
import type { AccessRequestResult } from '../../../src/wire/access-request.ts'
import { TokenPicker } from '../applications/token-picker.tsx'
import { Field, SelectField } from '../elements/field.tsx'
import { Page } from '../elements/page.tsx'
import { Empty } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { ExportMenu, mostExported } from './export-menu.tsx'
import { beginOf, type Period, periods, useFilters } from './filters.ts'
import { LogCard } from './log-card.tsx'
import { RequestTable } from './request-table.tsx'

const perPage = 50
const filterNames = ['period', 'allowed', 'application', 'token'] as const

/** What machines asked of the gate. */
export function RequestsPage() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const [filters, change] = useFilters(filterNames)
  const [openedAt] = useState(() => Date.now())
  const applications = useQuery({
    queryKey: [place.id, 'applications', 'choice'],
    retry: false,
    queryFn: ({ signal }) => client.applications.list(place, { per_page: 200 }, signal),
  })
  const asked = {
    since: beginOf(filters.period, openedAt),
    ...(filters.allowed !== '' && { allowed: filters.allowed === 'true' ? ('true' as const) : ('false' as const) }),
    ...(filters.application !== '' && { app_uid: filters.application }),
    ...(filters.token !== '' && { service_token_id: filters.token }),
  }
  const log = useInfiniteQuery({
    queryKey: [place.id, 'requests', 'log', asked],
    initialPageParam: 1,
    queryFn: ({ pageParam: page, signal }) => client.logs.requests(place, { ...asked, page, limit: perPage }, signal),
    getNextPageParam: (last, _all, page) => (last.length < perPage ? undefined : page + 1),
  })
  const requests = log.data?.pages.flat()

  async function load(): Promise<readonly AccessRequestResult[]> {
    const all: AccessRequestResult[] = []
    for (let page = 1; all.length < mostExported; page++) {
      const found = await client.logs.requests(place, { ...asked, page, limit: 1000 })
      all.push(...found)
      if (found.length < 1000) break
    }
    return all
  }

  return (
    <Page
      title="Request log"
      lead="One entry for each token, address, application and outcome: once an hour, and once a minute for refusals."
      actions={<ExportMenu name="postern-requests" load={load} />}
    >
      <div className="filters">
        <SelectField label="Time" value={filters.period as Period} options={periods} onChange={(period) => change({ period })} />
        <SelectField
          label="Outcome"
          value={filters.allowed}
          options={[
            ['', 'All'],
            ['true', 'Allowed'],
            ['false', 'Refused'],
          ]}
          onChange={(allowed) => change({ allowed })}
        />
        <SelectField
          label="Application"
          value={filters.application}
          options={[['', 'All'], ...(applications.data?.items ?? []).map(({ id, name }) => [id, name] as const)]}
          onChange={(application) => change({ application })}
        />
        {reasonAgainst('service_tokens:read') === undefined && (
          <Field label="Service token">
            {({ id }) => <TokenPicker id={id} label="Service token" tokenId={filters.token} onChange={(token) => change({ token })} />}
          </Field>
        )}
      </div>
      <LogCard
        label="Requests"
        {...{ entries: requests, log }}
        empty={
          <Empty icon={<ListChecks size={22} />} title="No requests">
            <p>Nothing that matches was asked of the gate in this time. What is asked appears here within seconds.</p>
          </Empty>
        }
      >
        {(shown) => <RequestTable requests={shown} />}
      </LogCard>
    </Page>
  )
}
