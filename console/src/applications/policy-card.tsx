import { FilePlus, Plus, Share2 } from 'lucide-react'
import { useState } from 'react'
import { inOrder } from '../../../src/client/applications.ts'
import type { ApplicationPolicyResult } from '../../../src/wire/access-policy.ts'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { Button } from '../elements/button.tsx'
import { messageOf } from '../elements/dialog.tsx'
import { Menu, MenuItem } from '../elements/menu.tsx'
import { Note } from '../elements/note.tsx'
import { Card } from '../elements/page.tsx'
import { useClient } from '../session/session.tsx'
import { DeleteDialog } from '../shell/delete-dialog.tsx'
import { usePlace } from '../shell/place.tsx'
import { PolicyDialog } from './policy-dialog.tsx'
import { usePolicyOrder } from './policy-order.ts'
import { type PolicyAction, PolicyRow } from './policy-row.tsx'
import { useNames } from './sentence.tsx'
import { ShareDialog } from './share-dialog.tsx'

type Open = 'new' | 'shared' | { readonly policy: ApplicationPolicyResult; readonly isRemoval: boolean }

/** Who gets in, in the order in which it is asked. */
export function PolicyCard({ application }: { readonly application: ApplicationResult }) {
  const { reasonAgainst } = usePlace()
  const names = useNames(application.policies)
  const [open, setOpen] = useState<Open>()
  const order = usePolicyOrder(application)
  const reason = reasonAgainst('apps:write')
  const policies = inOrder(application)
  const act = (policy: ApplicationPolicyResult, action: PolicyAction) => {
    if (action === 'edit' || action === 'remove') setOpen({ policy, isRemoval: action === 'remove' })
    else if (!order.isPending) order.mutate({ policy, direction: action })
  }
  return (
    <Card
      title="Who gets in"
      lead="Service Auth and bypass are asked first, then the others: the first that matches decides. Who meets none is refused."
      isFlush
      actions={<AddPolicy reason={reason} onChoose={setOpen} />}
    >
      {order.error && (
        <div className="card-body">
          <Note kind="bad">{messageOf(order.error)}</Note>
        </div>
      )}
      {policies.length === 0 ? (
        <p className="card-body soft">No policy yet: everybody is refused.</p>
      ) : (
        <ol className="rows">
          {policies.map((policy, index) => (
            <PolicyRow
              key={policy.id}
              {...{ policy, names, reason }}
              isFirst={index === 0}
              isLast={index === policies.length - 1}
              onAct={(action) => act(policy, action)}
            />
          ))}
        </ol>
      )}
      {open && <PolicyWindow application={application} open={open} onClose={() => setOpen(undefined)} />}
    </Card>
  )
}

interface AddPolicyProps {
  readonly reason: string | undefined
  readonly onChoose: (kind: 'new' | 'shared') => void
}

function AddPolicy({ reason, onChoose }: AddPolicyProps) {
  const size = 16
  const button = (
    <Button small icon={<Plus size={15} aria-hidden />} reason={reason}>
      Add policy
    </Button>
  )
  if (reason !== undefined) return button
  return (
    <Menu trigger={button}>
      <MenuItem icon={<FilePlus size={size} aria-hidden />} onSelect={() => onChoose('new')}>
        A new one, for this application
      </MenuItem>
      <MenuItem icon={<Share2 size={size} aria-hidden />} onSelect={() => onChoose('shared')}>
        A shared one of the account
      </MenuItem>
    </Menu>
  )
}

interface PolicyWindowProps {
  readonly application: ApplicationResult
  readonly open: Open
  readonly onClose: () => void
}

function PolicyWindow({ application, open, onClose }: PolicyWindowProps) {
  const { place } = usePlace()
  const { applications } = useClient()
  const { id, name } = application
  if (open === 'shared') return <ShareDialog application={application} onClose={onClose} />
  if (open === 'new')
    return <PolicyDialog policy={undefined} save={(draft) => applications.createPolicy(place, id, draft)} onClose={onClose} />
  const { policy, isRemoval } = open
  if (!isRemoval) {
    const save = (draft: Parameters<typeof applications.createPolicy>[2]) =>
      applications.updatePolicy(place, id, policy.id, { ...draft, precedence: policy.precedence })
    return <PolicyDialog policy={policy} save={save} onClose={onClose} />
  }
  const consequence = 'Whom only this policy lets in is refused from now on.'
  if (policy.reusable)
    return (
      <DeleteDialog
        title={`Take ${policy.name} out of ${name}?`}
        lead={`${consequence} The policy itself is kept, and stays with other applications that use it.`}
        action="Take out"
        said="Policy taken out"
        remove={() => applications.choosePolicies(place, id, (ids) => ids.filter((one) => one !== policy.id))}
        onClose={onClose}
      />
    )
  return (
    <DeleteDialog
      title={`Delete the policy ${policy.name}?`}
      lead={consequence}
      said="Policy deleted"
      remove={() => applications.deletePolicy(place, id, policy.id)}
      onClose={onClose}
    />
  )
}
