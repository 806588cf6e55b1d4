import { createDirectoryClient, createLogClient, createOrganizationClient } from './account.ts'
import { createApiTokenClient } from './api-tokens.ts'
import { createApplicationClient, createGroupClient, createPolicyClient } from './applications.ts'
import { createServiceTokenClient } from './service-tokens.ts'
import { createTransport, type TransportOptions } from './transport.ts'

/** The management API, with the types of the wire. Every call fails with `ApiError`. */
export type Client = ReturnType<typeof createClient>

export function createClient(options: TransportOptions) {
  const call = createTransport(options)
  return {
    directory: createDirectoryClient(call),
    serviceTokens: createServiceTokenClient(call),
    applications: createApplicationClient(call),
    policies: createPolicyClient(call),
    groups: createGroupClient(call),
    apiTokens: createApiTokenClient(call),
    logs: createLogClient(call),
    organization: createOrganizationClient(call),
  }
}
