import { useQuery } from '@tanstack/react-query'
import type { ApiTokenOwner } from '../../../src/client/api-tokens.ts'
import { ApiError } from '../../../src/client/transport.ts'
import type { ApiTokenResult } from '../../../src/wire/api-token.ts'
import { ActionDialog } from '../elements/dialog.tsx'
import { Note } from '../elements/note.tsx'
import { useHold } from '../session/hold.ts'
import { useClient, useSession } from '../session/session.tsx'
import { useAttempts, useChange } from '../shell/change.ts'

export type ApiTokenAction = 'roll' | 'enable' | 'disable' | 'delete'

const words: { readonly [Action in ApiTokenAction]: { readonly verb: string; readonly done: string; readonly consequence: string } } = {
  roll: { verb: 'Roll', done: 'rolled', consequence: 'It gets a new value, which is shown once. The present value is refused at once.' },
  enable: { verb: 'Enable', done: 'enabled', consequence: 'The API accepts it again.' },
  disable: { verb: 'Disable', done: 'disabled', consequence: 'The API refuses it from now on. It can be enabled again.' },
  delete: { verb: 'Delete', done: 'deleted', consequence: 'The API refuses it from now on, and nobody can bring it back.' },
}

/** What follows when it is the API token that somebody has signed in with. */
const consequenceForSession: Partial<Record<ApiTokenAction, string>> = {
  roll: 'You are signed in with this API token. The console goes on with its new value.',
  disable: 'You are signed in with this API token. You will be signed out, and need another credential to enable it again.',
  delete: 'You are signed in with this API token. You will be signed out, and need another credential to come back.',
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
  const { end, goOnWith } = useSession()
  const attemptOf = useAttempts()
  const ownId = useOwnId(owner)
  const isOwn = ownId === token.id
  // The present value is refused before the new one has arrived.
  useHold()
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
        if (isOwn && value !== undefined) goOnWith(value)
        onClose()
        if (value !== undefined) onIssued(value)
        else if (isOwn) end(`You ${done} the API token that you were signed in with. Sign in with another credential.`)
      },
    },
  )
  return (
    <ActionDialog
      title={`${verb} ${token.name}?`}
      lead={consequence}
      action={verb}
      isDangerous={action !== 'enable'}
      isBusy={change.isPending || ownId === undefined}
      error={change.error}
      onClose={onClose}
      onAct={() => change.mutate()}
    >
      {isOwn && consequenceForSession[action] !== undefined && <Note kind="warn">{consequenceForSession[action]}</Note>}
    </ActionDialog>
  )
}

/** The id of the API token that somebody has signed in with, or null where it is none of the owner's; undefined until that is known. */
function useOwnId(owner: ApiTokenOwner): string | null | undefined {
  const { client, credentials } = useSession()
  const { data, error } = useQuery({
    queryKey: ['own-api-token', owner === 'user' ? 'user' : owner.id],
    enabled: credentials.kind === 'api_token',
    staleTime: Number.POSITIVE_INFINITY,
    queryFn: ({ signal }) =>
      client.apiTokens.verify(owner, signal).catch((error: unknown) => {
        if (error instanceof ApiError && error.status === 401) return null
        throw error
      }),
  })
  return credentials.kind !== 'api_token' || error ? null : data
}

/** An update names everything that the token is to be. */
function asChosen({ name, policies, condition, not_before, expires_on }: ApiTokenResult) {
  return { name, policies, condition: condition ?? null, not_before: not_before ?? null, expires_on: expires_on ?? null }
}
