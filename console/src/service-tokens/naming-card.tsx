import { Link } from 'react-router'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { type Naming, useNamings } from '../applications/naming.ts'
import { Card } from '../elements/page.tsx'

/** Which policies and groups name the token. */
export function NamingCard({ token }: { readonly token: ServiceTokenResult }) {
  const { isKnown, isWhole, of } = useNamings()
  const namings = of(token.id)
  if (!isKnown || (namings.length === 0 && !isWhole)) return null
  return (
    <Card title="Named by" {...(namings.length > 0 && { lead: 'It can be deleted once none of these names it.' })}>
      {namings.length === 0 ? <p className="soft">Nothing. It opens what lets in any valid token.</p> : <NamingList namings={namings} />}
    </Card>
  )
}

export function NamingList({ namings }: { readonly namings: readonly Naming[] }) {
  return (
    <ul className="plain-list namings">
      {namings.map(({ what, name, to }) => (
        <li key={`${what} ${name}`} className="breaks">
          <Link to={to} className="name-link">
            {name}
          </Link>{' '}
          <span className="soft small">{what}</span>
        </li>
      ))}
    </ul>
  )
}
