import { useQuery } from '@tanstack/react-query'
import { Lock } from 'lucide-react'
import { Navigate } from 'react-router'
import { Button } from '../elements/button.tsx'
import { Empty, Loaded } from '../elements/states.tsx'
import { useSession } from '../session/session.tsx'

/** To the first account in which the credential may do something, or else the first zone. */
export function Home() {
  const { client, signOut } = useSession()
  const query = useQuery({
    queryKey: ['home'],
    queryFn: async ({ signal }) => {
      const [account] = (await client.directory.accounts({}, signal)).items
      if (account) return `/accounts/${account.id}`
      const [zone] = (await client.directory.zones({}, signal)).items
      return zone ? `/zones/${zone.id}` : null
    },
  })
  return (
    <main className="main">
      <Loaded query={query}>
        {(path) =>
          path === null ? (
            <Empty icon={<Lock size={22} />} title="Nothing to see with this credential">
              <p>It is valid, and gives no permission in any account or zone. Whoever made it can change its policies.</p>
              <Button onClick={signOut}>Sign out</Button>
            </Empty>
          ) : (
            <Navigate to={path} replace />
          )
        }
      </Loaded>
    </main>
  )
}
