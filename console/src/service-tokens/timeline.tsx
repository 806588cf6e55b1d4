import type { AuditLogResult } from '../../../src/wire/audit-log.ts'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { isForever } from '../elements/instants.ts'
import { Moment, useNow } from '../elements/moment.tsx'
import { Card } from '../elements/page.tsx'
import { actorOf } from '../logs/audit-words.ts'
import { usePlace } from '../shell/place.tsx'
import { lifetimeInWords } from './lifetime.ts'
import { type Shown, shownIn, useTrail } from './trail.ts'

interface Happening {
  readonly at: string
  readonly text: string
  readonly by?: string | undefined
  readonly tone?: 'good' | 'warn' | 'bad'
}

/** Its life: what was done to it, by whom, what the gate saw of it, and what is to come. Newest first. */
export function Timeline({ token }: { readonly token: ServiceTokenResult }) {
  const { place } = usePlace()
  const now = useNow()
  const trail = useTrail(token)
  const told = trail.data?.entries.flatMap(happeningsOf) ?? []
  const done = told.some(({ text }) => text === created) ? told : [...told, made(token)]
  const happenings = [...done, ...seenAndComing(token)].toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at))
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
      {!trail.isEnabled && (
        <p className="small soft timeline-note">
          {place.kind === 'zone'
            ? 'What was done since is in the audit log of the account.'
            : 'What was done since is in the audit log, which your credential may not read.'}
        </p>
      )}
    </Card>
  )
}

const created = 'Created'

/** What can be known without the audit log, and beyond its end. */
function made({ created_at: at }: ServiceTokenResult): Happening {
  return { at, text: created, tone: 'good' }
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

/** An entry of the audit log in words: one for each thing that it changed. */
function happeningsOf(entry: AuditLogResult): readonly Happening[] {
  const { at, by } = { at: entry.action.time, by: actorOf(entry.actor) }
  if (entry.action.result === 'failure') return [{ at, by, text: `${entry.action.description}: refused`, tone: 'bad' }]
  const { resource } = entry
  if (resource.request === undefined) return [{ at, by, text: created, tone: 'good' }]
  if (resource.response === undefined) return [{ at, by, text: 'Deleted', tone: 'bad' }]
  const { before, after } = shownIn(entry)
  const texts = [
    before.client_secret_version !== after.client_secret_version && `Rotated to version ${after.client_secret_version}`,
    before.name !== after.name && `Renamed from “${before.name}”`,
    before.enabled !== after.enabled && (after.enabled ? 'Enabled' : 'Disabled'),
    before.duration !== after.duration && `Lifetime changed to ${lifetimeInWords(after.duration ?? '')}`,
    endedGrace(before, after) && 'Grace period ended or moved',
  ].filter((text) => typeof text === 'string')
  const all = texts.length > 0 ? texts : [entry.action.description.startsWith('Refresh') ? 'Refreshed' : entry.action.description]
  return all.map((text) => ({ at, by, text, ...(text === 'Disabled' && { tone: 'bad' as const }) }))
}

function endedGrace(before: Shown, after: Shown): boolean {
  return (
    before.client_secret_version === after.client_secret_version &&
    before.previous_client_secret_expires_at !== after.previous_client_secret_expires_at
  )
}
