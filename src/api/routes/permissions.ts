import { Type } from 'typebox'
import { PermissionResult } from '../../wire/permission.ts'
import { AccountPath, ZonePath } from '../../wire/service-token.ts'
import { forAnyone, type Route } from '../route.ts'

export const permissionRoutes: readonly Route[] = [
  forAnyone({
    ...{ method: 'GET', path: '/accounts/:account_id/permissions', summary: 'List what the caller may do in an account' },
    ...{ params: AccountPath, result: Type.Array(PermissionResult) },
    async handle({ authority, caller, params: { account_id: accountId } }) {
      return { result: [...(await authority.holdings(caller, { accountId }))] }
    },
  }),
  forAnyone({
    ...{ method: 'GET', path: '/zones/:zone_id/permissions', summary: 'List what the caller may do in a zone' },
    ...{ params: ZonePath, result: Type.Array(PermissionResult) },
    async handle({ authority, caller, params: { zone_id: zoneId } }) {
      return { result: [...(await authority.holdings(caller, { zoneId }))] }
    },
  }),
]
