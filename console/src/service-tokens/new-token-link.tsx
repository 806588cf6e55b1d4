import { Plus } from 'lucide-react'
import { ButtonLink } from '../elements/button.tsx'
import { usePlace } from '../shell/place.tsx'

/** To the page that makes a service token. */
export function NewTokenLink() {
  const { home, reasonAgainst } = usePlace()
  return (
    <ButtonLink
      to={`${home}/tokens/new`}
      kind="primary"
      icon={<Plus size={16} aria-hidden />}
      reason={reasonAgainst('service_tokens:write')}
    >
      New service token
    </ButtonLink>
  )
}
