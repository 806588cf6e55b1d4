import { ChevronDown, ChevronRight } from 'lucide-react'
import { Fragment, useState } from 'react'
import { Link } from 'react-router'
import type { AuditLogResult } from '../../../src/wire/audit-log.ts'
import { Button } from '../elements/button.tsx'
import { Copyable } from '../elements/copy.tsx'
import { exactly } from '../elements/instants.ts'
import { Moment } from '../elements/moment.tsx'
import { usePlace } from '../shell/place.tsx'
import { actorOf, deedOf } from './audit-words.ts'

export function AuditTable({ entries }: { readonly entries: readonly AuditLogResult[] }) {
  const [open, setOpen] = useState<string>()
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th className="cell-tick">
              <span className="unseen">Details</span>
            </th>
            <th className="from-small">When</th>
            <th>What</th>
            <th className="from-medium">Who</th>
            <th className="from-large">From</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => {
            const isOpen = entry.id === open
            return (
              <Fragment key={entry.id}>
                <Row entry={entry} isOpen={isOpen} onToggle={() => setOpen(isOpen ? undefined : entry.id)} />
                {isOpen && (
                  <tr>
                    <td colSpan={5} className="cell-detail">
                      <Detail entry={entry} />
                    </td>
                  </tr>
                )}
              </Fragment>
            )
          })}
        </tbody>
      </table>
    </div>
  )
}

interface RowProps {
  readonly entry: AuditLogResult
  readonly isOpen: boolean
  readonly onToggle: () => void
}

function Row({ entry, isOpen, onToggle }: RowProps) {
  const { action, actor } = entry
  const name = nameIn(entry)
  const to = usePathOf(entry)
  const icon = isOpen ? <ChevronDown size={15} aria-hidden /> : <ChevronRight size={15} aria-hidden />
  return (
    <tr>
      <td className="cell-tick">
        <Button
          small
          kind="plain"
          icon={icon}
          aria-expanded={isOpen}
          aria-label={`Details of ${deedOf(action)} ${name}`}
          onClick={onToggle}
        />
      </td>
      <td className="from-small">
        <Moment at={action.time} />
      </td>
      <td className="breaks">
        <span className="row">
          <span className="strong">{deedOf(action)}</span>
          {action.result === 'failure' && <span className="badge badge-bad">Refused</span>}
        </span>
        {name !== '' && <div className="soft">{to === undefined ? name : <Link to={to}>{name}</Link>}</div>}
        <div className="soft small below-medium">{actorOf(actor)}</div>
        <div className="soft small below-small">
          <Moment at={action.time} />
        </div>
      </td>
      <td className="from-medium breaks">{actorOf(actor)}</td>
      <td className="from-large mono small">{actor.ip_address ?? ''}</td>
    </tr>
  )
}

/** Where the thing has a page, unless it was deleted. */
function usePathOf({ resource: { id, type, scope, response } }: AuditLogResult): string | undefined {
  const { home } = usePlace()
  const pages: Readonly<Record<string, string>> = { service_token: 'tokens', application: 'applications' }
  const page = pages[type ?? '']
  return page === undefined || scope !== 'accounts' || id === undefined || response === undefined ? undefined : `${home}/${page}/${id}`
}

type Fields = Readonly<Record<string, unknown>>

/** What it was called, or is now; or why it was refused. */
function nameIn({ resource }: AuditLogResult): string {
  const { name, error } = (resource.response ?? resource.request ?? {}) as Fields
  if (typeof name === 'string') return name
  return typeof error === 'string' ? error.replaceAll('_', ' ') : ''
}

function Detail({ entry: { action, resource, raw, actor } }: { readonly entry: AuditLogResult }) {
  return (
    <div className="stack">
      <Changes before={(resource.request ?? {}) as Fields} after={(resource.response ?? {}) as Fields} />
      <dl className="facts small">
        <dt>Time</dt>
        <dd>
          {exactly(Date.parse(action.time))} ({action.time})
        </dd>
        {resource.id !== undefined && (
          <>
            <dt>ID</dt>
            <dd>
              <Copyable text={resource.id} what="ID" />
            </dd>
          </>
        )}
        {actor.ip_address !== undefined && (
          <>
            <dt>From</dt>
            <dd className="mono">{actor.ip_address}</dd>
          </>
        )}
        {raw && (
          <>
            <dt>Request</dt>
            <dd className="mono">
              {raw.method} {raw.uri} → {raw.status_code}
            </dd>
            <dt>Ray id</dt>
            <dd className="mono">{raw.cf_ray_id}</dd>
            <dt>Client</dt>
            <dd>{raw.user_agent}</dd>
          </>
        )}
      </dl>
    </div>
  )
}

/** Field by field, what it was and what it became; fields that stayed are left out of a change. */
function Changes({ before, after }: { readonly before: Fields; readonly after: Fields }) {
  const isChange = Object.keys(before).length > 0 && Object.keys(after).length > 0
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])].filter(
    (name) => !isChange || shown(before[name]) !== shown(after[name]),
  )
  if (names.length === 0) return null
  return (
    <table className="table changes">
      <thead>
        <tr>
          <th>Field</th>
          <th>Before</th>
          <th>After</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <td className="soft">{name.replaceAll('_', ' ')}</td>
            <td className="breaks">{shown(before[name])}</td>
            <td className="breaks">{shown(after[name])}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function shown(value: unknown): string {
  if (value === undefined) return '–'
  return typeof value === 'string' ? value : JSON.stringify(value)
}
