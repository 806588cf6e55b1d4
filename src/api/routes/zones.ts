import { Type } from 'typebox'
import { Failure } from '../../authority/failure.ts'
import type { Scope } from '../../domain/service-token.ts'
import { defaultSmallPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { CreateZone, DeletedZone, EditZone, ListZones, ZoneResult } from '../../wire/zone.ts'
import { forAnyone, inZone, type Route } from '../route.ts'
import { zoneResult } from '../views/principal.ts'

export const zoneRoutes: readonly Route[] = [
  forAnyone({
    ...{ method: 'GET', path: '/zones', summary: 'List the zones that the caller may read' },
    ...{ params: Type.Object({}), query: ListZones, result: Type.Array(ZoneResult), info: ResultInfo },
    async handle({ authority, caller, query }) {
      const { page = 1, per_page: perPage = defaultSmallPage, direction = 'asc', name, status = 'active' } = query
      const { 'account.id': accountId, 'account.name': accountName } = query
      const filter = { page, perPage, direction, name, accountId, accountName }
      // Every zone is active.
      const { items, total } = status === 'active' ? await authority.zones.list(caller, filter) : { items: [], total: 0 }
      return { result: items.map(zoneResult), info: resultInfo(filter, items.length, total) }
    },
  }),

  // Whether the caller may do that depends on the account in the body.
  forAnyone({
    ...{ method: 'POST', path: '/zones', summary: 'Create a zone in an account' },
    ...{ params: Type.Object({}), body: CreateZone, result: ZoneResult, failures: ['not_permitted', 'zone_exists'] },
    async handle({ authority, caller, body: { account, name } }) {
      return { result: zoneResult(await authority.zones.create(caller, account.id, name)) }
    },
  }),

  inZone({
    ...{ method: 'GET', path: '', summary: 'Get a zone', permission: 'zones:read' },
    ...{ params: Type.Object({}), result: ZoneResult },
    handle: async ({ authority, scope }) => ({ result: zoneResult(await authority.zones.get(scope)) }),
  }),

  inZone({
    ...{ method: 'PATCH', path: '', summary: 'Edit a zone, of which there is nothing to change', permission: 'zones:write' },
    ...{ params: Type.Object({}), body: EditZone, result: ZoneResult },
    handle: async ({ authority, scope }) => ({ result: zoneResult(await authority.zones.get(scope)) }),
  }),

  inZone({
    ...{ method: 'DELETE', path: '', summary: 'Delete a zone with nothing in it', permission: 'zones:write' },
    ...{ params: Type.Object({}), result: DeletedZone, failures: ['not_empty'] },
    async handle({ authority, caller, scope }) {
      await authority.zones.delete(caller, scope)
      return { result: { id: idOf(scope) } }
    },
  }),
]

function idOf({ zoneId }: Scope): string {
  if (zoneId === null) throw new Failure('no_route')
  return zoneId
}
