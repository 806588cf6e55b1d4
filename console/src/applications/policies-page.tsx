import { useQuery } from '@tanstack/react-query'
import { Pencil, Plus, ShieldCheck, Trash2, Users } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import type { GroupResult } from '../../../src/wire/access-group.ts'
import type { PolicyResult } from '../../../src/wire/access-policy.ts'
import { Button } from '../elements/button.tsx'
import { Card, Page } from '../elements/page.tsx'
import { Empty, Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { DeleteDialog } from '../shell/delete-dialog.tsx'
import { GuardedCard } from '../shell/guarded.tsx'
import { usePlace } from '../shell/place.tsx'
import { GroupDialog } from './group-dialog.tsx'
import { PolicyDialog } from './policy-dialog.tsx'
import { GroupSentence, Sentence, useGroups, useNames } from './sentence.tsx'

/** What several applications share: policies, and rules under a name. */
export function PoliciesPage() {
  const { place } = usePlace()
  const isAccount = place.kind === 'account'
  return (
    <Page
      title={isAccount ? 'Policies and groups' : 'Groups'}
      lead={
        isAccount
          ? 'What several applications share. The policies of one application are on its own page.'
          : 'Rules under a name. Shared policies belong to the account.'
      }
    >
      {isAccount && (
        <GuardedCard title="Shared policies" permission="apps:read">
          <Policies />
        </GuardedCard>
      )}
      <GuardedCard title="Groups" permission="organization:read">
        <Groups />
      </GuardedCard>
    </Page>
  )
}

type Open<Thing> = 'new' | { readonly thing: Thing; readonly isDeletion: boolean }

function Policies() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const [open, setOpen] = useState<Open<PolicyResult>>()
  const query = useQuery({ queryKey: [place.id, 'policies'], queryFn: ({ signal }) => client.policies.list(place, signal) })
  const names = useNames(query.data?.items ?? [])
  const reason = reasonAgainst('apps:write')
  const close = () => setOpen(undefined)
  return (
    <Card
      title="Shared policies"
      isFlush
      actions={
        <Button small icon={<Plus size={15} aria-hidden />} reason={reason} onClick={() => setOpen('new')}>
          New policy
        </Button>
      }
    >
      <Loaded query={query} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<ShieldCheck size={22} />} title="No shared policies">
              <p>A policy that is made here can be added to several applications, on the page of each.</p>
            </Empty>
          ) : (
            <ul className="rows">
              {items.map((policy) => (
                <Row
                  key={policy.id}
                  name={policy.name}
                  note={`used by ${policy.app_count} ${policy.app_count === 1 ? 'application' : 'applications'}`}
                  reason={reason}
                  onOpen={(isDeletion) => setOpen({ thing: policy, isDeletion })}
                >
                  <Sentence policy={policy} names={names} />
                </Row>
              ))}
            </ul>
          )
        }
      </Loaded>
      {open === 'new' && <PolicyDialog policy={undefined} save={(draft) => client.policies.create(place, draft)} onClose={close} />}
      {typeof open === 'object' && !open.isDeletion && (
        <PolicyDialog
          policy={open.thing}
          lead="It changes for every application that uses it."
          save={(draft) => client.policies.update(place, open.thing.id, draft)}
          onClose={close}
        />
      )}
      {typeof open === 'object' && open.isDeletion && (
        <DeleteDialog
          title={`Delete the policy ${open.thing.name}?`}
          lead={kept}
          said="The policy was deleted"
          remove={() => client.policies.delete(place, open.thing.id)}
          onClose={close}
        />
      )}
    </Card>
  )
}

function Groups() {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const [open, setOpen] = useState<Open<GroupResult>>()
  const query = useGroups()
  const names = useNames(query.data?.items ?? [])
  const reason = reasonAgainst('organization:write')
  const close = () => setOpen(undefined)
  return (
    <Card
      title="Groups"
      isFlush
      actions={
        <Button small icon={<Plus size={15} aria-hidden />} reason={reason} onClick={() => setOpen('new')}>
          New group
        </Button>
      }
    >
      <Loaded query={query} lines={3}>
        {({ items }) =>
          items.length === 0 ? (
            <Empty icon={<Users size={22} />} title="No groups">
              <p>A group is a set of rules under a name, for policies to refer to: the addresses of an office, the tokens of a team.</p>
            </Empty>
          ) : (
            <ul className="rows">
              {items.map((group) => (
                <Row
                  key={group.id}
                  name={group.name}
                  note=""
                  reason={reason}
                  onOpen={(isDeletion) => setOpen({ thing: group, isDeletion })}
                >
                  <GroupSentence group={group} names={names} />
                </Row>
              ))}
            </ul>
          )
        }
      </Loaded>
      {open === 'new' && <GroupDialog group={undefined} onClose={close} />}
      {typeof open === 'object' && !open.isDeletion && <GroupDialog group={open.thing} onClose={close} />}
      {typeof open === 'object' && open.isDeletion && (
        <DeleteDialog
          title={`Delete the group ${open.thing.name}?`}
          lead={kept}
          said="The group was deleted"
          remove={() => client.groups.delete(place, open.thing.id)}
          onClose={close}
        />
      )}
    </Card>
  )
}

interface RowProps {
  readonly name: string
  readonly note: string
  readonly reason: string | undefined
  readonly onOpen: (isDeletion: boolean) => void
  readonly children: ReactNode
}

function Row({ name, note, reason, onOpen, children }: RowProps) {
  return (
    <li className="row-item">
      <div className="row-head">
        <span className="row">
          <span className="strong breaks">{name}</span>
          <span className="small faint">{note}</span>
        </span>
        <span className="row">
          <Button
            small
            kind="plain"
            icon={<Pencil size={15} aria-hidden />}
            aria-label={`Edit ${name}`}
            reason={reason}
            onClick={() => onOpen(false)}
          />
          <Button
            small
            kind="plain"
            icon={<Trash2 size={15} aria-hidden />}
            aria-label={`Delete ${name}`}
            reason={reason}
            onClick={() => onOpen(true)}
          />
        </span>
      </div>
      {children}
    </li>
  )
}

/** Said of policies and groups alike. */
const kept = 'What something still uses is kept, and the answer says by what it is used.'
