import type { Route } from './route.ts'
import { accountRoutes } from './routes/accounts.ts'
import { activityRoutes } from './routes/activity.ts'
import { alertPolicyRoutes, webhookRoutes } from './routes/alerting.ts'
import { apiTokenRoutes } from './routes/api-tokens.ts'
import { applicationRoutes } from './routes/applications.ts'
import { explanationRoutes } from './routes/explanations.ts'
import { gateRoutes } from './routes/gates.ts'
import { groupRoutes } from './routes/groups.ts'
import { logRoutes } from './routes/logs.ts'
import { organizationRoutes } from './routes/organization.ts'
import { permissionRoutes } from './routes/permissions.ts'
import { applicationPolicyRoutes, policyRoutes } from './routes/policies.ts'
import { serviceTokenRoutes } from './routes/service-tokens.ts'
import { userRoutes } from './routes/user.ts'
import { zoneRoutes } from './routes/zones.ts'

/** The whole management API, by what it is about. */
export const resources: Readonly<Record<string, readonly Route[]>> = {
  'Service tokens': serviceTokenRoutes,
  Applications: [...applicationRoutes, ...explanationRoutes],
  Policies: [...applicationPolicyRoutes, ...policyRoutes],
  Groups: groupRoutes,
  'API tokens': apiTokenRoutes,
  User: userRoutes,
  Accounts: accountRoutes,
  Zones: zoneRoutes,
  Permissions: permissionRoutes,
  Organization: organizationRoutes,
  Gates: gateRoutes,
  Logs: logRoutes,
  Activity: activityRoutes,
  Alerts: [...webhookRoutes, ...alertPolicyRoutes],
}

export const routes: readonly Route[] = Object.values(resources).flat()
