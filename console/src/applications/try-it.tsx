import { useMutation } from '@tanstack/react-query'
import { CircleCheck, CircleX } from 'lucide-react'
import { type FormEvent, useState } from 'react'
import type { ApplicationResult } from '../../../src/wire/application.ts'
import type { ExplanationResult } from '../../../src/wire/explanation.ts'
import { Button } from '../elements/button.tsx'
import { messageOf } from '../elements/dialog.tsx'
import { Field, TextField } from '../elements/field.tsx'
import { Note } from '../elements/note.tsx'
import { Card } from '../elements/page.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { findingInWords, type Names } from './rule-words.ts'
import { useNames } from './sentence.tsx'
import { TokenPicker } from './token-picker.tsx'

/** What the gate would do with a request, and why, without making one. */
export function TryIt({ application }: { readonly application: ApplicationResult }) {
  const { place } = usePlace()
  const client = useClient()
  const names = useNames(application.policies)
  const [tokenId, setTokenId] = useState('')
  const [[host, path], setTarget] = useState(() => targetOf(application.domain))
  const [address, setAddress] = useState('')
  const explain = useMutation({
    mutationFn: () =>
      client.applications.explain(place, application.id, {
        token_id: tokenId || null,
        host: host.trim(),
        path: path.trim() || '/',
        ...(address.trim() !== '' && { ip: address.trim() }),
      }),
  })
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (host.trim() !== '') explain.mutate()
  }
  return (
    <Card title="Try it" lead="What would the gate do with such a request?">
      <form className="stack" onSubmit={submit}>
        <Field label="Service token" hint="Empty for a request without one.">
          {({ id }) => <TokenPicker id={id} label="Service token" tokenId={tokenId} onChange={setTokenId} />}
        </Field>
        <TextField label="Host" value={host} onChange={(text) => setTarget([text, path])} spellCheck={false} />
        <TextField label="Path" value={path} onChange={(text) => setTarget([host, text])} spellCheck={false} />
        <TextField label="Address of the caller" value={address} onChange={setAddress} placeholder="203.0.113.5" spellCheck={false} />
        <div>
          <Button type="submit" isBusy={explain.isPending} reason={host.trim() === '' ? 'Name a host first.' : undefined}>
            Try it
          </Button>
        </div>
        <div role="status" className="stack">
          {explain.error && <Note kind="bad">{messageOf(explain.error)}</Note>}
          {explain.data && <Explanation explanation={explain.data} names={names} />}
        </div>
      </form>
    </Card>
  )
}

interface ExplanationProps {
  readonly explanation: ExplanationResult
  readonly names: Names
}

function Explanation({ explanation, names }: ExplanationProps) {
  const { allowed, status, message, policy, other_application: other, policies } = explanation
  return (
    <>
      <Note kind={allowed ? 'good' : 'bad'}>
        <span className="strong">{allowed ? 'Let in' : `Refused with ${status}`}</span>
        {policy && ` by ${policy.name}`}. {message}
        {other && ` It is ${other.name}.`}
      </Note>
      {policies.length > 0 && (
        <ul className="plain-list small">
          {policies.map((one) => (
            <li key={one.id} className="finding">
              {one.applies ? (
                <CircleCheck size={15} className="tone-good" aria-hidden />
              ) : (
                <CircleX size={15} className="tone-idle" aria-hidden />
              )}
              <span className="breaks">
                <span className="strong">{one.name}</span>: {findingInWords(one.message, names)}
              </span>
            </li>
          ))}
        </ul>
      )}
    </>
  )
}

function targetOf(domain: string): readonly [host: string, path: string] {
  const slash = domain.indexOf('/')
  const host = slash === -1 ? domain : domain.slice(0, slash)
  return [
    host === '*' ? 'service.example.com' : host.replaceAll('*', 'some'),
    slash === -1 ? '/' : domain.slice(slash).replaceAll('*', 'some'),
  ]
}
