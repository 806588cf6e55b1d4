import { useState } from 'react'
import type { OrganizationResult } from '../../../src/wire/organization.ts'
import { CheckField, Choices, TextField } from '../elements/field.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { Form } from './form.tsx'

type Rule = OrganizationResult['service_token_inactivity']

export function InactivityForm({ rule }: { readonly rule: Rule }) {
  const { place } = usePlace()
  const client = useClient()
  const [isOn, setOn] = useState(rule.enabled)
  const [days, setDays] = useState(String(rule.inactivity_threshold_days))
  const [action, setAction] = useState<Rule['action']>(rule.action)
  const isChanged = isOn !== rule.enabled || days !== String(rule.inactivity_threshold_days) || action !== rule.action
  const count = /^\d{1,3}$/.test(days) ? Number(days) : 0
  const gap = count < 30 || count > 365 ? 'Choose from 30 to 365 days.' : undefined
  const save = useChange(
    () => client.organization.update(place, { service_token_inactivity: { enabled: isOn, inactivity_threshold_days: count, action } }),
    { said: () => 'Inactivity rule saved' },
  )
  return (
    <Form isBusy={save.isPending} error={save.error} {...{ gap, isChanged }} onSave={() => save.mutate()}>
      <CheckField label="End tokens that nobody uses" isChecked={isOn} onChange={setOn} />
      <TextField label="After days without use" value={days} onChange={setDays} inputMode="numeric" error={gap} />
      <Choices
        label="What is done"
        value={action}
        options={[
          ['disable', 'Disable'],
          ['delete', 'Delete'],
        ]}
        onChange={setAction}
      />
    </Form>
  )
}
