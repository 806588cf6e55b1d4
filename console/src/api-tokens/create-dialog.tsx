import { useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import type { ApiTokenOwner } from '../../../src/client/api-tokens.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { CheckField, TextField } from '../elements/field.tsx'
import { Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { useAttempts, useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'

interface CreateDialogProps {
  readonly owner: ApiTokenOwner
  readonly onClose: () => void
  readonly onIssued: (value: string) => void
}

const userScope = 'com.cloudflare.api.user'

/** A new API token for the account that is shown: what it may do there, until when, and from where. */
export function CreateDialog({ owner, onClose, onIssued }: CreateDialogProps) {
  const { place, name: placeName } = usePlace()
  const client = useClient()
  const attemptOf = useAttempts()
  const [name, setName] = useState('')
  const [chosen, setChosen] = useState<ReadonlySet<string>>(new Set())
  const [until, setUntil] = useState('')
  const [ranges, setRanges] = useState('')
  const groups = useQuery({
    queryKey: ['permission-groups', owner === 'user' ? 'user' : owner.id],
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) => client.apiTokens.permissionGroups(owner, signal),
  })
  // Those about users have other resources, and there are two of each that is about applications: the one for accounts holds for zones too.
  const offered = (groups.data ?? []).filter(({ scopes, id, name }, _index, all) => !scopes.includes(userScope) && isFirst(all, id, name))
  const create = useChange(
    async () => {
      const addresses = ranges.split(/[\s,]+/).filter((range) => range !== '')
      const draft = {
        name: name.trim(),
        policies: [
          {
            effect: 'allow' as const,
            resources: { [`com.cloudflare.api.account.${place.id}`]: '*' as const },
            permission_groups: [...chosen].map((id) => ({ id })),
          },
        ],
        ...(until !== '' && { expires_on: new Date(`${until}T00:00:00`).toISOString() }),
        ...(addresses.length > 0 && { condition: { request_ip: { in: addresses } } }),
      }
      return (await client.apiTokens.create(owner, draft, attemptOf(draft))).value
    },
    { done: onIssued },
  )
  const toggle = (id: string, isChosen: boolean) => setChosen(new Set(isChosen ? [...chosen, id] : [...chosen].filter((one) => one !== id)))
  return (
    <ActionDialog
      title="New API token"
      lead={`For ${placeName} and its zones. It can be given no more than your own credential may do.`}
      action="Create"
      isBusy={create.isPending}
      error={create.error}
      reason={name.trim() === '' ? 'Give it a name first.' : chosen.size === 0 ? 'Choose what it may do.' : undefined}
      onClose={onClose}
      onAct={() => create.mutate()}
    >
      <TextField label="Name" value={name} onChange={setName} maxLength={120} />
      <fieldset className="field">
        <legend className="field-label">Permissions</legend>
        <Loaded query={groups} lines={6}>
          {() => (
            <div className="stack-tight">
              {offered.map((group) => (
                <CheckField
                  key={group.id}
                  label={group.name}
                  isChecked={chosen.has(group.id)}
                  onChange={(isChosen) => toggle(group.id, isChosen)}
                />
              ))}
            </div>
          )}
        </Loaded>
      </fieldset>
      <TextField label="Valid until" type="date" value={until} onChange={setUntil} hint="Empty for no end." />
      <TextField
        label="Only from"
        value={ranges}
        onChange={setRanges}
        placeholder="203.0.113.0/24"
        spellCheck={false}
        hint="IP addresses or ranges, separated by spaces. Empty for everywhere."
      />
    </ActionDialog>
  )
}

function isFirst(all: readonly { readonly id: string; readonly name: string }[], id: string, name: string): boolean {
  return all.find((group) => group.name === name)?.id === id
}
