import { useState } from 'react'
import type { OrganizationResult } from '../../../src/wire/organization.ts'
import { CheckField, TextField } from '../elements/field.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { Form } from './form.tsx'

export function OrganizationForm({ organization }: { readonly organization: OrganizationResult }) {
  const { place } = usePlace()
  const client = useClient()
  const [name, setName] = useState(organization.name)
  const [domain, setDomain] = useState(organization.auth_domain)
  const [session, setSession] = useState(organization.session_duration)
  const [isStrict, setStrict] = useState(organization.strict_service_token_auth)
  const isChanged =
    name !== organization.name ||
    domain !== organization.auth_domain ||
    session !== organization.session_duration ||
    isStrict !== organization.strict_service_token_auth
  const save = useChange(
    () => client.organization.update(place, { name, auth_domain: domain, session_duration: session, strict_service_token_auth: isStrict }),
    { said: () => 'Settings saved' },
  )
  const gap = [name, domain, session].some((text) => text.trim() === '') ? 'Fill in every field.' : undefined
  return (
    <Form isBusy={save.isPending} error={save.error} {...{ gap, isChanged }} onSave={() => save.mutate()}>
      <TextField label="Name" value={name} onChange={setName} maxLength={350} />
      <TextField
        label="Auth domain"
        value={domain}
        onChange={setDomain}
        spellCheck={false}
        hint="The issuer in assertions. Services that verify them must know it: change both together."
      />
      <TextField
        label="Session duration"
        value={session}
        onChange={setSession}
        spellCheck={false}
        hint="Such as 24h, 30m or 1h30m, for applications that say nothing else."
      />
      <CheckField
        label="Strict service token authentication"
        hint="Every request carries the token. Otherwise the first one gets a session cookie."
        isChecked={isStrict}
        onChange={setStrict}
      />
    </Form>
  )
}
