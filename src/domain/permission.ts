/** What a route can ask of its caller. */
export type Permission = 'service_tokens:read' | 'service_tokens:write'

/** A named set of permissions, as an API token's policies refer to them. The ids are the ones that clients know. */
export interface PermissionGroup {
  readonly id: string
  readonly name: string
  readonly permissions: readonly Permission[]
}

export const permissionGroups: readonly PermissionGroup[] = [
  { id: '91f7ce32fa614d73b7e1fc8f0e78582b', name: 'Access: Service Tokens Read', permissions: ['service_tokens:read'] },
  {
    id: 'a1c0fec57cf94af79479a6d827fa518c',
    name: 'Access: Service Tokens Write',
    permissions: ['service_tokens:read', 'service_tokens:write'],
  },
]

/** One policy of an API token: it allows or denies its permission groups on its accounts. */
export interface Grant {
  readonly effect: 'allow' | 'deny'
  /** `com.cloudflare.api.account.<id>`, or with `*` for every account. */
  readonly resources: readonly string[]
  /** Ids of permission groups. */
  readonly permissionGroups: readonly string[]
}

export function accountResource(accountId: string): string {
  return `com.cloudflare.api.account.${accountId}`
}

/** An owner may do everything; for anyone else a grant must allow it and none deny it. */
export function permits(grants: readonly Grant[] | 'everything', permission: Permission, accountId: string): boolean {
  if (grants === 'everything') return true
  const relevant = grants.filter((grant) => covers(grant, permission, accountId))
  return relevant.length > 0 && relevant.every((grant) => grant.effect === 'allow')
}

function covers(grant: Grant, permission: Permission, accountId: string): boolean {
  const here = grant.resources.some((resource) => resource === accountResource(accountId) || resource === accountResource('*'))
  return here && permissionGroups.some((group) => grant.permissionGroups.includes(group.id) && group.permissions.includes(permission))
}
