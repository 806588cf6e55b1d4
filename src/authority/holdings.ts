import { type Permission, permissionGroups, permits } from '../domain/permission.ts'
import type { Store } from './ports.ts'
import type { Caller } from './sign-in.ts'

/** What can be done in accounts and zones; the rest is about users themselves. */
export type PlacePermission = Exclude<Permission, `user${string}`>

/** All that the caller may do in an account or a zone: nothing where there is none, as where it may do nothing. */
export type Holdings = (
  caller: Caller,
  place: { readonly accountId: string } | { readonly zoneId: string },
) => Promise<readonly PlacePermission[]>

const all = [...new Set(permissionGroups.flatMap(({ permissions }) => permissions))].filter(isOfPlaces)

export function createHoldings({ store }: { readonly store: Store }): Holdings {
  return async ({ grants }, place) => {
    const found =
      'zoneId' in place ? await store.find('zone', place.zoneId) : { accountId: (await store.find('account', place.accountId))?.id }
    const accountId = found?.accountId
    if (accountId === undefined) return []
    const zoneId = 'zoneId' in place ? place.zoneId : null
    return all.filter((permission) => permits(grants, permission, { accountId, zoneId }))
  }
}

function isOfPlaces(permission: Permission): permission is PlacePermission {
  return !permission.startsWith('user')
}
