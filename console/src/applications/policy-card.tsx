import { Pencil, Plus, Trash2 } from 'lucide-react'
import { useState } from 'react'
import type { ApplicationPolicyResult } from '../../../src/wire/access-policy.ts'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import { Button } from '../elements/button.tsx'
import { Card } from '../elements/page.tsx'
import { useClient } from '../session/session.tsx'
import { DeleteDialog } from '../shell/delete-dialog.tsx'
import { usePlace } from '../shell/place.tsx'
import { PolicyDialog } from './policy-dialog.tsx'
import { Sentence, useNames } from './sentence.tsx'

type Open = 'new' | { readonly policy: ApplicationPolicyResult; readonly isDeletion: boolean }

/** Who gets in, in the order in which it is asked. */
export function PolicyCard({ application }: { readonly application: ApplicationResult }) {
  const { place, reasonAgainst } = usePlace()
  const client = useClient()
  const names = useNames(application.policies)
  const [open, setOpen] = useState<Open>()
  const reason = reasonAgainst('apps:write')
  const close = () => setOpen(undefined)
  const policies = application.policies.toSorted((a, b) => a.precedence - b.precedence)
  return (
    <Card
      title="Who gets in"
      lead="The first policy that matches decides. Who meets none is refused."
      isFlush
      actions={
        <Button small icon={<Plus size={15} aria-hidden />} reason={reason} onClick={() => setOpen('new')}>
          Add a policy
        </Button>
      }
    >
      {policies.length === 0 ? (
        <p className="card-body soft">No policy yet: everybody is refused.</p>
      ) : (
        <ol className="rows">
          {policies.map((policy) => (
            <li key={policy.id} className="row-item">
              <div className="row-apart">
                <span className="row">
                  <span className="strong">{policy.name}</span>
                  {policy.reusable && <span className="badge">Shared</span>}
                </span>
                <span className="row">
                  <Button
                    small
                    kind="plain"
                    icon={<Pencil size={15} aria-hidden />}
                    aria-label={`Edit ${policy.name}`}
                    reason={reason ?? (policy.reusable ? 'Several applications share it. Edit it on the page of policies.' : undefined)}
                    onClick={() => setOpen({ policy, isDeletion: false })}
                  />
                  <Button
                    small
                    kind="plain"
                    icon={<Trash2 size={15} aria-hidden />}
                    aria-label={`Remove ${policy.name}`}
                    reason={reason ?? (policy.reusable ? 'It is shared: this page cannot take it out.' : undefined)}
                    onClick={() => setOpen({ policy, isDeletion: true })}
                  />
                </span>
              </div>
              <Sentence policy={policy} names={names} />
            </li>
          ))}
        </ol>
      )}
      {open === 'new' && (
        <PolicyDialog policy={undefined} save={(draft) => client.applications.createPolicy(place, application.id, draft)} onClose={close} />
      )}
      {typeof open === 'object' && !open.isDeletion && (
        <PolicyDialog
          policy={open.policy}
          save={(draft) =>
            client.applications.updatePolicy(place, application.id, open.policy.id, { ...draft, precedence: open.policy.precedence })
          }
          onClose={close}
        />
      )}
      {typeof open === 'object' && open.isDeletion && (
        <DeleteDialog
          title={`Delete the policy ${open.policy.name}?`}
          lead="Whom only this policy lets in is refused from now on."
          said="Policy deleted"
          remove={() => client.applications.deletePolicy(place, application.id, open.policy.id)}
          onClose={close}
        />
      )}
    </Card>
  )
}
