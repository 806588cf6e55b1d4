import { useQuery } from '@tanstack/react-query'
import { Card, Page } from '../elements/page.tsx'
import { Loaded } from '../elements/states.tsx'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'
import { InactivityForm } from './inactivity-form.tsx'
import { KeysCard } from './keys-card.tsx'
import { OrganizationForm } from './organization-form.tsx'

/** What an account has decided for all its machines. */
export function SettingsPage() {
  const { place, name } = usePlace()
  const client = useClient()
  const query = useQuery({ queryKey: [place.id, 'organization'], queryFn: ({ signal }) => client.organization.get(place, signal) })
  return (
    <Page title="Settings" lead={name} isNarrow>
      <Loaded query={query} lines={6}>
        {(organization) => (
          <>
            <Card title="Organization">
              <OrganizationForm key={organization.updated_at} organization={organization} />
            </Card>
            <Card title="Inactivity" lead="What happens to service tokens that nobody uses.">
              <InactivityForm key={organization.updated_at} rule={organization.service_token_inactivity} />
            </Card>
          </>
        )}
      </Loaded>
      <KeysCard />
    </Page>
  )
}
