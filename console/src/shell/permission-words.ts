import type { PermissionResult } from '../../../src/wire/permission.ts'

/** What permissions are about, as the API names their groups. */
export const subjects: Readonly<Record<string, string>> = {
  ...{ service_tokens: 'Access: Service Tokens', apps: 'Access: Apps and Policies', audit_logs: 'Access: Audit Logs' },
  organization: 'Access: Organizations, Identity Providers, and Groups',
  ...{ account_tokens: 'Account API Tokens', accounts: 'Account Settings', zones: 'Zone' },
}

/** The permission group that has it, as the API names it. */
export function nameOf(permission: PermissionResult): string {
  const [subject = '', verb] = permission.split(':')
  return `${subjects[subject] ?? subject} ${verb === 'read' ? 'Read' : 'Write'}`
}
