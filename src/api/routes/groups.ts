import { Type } from 'typebox'
import { CreateGroup, DeletedGroup, GroupPath, GroupResult, ListGroups, UpdateGroup } from '../../wire/access-group.ts'
import { defaultPerPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { requireUnchanged } from '../read-only.ts'
import { inBothScopes, type Route } from '../route.ts'
import { groupDraft, groupResult } from '../views/group.ts'

const collection = '/access/groups'
const item = `${collection}/:group_id`

export const groupRoutes: readonly Route[] = [
  inBothScopes({
    ...{ method: 'GET', path: collection, summary: 'List groups', permission: 'organization:read' },
    ...{ params: Type.Object({}), query: ListGroups, result: Type.Array(GroupResult), info: ResultInfo },
    async handle({ authority, scope, query: { page = 1, per_page: perPage = defaultPerPage, name, search } }) {
      const { items, total } = await authority.groups.list(scope, { page, perPage, name, search })
      return { result: items.map(groupResult), info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  inBothScopes({
    ...{ method: 'POST', path: collection, summary: 'Create a group of rules', permission: 'organization:write' },
    ...{ params: Type.Object({}), body: CreateGroup, status: 201, result: GroupResult },
    async handle({ authority, caller, scope, body }) {
      return { result: groupResult(await authority.groups.create(caller.actor, scope, groupDraft(body))) }
    },
  }),

  inBothScopes({
    ...{ method: 'GET', path: item, summary: 'Get a group', permission: 'organization:read' },
    ...{ params: GroupPath, result: GroupResult, failures: ['group_not_found'] },
    handle: async ({ authority, scope, params }) => ({ result: groupResult(await authority.groups.get(scope, params.group_id)) }),
  }),

  inBothScopes({
    ...{ method: 'PUT', path: item, summary: 'Replace name and rules of a group', permission: 'organization:write' },
    ...{ params: GroupPath, body: UpdateGroup, result: GroupResult, failures: ['group_not_found'] },
    async handle({ authority, caller, scope, params: { group_id: id }, body }) {
      requireUnchanged(['id'], body, { id })
      return { result: groupResult(await authority.groups.update(caller.actor, scope, id, groupDraft(body))) }
    },
  }),

  inBothScopes({
    ...{ method: 'DELETE', path: item, summary: 'Delete a group that nothing names', permission: 'organization:write' },
    ...{ params: GroupPath, status: 202, result: DeletedGroup, failures: ['group_not_found', 'in_use'] },
    async handle({ authority, caller, scope, params: { group_id: id } }) {
      await authority.groups.delete(caller.actor, scope, id)
      return { result: { id } }
    },
  }),
].flat()
