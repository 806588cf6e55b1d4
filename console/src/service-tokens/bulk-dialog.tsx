import { useState } from 'react'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { type Naming, useNamings } from '../applications/naming.ts'
import { Button } from '../elements/button.tsx'
import { ActionDialog, Dialog, messageOf } from '../elements/dialog.tsx'
import { useNow } from '../elements/moment.tsx'
import { Note } from '../elements/note.tsx'
import { announce } from '../elements/toast.tsx'
import { useClient } from '../session/session.tsx'
import { useChange } from '../shell/change.ts'
import { usePlace } from '../shell/place.tsx'
import { type BulkAction, noteOn, type Outcome, plans, runAll, summary, warningOn } from './bulk-actions.ts'
import { counted } from './lifetime.ts'
import { NamingList } from './naming-card.tsx'

interface BulkDialogProps {
  readonly action: BulkAction
  readonly tokens: readonly ServiceTokenResult[]
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Says what will happen to which tokens, does it, and says what became of it. */
export function BulkDialog({ action, tokens, onClose, onDone }: BulkDialogProps) {
  const { place } = usePlace()
  const client = useClient()
  const { verb, done, isDangerous, concerns, others, consequence, run } = plans[action]
  const [progress, setProgress] = useState(0)
  const [failed, setFailed] = useState<readonly Outcome[]>()
  const namings = useNamings(action === 'delete')
  const isNamed = ({ id }: ServiceTokenResult) => action === 'delete' && namings.of(id).length > 0
  const named = tokens.filter(isNamed)
  const concerned = tokens.filter((token) => concerns(token) && !isNamed(token))
  const left = tokens.length - concerned.length - named.length
  const change = useChange(() => runAll(concerned, (token) => run(client, place, token), setProgress), {
    done(outcomes) {
      const failures = outcomes.filter(({ error }) => error !== undefined)
      announce(summary(outcomes, done))
      if (failures.length === 0) onDone()
      else setFailed(failures)
    },
  })
  const warning = warningOn(action, concerned, useNow())
  const obstacle = !namings.isKnown
    ? 'Looking for what names them …'
    : concerned.length > 0
      ? undefined
      : named.length > 0
        ? 'Take it out of what names it first.'
        : 'There is nothing to do.'
  if (failed) return <Failures {...{ failed, done, total: concerned.length, onDone }} />
  return (
    <ActionDialog
      title={tokens.length === 1 ? `${verb} ${tokens[0]?.name}?` : `${verb} ${counted(concerned.length, 'service token')}?`}
      lead={consequence[tokens.length === 1 ? 0 : 1]}
      action={change.isPending ? `${progress} of ${concerned.length}` : verb}
      isDangerous={isDangerous}
      isBusy={change.isPending}
      error={change.error}
      reason={obstacle}
      onClose={onClose}
      onAct={() => change.mutate()}
    >
      {warning !== undefined && <Note kind="warn">{warning}</Note>}
      <List action={action} tokens={concerned} />
      {named.length > 0 && <Kept tokens={named} namings={namings.of} isAlone={tokens.length === 1} />}
      {left > 0 && (
        <p className="soft">{`${left} of the selected ${left === 1 ? 'is' : 'are'} ${others}, and left as ${left === 1 ? 'it is' : 'they are'}.`}</p>
      )}
    </ActionDialog>
  )
}

const mostShown = 8

function List({ action, tokens }: Pick<BulkDialogProps, 'action' | 'tokens'>) {
  const now = useNow()
  const more = tokens.length - mostShown
  return (
    <ul className="plain-list">
      {tokens.slice(0, mostShown).map((token) => (
        <li key={token.id} className="row-apart">
          <span className="breaks strong">{token.name}</span>
          <span className="soft small">{noteOn(action, token, now)}</span>
        </li>
      ))}
      {more > 0 && <li className="soft">and {more.toLocaleString('en')} more</li>}
    </ul>
  )
}

interface KeptProps {
  /** No other token is concerned. */
  readonly isAlone: boolean
  readonly tokens: readonly ServiceTokenResult[]
  readonly namings: (tokenId: string) => readonly Naming[]
}

/** Those that cannot be deleted, and what keeps them. */
function Kept({ tokens, namings, isAlone }: KeptProps) {
  return (
    <Note kind="warn">
      <div className="stack-tight">
        {isAlone
          ? 'It is kept as long as these name it:'
          : `${counted(tokens.length, 'token')} kept, because something names ${tokens.length === 1 ? 'it' : 'them'}:`}
        {tokens.slice(0, mostShown).map((token) => (
          <div key={token.id}>
            {!isAlone && <span className="strong breaks">{token.name}</span>}
            <NamingList namings={namings(token.id)} />
          </div>
        ))}
        {tokens.length > mostShown && <div>and {(tokens.length - mostShown).toLocaleString('en')} more</div>}
      </div>
    </Note>
  )
}

interface FailuresProps {
  readonly failed: readonly Outcome[]
  readonly done: string
  readonly total: number
  readonly onDone: () => void
}

function Failures({ failed, done, total, onDone }: FailuresProps) {
  return (
    <Dialog
      title={`${counted(failed.length, 'service token')} could not be ${done}`}
      onClose={onDone}
      foot={<Button onClick={onDone}>Close</Button>}
    >
      <div className="dialog-body">
        {total > failed.length && (
          <Note kind="good">{`The other ${total - failed.length} ${total - failed.length === 1 ? 'was' : 'were'} ${done}.`}</Note>
        )}
        <ul className="plain-list">
          {failed.map(({ token, error }) => (
            <li key={token.id}>
              <span className="strong breaks">{token.name}</span>
              <div className="soft small breaks">{error && messageOf(error)}</div>
            </li>
          ))}
        </ul>
      </div>
    </Dialog>
  )
}
