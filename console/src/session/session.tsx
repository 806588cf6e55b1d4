import { MutationCache, QueryCache, QueryClient, QueryClientProvider } from '@tanstack/react-query'
import { createContext, type ReactNode, useContext, useMemo, useState } from 'react'
import { type Client, createClient } from '../../../src/client/client.ts'
import { ApiError, type Credentials } from '../../../src/client/transport.ts'
import { endWhenFree, forgetEnd } from './hold.ts'
import { SignInPage } from './sign-in-page.tsx'

// The credential is held in memory; and, where its owner wishes so, by the browser for this tab until it is closed. It is never part of a URL.
const storageKey = 'postern.credential'

interface Session {
  readonly client: Client
  /** As they were at the sign-in. */
  readonly credentials: Credentials
  /** Forgets the credential and all that it was shown. */
  readonly signOut: () => void
  /** The same, and says why on the page that comes then. */
  readonly end: (why: string) => void
  /** Goes on with the new value of the API token, after it was rolled. */
  readonly goOnWith: (value: string) => void
}

const Current = createContext<Session | undefined>(undefined)

export function useSession(): Session {
  const session = useContext(Current)
  if (session === undefined) throw new Error('nobody has signed in')
  return session
}

export function useClient(): Client {
  return useSession().client
}

/** Shows the sign-in page until somebody has signed in, and again once the API no longer takes the credential. */
export function SignedIn({ children }: { readonly children: ReactNode }) {
  const [credentials, setCredentials] = useState(restored)
  const [notice, setNotice] = useState<string>()
  const session = useMemo(() => {
    if (credentials === undefined) return undefined
    return createSession(credentials, (why) => {
      sessionStorage.removeItem(storageKey)
      setNotice(why)
      setCredentials(undefined)
    })
  }, [credentials])
  if (session === undefined) {
    const signIn = (given: Credentials, isKept: boolean) => {
      if (isKept) sessionStorage.setItem(storageKey, JSON.stringify(given))
      setNotice(undefined)
      setCredentials(given)
    }
    return <SignInPage notice={notice} onSignIn={signIn} />
  }
  return (
    <QueryClientProvider client={session.queries}>
      <Current value={session.current}>{children}</Current>
    </QueryClientProvider>
  )
}

function createSession(credentials: Credentials, onEnd: (why?: string) => void) {
  let present = credentials
  let isOver = false
  const end = (why?: string) => {
    isOver = true
    forgetEnd()
    queries.clear()
    onEnd(why)
  }
  const queries = createQueries(() =>
    endWhenFree(() => end('The API no longer accepts your credential. It was disabled, rolled or deleted, or it has expired.')),
  )
  const goOnWith = (value: string) => {
    // By now somebody else may have signed in.
    if (isOver) return
    present = { kind: 'api_token', value }
    if (sessionStorage.getItem(storageKey) !== null) sessionStorage.setItem(storageKey, JSON.stringify(present))
    // What was asked with the value before is refused, which means nothing any more.
    void queries.cancelQueries()
    forgetEnd()
  }
  const client = createClient({ baseUrl: '', credentials: () => present })
  const current: Session = { client, credentials, signOut: () => end(), end, goOnWith }
  return { queries, current }
}

function restored(): Credentials | undefined {
  const kept = sessionStorage.getItem(storageKey)
  return kept === null ? undefined : (JSON.parse(kept) as Credentials)
}

function createQueries(onUnauthenticated: () => void): QueryClient {
  const onError = (error: Error) => {
    if (error instanceof ApiError && error.status === 401) onUnauthenticated()
  }
  return new QueryClient({
    queryCache: new QueryCache({ onError }),
    mutationCache: new MutationCache({ onError }),
    defaultOptions: {
      // Postern may be reached where the browser takes itself for offline: on this machine, or on a network of its own.
      mutations: { networkMode: 'always' },
      // What the API refused it would refuse again; what did not arrive is worth another try.
      queries: {
        networkMode: 'always',
        staleTime: 5_000,
        retry: (count, error) => count < 2 && error instanceof ApiError && (error.status === 0 || error.status >= 500),
      },
    },
  })
}
