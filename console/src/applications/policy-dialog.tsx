import { useState } from 'react'
import type { ApplicationPolicyResult, PolicyResult } from '../../../src/wire/access-policy.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { SelectField, TextField } from '../elements/field.tsx'
import { useChange } from '../shell/change.ts'
import { gapIn, RulesEditor } from './rule-editor.tsx'
import type { PolicyWords, Rules } from './rule-words.ts'
import { Sentence, useNames } from './sentence.tsx'

/** What is sent of a policy, be it one of an application or a reusable one. */
export interface PolicyDraft {
  readonly name: string
  readonly decision: PolicyWords['decision']
  readonly include: Rules['include'][number][]
  readonly require: Rules['include'][number][]
  readonly exclude: Rules['include'][number][]
  readonly session_duration: string | null
}

interface PolicyDialogProps {
  /** The one that is changed; a new one without. */
  readonly policy: ApplicationPolicyResult | PolicyResult | undefined
  readonly lead?: string
  readonly save: (draft: PolicyDraft) => Promise<unknown>
  readonly onClose: () => void
}

const decisions: readonly (readonly [PolicyWords['decision'], string])[] = [
  ['non_identity', 'Service Auth: with a valid service token'],
  ['bypass', 'Bypass: without credentials'],
  ['deny', 'Deny'],
  ['allow', 'Allow: people only, lets no machine in'],
]

export function PolicyDialog({ policy, lead, save, onClose }: PolicyDialogProps) {
  const [name, setName] = useState(policy?.name ?? '')
  const [decision, setDecision] = useState<PolicyWords['decision']>(policy?.decision ?? 'non_identity')
  const [rules, setRules] = useState<Rules>(policy ?? { include: [{ any_valid_service_token: {} }], require: [], exclude: [] })
  const names = useNames([rules])
  const change = useChange(
    () => {
      const { include, require, exclude } = rules
      const lists = { include: [...include], require: [...require], exclude: [...exclude] }
      return save({ name: name.trim(), decision, ...lists, session_duration: policy?.session_duration ?? null })
    },
    { said: () => (policy ? 'Policy changed' : 'Policy created'), done: onClose },
  )
  const gap = name.trim() === '' ? 'Give it a name first.' : gapIn(rules)
  return (
    <ActionDialog
      title={policy ? `Policy ${policy.name}` : 'New policy'}
      lead={lead}
      action={policy ? 'Save' : 'Create'}
      isWide
      isBusy={change.isPending}
      error={change.error}
      reason={gap}
      onClose={onClose}
      onAct={() => change.mutate()}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={350} />
      <SelectField label="Decision" value={decision} options={decisions} onChange={setDecision} />
      <RulesEditor rules={rules} onChange={setRules} />
      {gapIn(rules) === undefined && (
        <div className="reading" role="status">
          <Sentence policy={{ ...rules, decision }} names={names} />
        </div>
      )}
    </ActionDialog>
  )
}
