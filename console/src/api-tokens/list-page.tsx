import { useQuery } from '@tanstack/react-query'
import { Ban, Ellipsis, Plus, Power, RotateCw, Trash2, UserKey } from 'lucide-react'
import { useState } from 'react'
import type { ApiTokenOwner } from '../../../src/client/api-tokens.ts'
import type { ApiTokenResult } from '../../../src/wire/api-token.ts'
import { Button } from '../elements/button.tsx'
import { Choices } from '../elements/field.tsx'
import { Menu, MenuItem, MenuSeparator } from '../elements/menu.tsx'
import { Moment } from '../elements/moment.tsx'
import { Page } from '../elements/page.tsx'
import { Pager } from '../elements/pager.tsx'
import { Empty, Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { Guarded } from '../shell/guarded.tsx'
import { usePlace } from '../shell/place.tsx'
import { type ApiTokenAction, ApiTokenDialog } from './action-dialog.tsx'
import { CreateDialog } from './create-dialog.tsx'
import { ValueDialog } from './value-dialog.tsx'

const perPage = 50

/** The credentials for this API: those of an account, and those of whoever is signed in. */
export function ListPage() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const [whose, setWhose] = useState<'account' | 'user'>(() => (reasonAgainst('account_tokens:read') === undefined ? 'account' : 'user'))
  const [page, setPage] = useState(1)
  const [isCreating, setCreating] = useState(false)
  const [intention, setIntention] = useState<{ readonly action: ApiTokenAction; readonly token: ApiTokenResult }>()
  const [value, setValue] = useState<string>()
  const owner: ApiTokenOwner = whose === 'user' ? 'user' : place
  const query = useQuery({
    queryKey: [place.id, 'api-tokens', whose, page],
    enabled: whose === 'user' || reasonAgainst('account_tokens:read') === undefined,
    queryFn: ({ signal }) => client.apiTokens.list(owner, page, signal),
  })
  const reason = whose === 'account' ? reasonAgainst('account_tokens:write') : undefined
  const list = (
    <Loaded query={query} lines={5}>
      {({ items, total, pages }) =>
        items.length === 0 ? (
          <Empty icon={<UserKey size={22} />} title="No API tokens">
            <p>Give every program and person one of their own, with no more permissions than they need.</p>
          </Empty>
        ) : (
          <>
            <TokenTable tokens={items} reason={reason} onAct={(action, token) => setIntention({ action, token })} />
            <Pager {...{ page, pages, total, perPage }} what="API tokens" onPage={setPage} />
          </>
        )
      }
    </Loaded>
  )
  return (
    <Page
      title="API tokens"
      lead="Credentials for the management API and this console, each with permissions of its own."
      actions={
        <Button kind="primary" icon={<Plus size={16} aria-hidden />} reason={reason} onClick={() => setCreating(true)}>
          New API token
        </Button>
      }
    >
      <Choices
        label="Whose"
        value={whose}
        options={[
          ['account', 'The account’s'],
          ['user', 'Yours'],
        ]}
        onChange={(chosen) => {
          setWhose(chosen)
          setPage(1)
        }}
      />
      <section className="card" aria-label="API tokens">
        {whose === 'account' ? <Guarded permission="account_tokens:read">{list}</Guarded> : list}
      </section>
      {isCreating && (
        <CreateDialog
          owner={owner}
          onClose={() => setCreating(false)}
          onIssued={(issued) => {
            setCreating(false)
            setValue(issued)
          }}
        />
      )}
      {intention && <ApiTokenDialog {...intention} owner={owner} onClose={() => setIntention(undefined)} onIssued={setValue} />}
      {value !== undefined && <ValueDialog value={value} onClose={() => setValue(undefined)} />}
    </Page>
  )
}

interface TokenTableProps {
  readonly tokens: readonly ApiTokenResult[]
  readonly reason: string | undefined
  readonly onAct: (action: ApiTokenAction, token: ApiTokenResult) => void
}

const tones = { active: 'badge badge-good', disabled: 'badge', expired: 'badge badge-bad' } as const
const states = { active: 'Active', disabled: 'Disabled', expired: 'Expired' } as const

function TokenTable({ tokens, reason, onAct }: TokenTableProps) {
  const size = 16
  return (
    <div className="table-frame">
      <table className="table">
        <thead>
          <tr>
            <th>Name</th>
            <th>State</th>
            <th className="from-medium">Last used</th>
            <th className="from-medium">Expires</th>
            <th className="cell-end">
              <span className="unseen">Actions</span>
            </th>
          </tr>
        </thead>
        <tbody>
          {tokens.map((token) => (
            <tr key={token.id}>
              <td>
                <span className="strong breaks">{token.name}</span>
                <div className="small soft breaks">{permissionsIn(token)}</div>
                {ranges(token) !== '' && <div className="small faint breaks">{ranges(token)}</div>}
              </td>
              <td>
                <span className={tones[token.status]}>{states[token.status]}</span>
              </td>
              <td className="from-medium">
                {token.last_used_on === undefined ? <span className="faint">never</span> : <Moment at={token.last_used_on} />}
              </td>
              <td className="from-medium">{token.expires_on === undefined ? 'never' : <Moment at={token.expires_on} />}</td>
              <td className="cell-end">
                <Menu
                  trigger={
                    <Button small kind="plain" icon={<Ellipsis size={size} aria-hidden />} aria-label={`Actions for ${token.name}`} />
                  }
                >
                  <MenuItem icon={<RotateCw size={size} aria-hidden />} reason={reason} onSelect={() => onAct('roll', token)}>
                    Roll
                  </MenuItem>
                  {token.status === 'disabled' ? (
                    <MenuItem icon={<Power size={size} aria-hidden />} reason={reason} onSelect={() => onAct('enable', token)}>
                      Enable
                    </MenuItem>
                  ) : (
                    <MenuItem icon={<Ban size={size} aria-hidden />} reason={reason} onSelect={() => onAct('disable', token)}>
                      Disable
                    </MenuItem>
                  )}
                  <MenuSeparator />
                  <MenuItem icon={<Trash2 size={size} aria-hidden />} isDangerous reason={reason} onSelect={() => onAct('delete', token)}>
                    Delete
                  </MenuItem>
                </Menu>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}

const mostNamed = 3

function permissionsIn({ policies }: ApiTokenResult): string {
  const names = [
    ...new Set(
      policies
        .filter(({ effect }) => effect === 'allow')
        .flatMap((policy) => policy.permission_groups.map(({ name }) => name.replace('Access: ', ''))),
    ),
  ]
  return names.length > mostNamed ? `${names.slice(0, mostNamed).join(', ')} and ${names.length - mostNamed} more` : names.join(', ')
}

/** From where it may be used, where that is not anywhere. */
function ranges({ condition }: ApiTokenResult): string {
  const { in: only = [], not_in: never = [] } = condition?.request_ip ?? {}
  return [only.length > 0 && `only from ${only.join(', ')}`, never.length > 0 && `never from ${never.join(', ')}`]
    .filter(Boolean)
    .join(', ')
}
