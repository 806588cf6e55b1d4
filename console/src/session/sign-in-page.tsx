import { type FormEvent, useEffect, useState } from 'react'
import { createClient } from '../../../src/client/client.ts'
import { ApiError, type Credentials } from '../../../src/client/transport.ts'
import { Button } from '../elements/button.tsx'
import { CheckField, Choices, TextField } from '../elements/field.tsx'
import { Note } from '../elements/note.tsx'

interface SignInPageProps {
  readonly notice: string | undefined
  readonly onSignIn: (credentials: Credentials, isKept: boolean) => void
}

/** Asks for a credential of the API and tries it, before anything else is shown. */
export function SignInPage({ notice, onSignIn }: SignInPageProps) {
  const [kind, setKind] = useState<Credentials['kind']>('api_token')
  const [token, setToken] = useState('')
  const [email, setEmail] = useState('')
  const [key, setKey] = useState('')
  const [isKept, setKept] = useState(true)
  const { attempt, error, isTrying } = useAttempt((credentials) => onSignIn(credentials, isKept))
  useEffect(() => {
    document.title = 'Sign in · Postern'
  }, [])
  const missing = kind === 'api_token' ? token.trim() === '' : email.trim() === '' || key.trim() === ''
  const submit = (event: FormEvent) => {
    event.preventDefault()
    if (missing || isTrying) return
    attempt(kind === 'api_token' ? { kind, value: token.trim() } : { kind, email: email.trim(), key: key.trim() })
  }
  return (
    <main className="sign-in">
      <div className="sign-in-box">
        <img src="/icon.svg" alt="" width="44" height="44" />
        <div>
          <h1>Sign in to Postern</h1>
          <p className="soft">With a credential of the management API.</p>
        </div>
        {notice !== undefined && error === undefined && <Note kind="warn">{notice}</Note>}
        {error !== undefined && <Note kind="bad">{error}</Note>}
        <form className="stack" onSubmit={submit}>
          <Choices
            label="Credential"
            value={kind}
            options={[
              ['api_token', 'API token'],
              ['api_key', 'E-mail and key'],
            ]}
            onChange={setKind}
          />
          {kind === 'api_token' ? (
            <TextField label="API token" type="password" value={token} onChange={setToken} autoFocus spellCheck={false} />
          ) : (
            <>
              <TextField label="E-mail" type="email" value={email} onChange={setEmail} autoComplete="username" autoFocus />
              <TextField label="API key" type="password" value={key} onChange={setKey} spellCheck={false} />
            </>
          )}
          <CheckField
            label="Stay signed in in this tab"
            hint="Until it is closed. Otherwise a reload signs out."
            isChecked={isKept}
            onChange={setKept}
          />
          <Button type="submit" kind="primary" isBusy={isTrying} reason={missing ? 'Enter a credential first.' : undefined}>
            Sign in
          </Button>
        </form>
        <p className="small soft">
          The first start of Postern printed an API token, and an e-mail address with a key. An API token shows and does here what its
          permissions allow, and no more.
        </p>
      </div>
    </main>
  )
}

/** Tries a credential on the API: anyone who can sign in may list their accounts. */
function useAttempt(onSuccess: (credentials: Credentials) => void) {
  const [error, setError] = useState<string>()
  const [isTrying, setTrying] = useState(false)
  const attempt = async (credentials: Credentials) => {
    setTrying(true)
    setError(undefined)
    try {
      await createClient({ baseUrl: '', credentials }).directory.accounts({})
      onSuccess(credentials)
    } catch (failure) {
      setError(wordingOf(failure))
      setTrying(false)
    }
  }
  return { attempt: (credentials: Credentials) => void attempt(credentials), error, isTrying }
}

function wordingOf(error: unknown): string {
  if (!(error instanceof ApiError)) return 'The console failed. Reload the page and try again.'
  const { status, retryAfter, message } = error
  if (status === 400 || status === 401) return 'The API does not accept this credential. It may be mistyped, disabled or expired.'
  if (retryAfter !== undefined) return `${message} Try again in ${retryAfter} seconds.`
  return message
}
