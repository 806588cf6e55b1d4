/** What a route can ask of its caller. */
export type Permission =
  | `${'service_tokens' | 'apps' | 'organization' | 'notifications' | 'account_tokens' | 'accounts' | 'zones' | 'user_tokens'}:${'read' | 'write'}`
  | 'audit_logs:read'
  | 'user:read'

const account = 'com.cloudflare.api.account'
const zone = 'com.cloudflare.api.account.zone'
const user = 'com.cloudflare.api.user'

/** A named set of permissions, as an API token's policies refer to them. Ids, names and scopes are the ones that clients know. */
export interface PermissionGroup {
  readonly id: string
  readonly name: string
  /** The kind of resource that it is meant for. */
  readonly scope: typeof account | typeof zone | typeof user
  readonly permissions: readonly Permission[]
}

const organizations = 'Access: Organizations, Identity Providers, and Groups'
const table: readonly (readonly [id: string, name: string, PermissionGroup['scope'], ...Permission[]])[] = [
  ['91f7ce32fa614d73b7e1fc8f0e78582b', 'Access: Service Tokens Read', account, 'service_tokens:read'],
  ['a1c0fec57cf94af79479a6d827fa518c', 'Access: Service Tokens Write', account, 'service_tokens:read', 'service_tokens:write'],
  ['7ea222f6d5064cfa89ea366d7c1fee89', 'Access: Apps and Policies Read', account, 'apps:read'],
  ['1e13c5124ca64b72b1969a67e8829049', 'Access: Apps and Policies Write', account, 'apps:read', 'apps:write'],
  ['eb258a38ea634c86a0c89da6b27cb6b6', 'Access: Apps and Policies Read', zone, 'apps:read'],
  ['959972745952452f8be2452be8cbb9f2', 'Access: Apps and Policies Write', zone, 'apps:read', 'apps:write'],
  ['26bc23f853634eb4bff59983b9064fde', `${organizations} Read`, account, 'organization:read'],
  ['bfe0d8686a584fa680f4c53b5eb0de6d', `${organizations} Write`, account, 'organization:read', 'organization:write'],
  ['ce18edbdcebf465e9d6d1d2fc80ffd42', 'Notifications Read', account, 'notifications:read'],
  ['c3c847c5802d4ce3ba00e3e97b3c8555', 'Notifications Write', account, 'notifications:read', 'notifications:write'],
  // A trail that its readers could write would be none: there is no group for that.
  ['b05b28e839c54467a7d6cba5d3abb5a3', 'Access: Audit Logs Read', account, 'audit_logs:read'],
  ['c1fde68c7bcc44588cbb6ddbc16d6480', 'Account Settings Read', account, 'accounts:read'],
  ['1af1fa2adc104452b74a9a3364202f20', 'Account Settings Write', account, 'accounts:read', 'accounts:write'],
  ['eb56a6953c034b9d97dd838155666f06', 'Account API Tokens Read', account, 'account_tokens:read'],
  ['5bc3f8b21c554832afc660159ab75fa4', 'Account API Tokens Write', account, 'account_tokens:read', 'account_tokens:write'],
  ['c8fed203ed3043cba015a93ad1616f1f', 'Zone Read', zone, 'zones:read'],
  ['e6d2666161e84845a636613608cee8d5', 'Zone Write', zone, 'zones:read', 'zones:write'],
  ['8acbe5bb0d54464ab867149d7f7cf8ac', 'User Details Read', user, 'user:read'],
  ['0cc3a61731504c89b99ec1be78b77aa0', 'API Tokens Read', user, 'user_tokens:read'],
  ['686d18d5ac6c441c867cbf6771e58a0a', 'API Tokens Write', user, 'user_tokens:read', 'user_tokens:write'],
]

export const permissionGroups: readonly PermissionGroup[] = table.map(([id, name, scope, ...permissions]) => ({
  id,
  name,
  scope,
  permissions,
}))

const groupsById = new Map(permissionGroups.map((group) => [group.id, group]))

export function permissionGroup(id: string): PermissionGroup | undefined {
  return groupsById.get(id)
}

/** One policy of an API token: it allows or denies its permission groups on its resources. */
export interface Grant {
  readonly id: string
  readonly effect: 'allow' | 'deny'
  /** Made by the functions below. */
  readonly resources: readonly string[]
  /** Ids of permission groups. */
  readonly permissionGroups: readonly string[]
}

/** An account with all its zones; `*` for every account. */
export function accountResource(accountId: string): string {
  return `${account}.${accountId}`
}

/** One zone; `*` for every zone, or for every zone of one account. */
export function zoneResource(zoneId: string, accountId?: string): string {
  return accountId === undefined ? `${zone}.${zoneId}` : `${accountResource(accountId)}/${zone}.${zoneId}`
}

/** A user's own details and API tokens. */
export function userResource(userId: string): string {
  return `${user}.${userId}`
}

export type Resource =
  | { readonly kind: 'account'; readonly id: string }
  | { readonly kind: 'zone'; readonly id: string; readonly accountId: string | null }
  | { readonly kind: 'user'; readonly id: string }

const resourceForm =
  /^com\.cloudflare\.api\.(?:user\.([0-9a-f]{32})|account\.zone\.([0-9a-f]{32}|\*)|account\.([0-9a-f]{32}|\*)(?:\/com\.cloudflare\.api\.account\.zone\.([0-9a-f]{32}|\*))?)$/

/** Reads a resource; `undefined` for what is none. Users have no `*`. */
export function parseResource(text: string): Resource | undefined {
  const [found, userId, zoneId, accountId, zoneOfAccount] = resourceForm.exec(text) ?? []
  if (found === undefined) return undefined
  if (userId !== undefined) return { kind: 'user', id: userId }
  if (zoneId !== undefined) return { kind: 'zone', id: zoneId, accountId: null }
  if (accountId === undefined) return undefined
  return zoneOfAccount === undefined ? { kind: 'account', id: accountId } : { kind: 'zone', id: zoneOfAccount, accountId }
}

/** Where something is done: in an account, in one of its zones, or with a user's own things. */
export type Place = { readonly accountId: string; readonly zoneId: string | null } | { readonly userId: string }

/** What a caller may do. An owner may do everything; for anyone else a grant must allow it and none deny it. */
export type Grants = readonly Grant[] | 'everything'

export function permits(grants: Grants, permission: Permission, place: Place): boolean {
  return grants === 'everything' || allows(indexed(grants), permission, place)
}

interface Effect {
  readonly effect: Grant['effect']
  readonly permissions: ReadonlySet<Permission>
}

/** What is said of each resource, so that a place is asked about by its few names and not by all grants. */
type Index = ReadonlyMap<string, readonly Effect[]>

/** Grants are data that nobody changes, and every request asks about those of its caller. */
const indices = new WeakMap<readonly Grant[], Index>()

function indexed(grants: readonly Grant[]): Index {
  const known = indices.get(grants)
  if (known !== undefined) return known
  const index = new Map<string, Effect[]>()
  indices.set(grants, index)
  for (const { effect, resources, permissionGroups: ids } of grants) {
    const permissions = new Set(ids.flatMap((id) => permissionGroup(id)?.permissions ?? []))
    for (const resource of resources) {
      const effects = index.get(resource)
      if (effects === undefined) index.set(resource, [{ effect, permissions }])
      else effects.push({ effect, permissions })
    }
  }
  return index
}

function allows(index: Index, permission: Permission, place: Place): boolean {
  let isAllowed = false
  for (const name of namesOf(place)) {
    for (const { effect, permissions } of index.get(name) ?? []) {
      if (!permissions.has(permission)) continue
      if (effect === 'deny') return false
      isAllowed = true
    }
  }
  return isAllowed
}

/** Every resource that the place is, or is a part of. */
function namesOf(place: Place): readonly string[] {
  if ('userId' in place) return [userResource(place.userId)]
  const { accountId, zoneId } = place
  const names = [accountResource(accountId), accountResource('*')]
  if (zoneId === null) return names
  const zones = [zoneId, '*'].flatMap((id) => [zoneResource(id), zoneResource(id, accountId), zoneResource(id, '*')])
  return [...names, ...zones]
}

/** Something that `wanted` would permit and `held` does not, if there is such a thing. `accountOf` tells to which account a zone belongs. */
export function excess(
  held: Grants,
  wanted: readonly Grant[],
  accountOf: (zoneId: string) => string | undefined,
): { readonly permission: Permission; readonly place: Place } | undefined {
  if (held === 'everything') return undefined
  const has = indexed(held)
  const wants = indexed(wanted)
  const permissions = [
    ...new Set(wanted.flatMap((grant) => grant.permissionGroups.flatMap((id) => permissionGroup(id)?.permissions ?? []))),
  ]
  for (const place of placesToTell(held, wanted, accountOf)) {
    const permission = permissions.find((one) => allows(wants, one, place) && !allows(has, one, place))
    if (permission !== undefined) return { permission, place }
  }
  return undefined
}

/** Stands for the id of every account or zone that no grant names: all of them are alike to the grants. */
export const unnamed = '*other*'

/** One place of each kind that some grant can tell from the others. */
function placesToTell(
  held: readonly Grant[],
  wanted: readonly Grant[],
  accountOf: (zoneId: string) => string | undefined,
): readonly Place[] {
  const named = [...held, ...wanted].flatMap((grant) => grant.resources.map(parseResource))
  const accountIds = new Set([unnamed])
  const zones = new Map<string, string>()
  const users: Place[] = []
  for (const resource of named) {
    if (resource?.kind === 'user') users.push({ userId: resource.id })
    if (resource?.kind === 'account' && resource.id !== '*') accountIds.add(resource.id)
    if (resource?.kind !== 'zone') continue
    const owner = resource.id === '*' ? resource.accountId : (accountOf(resource.id) ?? resource.accountId)
    if (owner !== null && owner !== '*') accountIds.add(owner)
    if (resource.id !== '*') zones.set(resource.id, owner === null || owner === '*' ? unnamed : owner)
  }
  const inAccounts = [...accountIds].flatMap((accountId) => [null, unnamed].map((zoneId) => ({ accountId, zoneId })))
  return [...users, ...inAccounts, ...[...zones].map(([zoneId, accountId]) => ({ accountId, zoneId }))]
}
