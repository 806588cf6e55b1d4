import { ArrowDown, ArrowUp, Ban, Ellipsis, Power, RefreshCw, Trash2 } from 'lucide-react'
import { Link } from 'react-router'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { Button } from '../elements/button.tsx'
import { Menu, MenuItem, MenuSeparator } from '../elements/menu.tsx'
import { Moment } from '../elements/moment.tsx'
import { usePlace } from '../shell/place.tsx'
import type { BulkAction } from './bulk-actions.ts'
import { type ListQuery, naturalDirection, type Order } from './list-query.ts'
import { StateBadges } from './state.tsx'

type Selection = ReadonlyMap<string, ServiceTokenResult>

interface TokenTableProps {
  readonly tokens: readonly ServiceTokenResult[]
  readonly query: ListQuery
  readonly selected: Selection
  readonly onSelect: (selected: Selection) => void
  readonly onSort: (order: Order, direction: 'asc' | 'desc') => void
  readonly onAct: (action: BulkAction, token: ServiceTokenResult) => void
}

export function TokenTable({ tokens, query, selected, onSelect, onSort, onAct }: TokenTableProps) {
  const all = tokens.every(({ id }) => selected.has(id))
  const some = tokens.some(({ id }) => selected.has(id))
  const select = (which: readonly ServiceTokenResult[], isSelected: boolean) => {
    const next = new Map(selected)
    for (const token of which) {
      if (isSelected) next.set(token.id, token)
      else next.delete(token.id)
    }
    onSelect(next)
  }
  const head = (order: Order, text: string, className?: string) => (
    <SortHead {...{ order, text, query, onSort }} {...(className !== undefined && { className })} />
  )
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th className="cell-tick">
              <input
                type="checkbox"
                className="tick"
                aria-label="Select all on this page"
                checked={all}
                ref={(box) => {
                  if (box) box.indeterminate = some && !all
                }}
                onChange={(event) => select(tokens, event.target.checked)}
              />
            </th>
            {head('name', 'Name')}
            <th className="from-small">State</th>
            {head('last_seen_at', 'Last seen', 'from-medium')}
            {head('expires_at', 'Expires', 'from-medium')}
            {head('created_at', 'Created', 'from-large')}
            <th className="cell-end">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <Row
              key={token.id}
              {...{ token, onAct }}
              isSelected={selected.has(token.id)}
              onSelect={(isSelected) => select([token], isSelected)}
            />
          ))}
        </tbody>
      </table>
    </div>
  )
}

interface SortHeadProps extends Pick<TokenTableProps, 'query' | 'onSort'> {
  readonly order: Order
  readonly text: string
  readonly className?: string
}

function SortHead({ order, text, query, onSort, className }: SortHeadProps) {
  const isSorted = query.order === order
  const opposite = query.direction === 'asc' ? 'desc' : 'asc'
  return (
    <th className={className} aria-sort={isSorted ? (query.direction === 'asc' ? 'ascending' : 'descending') : undefined}>
      <button type="button" className="sort" onClick={() => onSort(order, isSorted ? opposite : naturalDirection(order))}>
        {text}
        {isSorted && (query.direction === 'asc' ? <ArrowUp size={14} aria-hidden /> : <ArrowDown size={14} aria-hidden />)}
      </button>
    </th>
  )
}

interface RowProps extends Pick<TokenTableProps, 'onAct'> {
  readonly token: ServiceTokenResult
  readonly isSelected: boolean
  readonly onSelect: (isSelected: boolean) => void
}

function Row({ token, isSelected, onSelect, onAct }: RowProps) {
  const { home } = usePlace()
  const lastSeen = token.last_seen_at === undefined ? <span className="faint">never</span> : <Moment at={token.last_seen_at} />
  return (
    <tr data-selected={isSelected}>
      <td className="cell-tick">
        <input
          type="checkbox"
          className="tick"
          aria-label={`Select ${token.name}`}
          checked={isSelected}
          onChange={(event) => onSelect(event.target.checked)}
        />
      </td>
      <td>
        <Link to={`${home}/tokens/${token.id}`} className="name-link">
          {token.name}
        </Link>
        <div className="faint small mono client-id">{token.client_id}</div>
        <div className="below-small">
          <StateBadges token={token} />
        </div>
      </td>
      <td className="from-small">
        <StateBadges token={token} />
      </td>
      <td className="from-medium">{lastSeen}</td>
      <td className="from-medium">
        <Moment at={token.expires_at} />
      </td>
      <td className="from-large">
        <Moment at={token.created_at} />
      </td>
      <td className="cell-end">
        <RowMenu token={token} onAct={(action) => onAct(action, token)} />
      </td>
    </tr>
  )
}

function RowMenu({ token, onAct }: { readonly token: ServiceTokenResult; readonly onAct: (action: BulkAction) => void }) {
  const { reasonAgainst } = usePlace()
  const reason = reasonAgainst('service_tokens:write')
  const size = 16
  return (
    <Menu trigger={<Button small kind="plain" icon={<Ellipsis size={size} aria-hidden />} aria-label={`Actions for ${token.name}`} />}>
      {token.enabled ? (
        <MenuItem icon={<Ban size={size} aria-hidden />} reason={reason} onSelect={() => onAct('disable')}>
          Disable
        </MenuItem>
      ) : (
        <MenuItem icon={<Power size={size} aria-hidden />} reason={reason} onSelect={() => onAct('enable')}>
          Enable
        </MenuItem>
      )}
      <MenuItem icon={<RefreshCw size={size} aria-hidden />} reason={reason} onSelect={() => onAct('refresh')}>
        Refresh
      </MenuItem>
      <MenuSeparator />
      <MenuItem icon={<Trash2 size={size} aria-hidden />} isDangerous reason={reason} onSelect={() => onAct('delete')}>
        Delete
      </MenuItem>
    </Menu>
  )
}
