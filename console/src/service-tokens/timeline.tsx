import { useQuery } from '@tanstack/react-query'
import type { AuditLogResult } from '../../../src/wire/audit-log.ts'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { isForever, Moment, useNow } from '../elements/moment.tsx'
import { Card } from '../elements/page.tsx'
import { actorOf } from '../logs/audit-words.ts'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { lifetimeInWords } from './lifetime.ts'

interface Happening {
  readonly at: string
  readonly text: string
  readonly by?: string | undefined
  readonly tone?: 'good' | 'warn' | 'bad'
}

/** Its life: what was done to it, by whom, what the gate saw of it, and what is to come. Newest first. */
export function Timeline({ token }: { readonly token: ServiceTokenResult }) {
  const { place, account, reasonAgainst } = usePlace()
  const client = useClient()
  const now = useNow()
  const trail = useQuery({
    queryKey: [place.id, 'audit', token.id],
    enabled: place.kind === 'account' && reasonAgainst('audit_logs:read') === undefined,
    queryFn: ({ signal }) =>
      client.logs.audit(account, { resource_id: token.id, since: dateBefore(token.created_at), before: tomorrow(), limit: 100 }, signal),
  })
  const done = trail.data?.entries.flatMap(happeningsOf)
  const happenings = [...(done ?? made(token)), ...seenAndComing(token)].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
  return (
    <Card title="Timeline">
      <ol className="timeline">
        {happenings.map(({ at, text, by, tone }) => (
          <li key={`${at} ${text}`} data-tone={tone} data-future={Date.parse(at) > now || undefined}>
            <div className="strong">{text}</div>
            <div className="small soft breaks">
              <Moment at={at} />
              {by !== undefined && ` by ${by}`}
            </div>
          </li>
        ))}
      </ol>
    </Card>
  )
}

/** What can be known without the audit log. */
function made({ created_at: at }: ServiceTokenResult): readonly Happening[] {
  return [{ at, text: 'Created', tone: 'good' }]
}

function seenAndComing(token: ServiceTokenResult): readonly Happening[] {
  const { last_seen_at: seen, previous_client_secret_expires_at: grace, expires_at: end } = token
  return [
    ...(seen === undefined ? [] : [{ at: seen, text: 'Last seen by the gate', tone: 'good' as const }]),
    ...(grace === undefined
      ? []
      : [{ at: grace, text: Date.parse(grace) > Date.now() ? 'Previous secret ends' : 'Previous secret ended', tone: 'warn' as const }]),
    ...(isForever(Date.parse(end)) ? [] : [{ at: end, text: Date.parse(end) > Date.now() ? 'Expires' : 'Expired', tone: 'bad' as const }]),
  ]
}

interface Shown {
  readonly name?: string
  readonly enabled?: boolean
  readonly duration?: string
  readonly client_secret_version?: number
  readonly previous_client_secret_expires_at?: string
}

/** An entry of the audit log in words: one for each thing that it changed. */
function happeningsOf({ action: { time: at, description, result }, actor, resource }: AuditLogResult): readonly Happening[] {
  const by = actorOf(actor)
  if (result === 'failure') return [{ at, by, text: `${description}: refused`, tone: 'bad' }]
  const before = (resource.request ?? {}) as Shown
  const after = (resource.response ?? {}) as Shown
  if (resource.request === undefined) return [{ at, by, text: 'Created', tone: 'good' }]
  if (resource.response === undefined) return [{ at, by, text: 'Deleted', tone: 'bad' }]
  const texts = [
    before.client_secret_version !== after.client_secret_version && `Rotated to version ${after.client_secret_version}`,
    before.name !== after.name && `Renamed from “${before.name}”`,
    before.enabled !== after.enabled && (after.enabled ? 'Enabled' : 'Disabled'),
    before.duration !== after.duration && `Lifetime changed to ${lifetimeInWords(after.duration ?? '')}`,
    endedGrace(before, after) && 'Grace period ended or moved',
  ].filter((text) => typeof text === 'string')
  const all = texts.length > 0 ? texts : [description.startsWith('Refresh') ? 'Refreshed' : description]
  return all.map((text) => ({ at, by, text, ...(text === 'Disabled' && { tone: 'bad' as const }) }))
}

function endedGrace(before: Shown, after: Shown): boolean {
  return (
    before.client_secret_version === after.client_secret_version &&
    before.previous_client_secret_expires_at !== after.previous_client_secret_expires_at
  )
}

function dateBefore(at: string): string {
  return new Date(Date.parse(at) - 86_400_000).toISOString().slice(0, 10)
}

function tomorrow(): string {
  return new Date(Date.now() + 86_400_000).toISOString().slice(0, 10)
}
