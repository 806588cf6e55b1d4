import type { ApiTokenOwner } from '../../../src/client/api-tokens.ts'
import type { ApiTokenResult } from '../../../src/wire/api-token.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { useClient } from '../session/session.tsx'
import { useAttempts, useChange } from '../shell/change.ts'

export type ApiTokenAction = 'roll' | 'enable' | 'disable' | 'delete'

const words: { readonly [Action in ApiTokenAction]: { readonly verb: string; readonly done: string; readonly consequence: string } } = {
  roll: { verb: 'Roll', done: 'rolled', consequence: 'It gets a new value, which is shown once. The present value is refused at once.' },
  enable: { verb: 'Enable', done: 'enabled', consequence: 'The API accepts it again.' },
  disable: { verb: 'Disable', done: 'disabled', consequence: 'The API refuses it from now on. It can be enabled again.' },
  delete: { verb: 'Delete', done: 'deleted', consequence: 'The API refuses it from now on, and nobody can bring it back.' },
}

interface ApiTokenDialogProps {
  readonly action: ApiTokenAction
  readonly token: ApiTokenResult
  readonly owner: ApiTokenOwner
  readonly onClose: () => void
  readonly onIssued: (value: string) => void
}

export function ApiTokenDialog({ action, token, owner, onClose, onIssued }: ApiTokenDialogProps) {
  const client = useClient()
  const attemptOf = useAttempts()
  const { verb, done, consequence } = words[action]
  const change = useChange(
    async (): Promise<string | undefined> => {
      if (action === 'roll') return client.apiTokens.roll(owner, token.id, attemptOf({ roll: token.id, of: token.modified_on }))
      if (action === 'delete') await client.apiTokens.delete(owner, token.id)
      else await client.apiTokens.update(owner, token.id, { ...asChosen(token), status: action === 'enable' ? 'active' : 'disabled' })
      return undefined
    },
    {
      said: () => `API token ${done}`,
      done(value) {
        onClose()
        if (value !== undefined) onIssued(value)
      },
    },
  )
  return (
    <ActionDialog
      title={`${verb} ${token.name}?`}
      lead={consequence}
      action={verb}
      isDangerous={action !== 'enable'}
      isBusy={change.isPending}
      error={change.error}
      onClose={onClose}
      onAct={() => change.mutate()}
    />
  )
}

/** An update names everything that the token is to be. */
function asChosen({ name, policies, condition, not_before, expires_on }: ApiTokenResult) {
  return { name, policies, condition: condition ?? null, not_before: not_before ?? null, expires_on: expires_on ?? null }
}
