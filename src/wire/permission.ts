import { type Static, Type } from 'typebox'

// Our own: what a caller may do somewhere, so that a user interface need not find out by trying.

const permissions = [
  ...(['service_tokens:read', 'service_tokens:write', 'apps:read', 'apps:write', 'organization:read', 'organization:write'] as const),
  ...(['audit_logs:read', 'accounts:read', 'accounts:write', 'account_tokens:read', 'account_tokens:write'] as const),
  ...(['notifications:read', 'notifications:write'] as const),
  ...(['zones:read', 'zones:write'] as const),
] as const

export const PermissionResult = Type.Enum([...permissions], { examples: ['service_tokens:read'] })

export type PermissionResult = Static<typeof PermissionResult>
