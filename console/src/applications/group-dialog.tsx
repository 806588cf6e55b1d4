import { useState } from 'react'
import type { GroupResult } from '../../../src/wire/access-group.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { TextField } from '../elements/field.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { gapIn, RulesEditor } from './rule-editor.tsx'
import type { Rules } from './rule-words.ts'
import { GroupSentence, useNames } from './sentence.tsx'

/** A group that is changed; a new one without. */
export function GroupDialog({ group, onClose }: { readonly group: GroupResult | undefined; readonly onClose: () => void }) {
  const { place } = usePlace()
  const client = useClient()
  const [name, setName] = useState(group?.name ?? '')
  const [rules, setRules] = useState<Rules>(group ?? { include: [{ ip: { ip: '' } }], require: [], exclude: [] })
  const names = useNames([rules])
  const change = useChange(
    () => {
      const draft = { name: name.trim(), include: [...rules.include], require: [...rules.require], exclude: [...rules.exclude] }
      return group ? client.groups.update(place, group.id, draft) : client.groups.create(place, draft)
    },
    { said: () => (group ? 'Group changed' : 'Group created'), done: onClose },
  )
  return (
    <ActionDialog
      title={group ? `Group ${group.name}` : 'New group'}
      action={group ? 'Save' : 'Create'}
      isWide
      isBusy={change.isPending}
      error={change.error}
      reason={name.trim() === '' ? 'Give it a name first.' : gapIn(rules)}
      onClose={onClose}
      onAct={() => change.mutate()}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={350} />
      <RulesEditor rules={rules} onChange={setRules} />
      {gapIn(rules) === undefined && (
        <div className="reading" role="status">
          <GroupSentence group={rules} names={names} />
        </div>
      )}
    </ActionDialog>
  )
}
