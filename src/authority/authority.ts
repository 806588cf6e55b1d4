import type { RandomBytes } from '../domain/secret.ts'
import { type AccessKeys, createAccessKeys, type NewKeyPair } from './access-keys.ts'
import { type Accounts, createAccounts } from './accounts.ts'
import { type Activity, createActivity } from './activity.ts'
import { type AlertPolicies, createAlertPolicies } from './alert-policies.ts'
import { type ApiTokens, createApiTokens } from './api-tokens.ts'
import { type ApplicationPolicies, createApplicationPolicies } from './application-policies.ts'
import { type Applications, createApplications } from './applications.ts'
import { createExplain, type Explain } from './explanation.ts'
import { createGates, type Gates } from './gates.ts'
import { createGroups, type Groups } from './groups.ts'
import { createHoldings, type Holdings } from './holdings.ts'
import type { Journal } from './journal.ts'
import { createLogs, type Logs } from './logs.ts'
import { createOrganizations, type Organizations } from './organizations.ts'
import { createPolicies, type Policies } from './policies.ts'
import type { Clock, Log, Store } from './ports.ts'
import { createRetries } from './retries.ts'
import type { Sealer } from './sealer.ts'
import { createServiceTokens, type ServiceTokens } from './service-tokens.ts'
import { createUsers, type Users } from './users.ts'
import { createWebhooks, type Webhooks } from './webhooks.ts'
import { createZones, type Zones } from './zones.ts'

/** All that can be asked of Postern, for whoever has signed in and may. */
export interface Authority {
  readonly serviceTokens: ServiceTokens
  readonly apiTokens: ApiTokens
  readonly accounts: Accounts
  readonly zones: Zones
  readonly users: Users
  readonly organizations: Organizations
  readonly accessKeys: AccessKeys
  readonly applications: Applications
  readonly applicationPolicies: ApplicationPolicies
  readonly explain: Explain
  readonly policies: Policies
  readonly groups: Groups
  readonly holdings: Holdings
  readonly logs: Logs
  readonly gates: Gates
  readonly activity: Activity
  readonly webhooks: Webhooks
  readonly alertPolicies: AlertPolicies
}

export interface AuthorityDeps {
  readonly store: Store
  readonly journal: Journal
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: RandomBytes
  readonly log: Log
  readonly newKeyPair: NewKeyPair
  readonly maxServiceTokens: number
  readonly authDomain: string
  /** Resolves after so many milliseconds. */
  readonly pause: (ms: number) => Promise<void>
  /** Whether alerts may be sent to an address. */
  readonly mayReach: (address: string) => boolean
}

export function createAuthority(deps: AuthorityDeps): Authority {
  const retries = createRetries(deps)
  const organizations = createOrganizations(deps)
  const accessKeys = createAccessKeys({ ...deps, organizations })
  return {
    serviceTokens: createServiceTokens({ ...deps, retries, maxPerAccount: deps.maxServiceTokens }),
    apiTokens: createApiTokens({ ...deps, retries }),
    accounts: createAccounts(deps),
    zones: createZones(deps),
    users: createUsers(deps),
    organizations,
    accessKeys,
    applications: createApplications({ ...deps, organizations, accessKeys }),
    applicationPolicies: createApplicationPolicies(deps),
    explain: createExplain({ ...deps, organizations }),
    policies: createPolicies(deps),
    groups: createGroups(deps),
    holdings: createHoldings(deps),
    logs: createLogs(deps),
    gates: createGates(deps),
    activity: createActivity(deps),
    webhooks: createWebhooks(deps),
    alertPolicies: createAlertPolicies(deps),
  }
}
