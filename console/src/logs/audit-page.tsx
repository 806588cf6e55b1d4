import { useInfiniteQuery } from '@tanstack/react-query'
import { ScrollText } from 'lucide-react'
import { useState } from 'react'
import type { AuditLogResult } from '../../../src/wire/audit-log.ts'
import { SelectField } from '../elements/field.tsx'
import { Page } from '../elements/page.tsx'
import { Empty } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { AuditTable } from './audit-table.tsx'
import { DelayedField } from './delayed-field.tsx'
import { ExportMenu, mostExported } from './export-menu.tsx'
import { beginOf, type Period, periods, useFilters } from './filters.ts'
import { LogCard } from './log-card.tsx'

const perPage = 50
const filterNames = ['period', 'type', 'result', 'kind', 'actor', 'resource'] as const

const kinds = [
  ...([['', 'Everything'] as const, ['service_token', 'Service tokens'] as const, ['application', 'Applications'] as const] as const),
  ...([['policy', 'Policies'] as const, ['group', 'Groups'] as const, ['api_token', 'API tokens'] as const] as const),
  ...([['organization', 'Organization'] as const, ['signing_key', 'Signing keys'] as const, ['account', 'Account'] as const] as const),
  ...([['zone', 'Zones'] as const, ['request', 'Refused requests'] as const] as const),
] as const

/** What was changed, by whom and from where. */
export function AuditPage() {
  const { place } = usePlace()
  const client = useClient()
  const [filters, change] = useFilters(filterNames)
  const [openedAt] = useState(() => Date.now())
  const asked = {
    since: beginOf(filters.period, openedAt),
    before: new Date(openedAt + 86_400_000).toISOString(),
    ...{ action_type: filters.type, action_result: filters.result, resource_type: filters.kind },
    ...{ actor_email: filters.actor, resource_id: filters.resource },
  }
  const log = useInfiniteQuery({
    queryKey: [place.id, 'audit', 'log', asked],
    initialPageParam: undefined as string | undefined,
    queryFn: ({ pageParam: cursor, signal }) => client.logs.audit(place, { ...asked, cursor, limit: perPage }, signal),
    getNextPageParam: ({ cursor }) => cursor,
  })
  const entries = log.data?.pages.flatMap((page) => page.entries)

  async function load(): Promise<readonly AuditLogResult[]> {
    const all: AuditLogResult[] = []
    let cursor: string | undefined
    do {
      const page = await client.logs.audit(place, { ...asked, cursor, limit: 1000 })
      all.push(...page.entries)
      cursor = page.cursor
    } while (cursor !== undefined && all.length < mostExported)
    return all
  }

  return (
    <Page
      title="Audit log"
      lead="What was changed, by whom and from where; and what was tried in vain."
      actions={<ExportMenu name="postern-audit" load={load} />}
    >
      <div className="filters">
        <SelectField label="Time" value={filters.period as Period} options={periods} onChange={(period) => change({ period })} />
        <SelectField label="About" value={filters.kind} options={kinds} onChange={(kind) => change({ kind })} />
        <SelectField
          label="Action"
          value={filters.type}
          options={[
            ['', 'All'],
            ['create', 'Create'],
            ['update', 'Update'],
            ['delete', 'Delete'],
            ['view', 'View'],
          ]}
          onChange={(type) => change({ type })}
        />
        <SelectField
          label="Result"
          value={filters.result}
          options={[
            ['', 'All'],
            ['success', 'Done'],
            ['failure', 'Refused'],
          ]}
          onChange={(result) => change({ result })}
        />
        <DelayedField label="E-mail of the actor" type="email" value={filters.actor} onChange={(actor) => change({ actor })} />
        <DelayedField label="ID of the thing" value={filters.resource} onChange={(resource) => change({ resource })} spellCheck={false} />
      </div>
      <LogCard
        label="Entries"
        {...{ entries, log }}
        empty={
          <Empty icon={<ScrollText size={22} />} title="No entries">
            <p>Nothing that matches was done in this time.</p>
          </Empty>
        }
      >
        {(shown) => <AuditTable entries={shown} />}
      </LogCard>
    </Page>
  )
}
