import { Check, Minus } from 'lucide-react'
import type { PermissionResult } from '../../../src/wire/permission.ts'
import { Button } from '../elements/button.tsx'
import { Dialog } from '../elements/dialog.tsx'
import { subjects } from './permission-words.ts'
import { usePlace } from './place.tsx'

/** What the credential may do in the account or zone that is shown. */
export function PermissionsDialog({ onClose }: { readonly onClose: () => void }) {
  const { place, name } = usePlace()
  return (
    <Dialog
      title="What you may do here"
      lead={`Your credential's permissions in the ${place.kind} ${name}. What they do not allow is greyed, with the permission that is missing.`}
      onClose={onClose}
      foot={<Button onClick={onClose}>Close</Button>}
    >
      <div className="dialog-body">
        <div className="table-frame">
          <table className="table permissions">
            <thead>
              <tr>
                <th>Permission</th>
                <th>Read</th>
                <th>Write</th>
              </tr>
            </thead>
            <tbody>
              {Object.entries(subjects).map(([subject, text]) => (
                <tr key={subject}>
                  <th scope="row">{text}</th>
                  <td>
                    <Mark permission={`${subject}:read` as PermissionResult} />
                  </td>
                  <td>{subject === 'audit_logs' ? '' : <Mark permission={`${subject}:write` as PermissionResult} />}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </div>
    </Dialog>
  )
}

function Mark({ permission }: { readonly permission: PermissionResult }) {
  const { reasonAgainst } = usePlace()
  const isHeld = reasonAgainst(permission) === undefined
  return (
    <>
      {isHeld ? <Check size={17} className="tone-good" aria-hidden /> : <Minus size={17} className="faint" aria-hidden />}
      <span className="unseen">{isHeld ? 'yes' : 'no'}</span>
    </>
  )
}
