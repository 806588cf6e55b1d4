import { Type } from 'typebox'
import {
  ApplicationPath,
  ApplicationResult,
  CreateApplication,
  DeletedApplication,
  ListApplications,
  UpdateApplication,
} from '../../wire/application.ts'
import { defaultPerPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { requireUnchanged } from '../read-only.ts'
import { inBothScopes, type Route } from '../route.ts'
import { applicationDraft, applicationResult } from '../views/application.ts'

const collection = '/access/apps'
const item = `${collection}/:app_id`

export const applicationRoutes: readonly Route[] = [
  inBothScopes({
    ...{ method: 'GET', path: collection, summary: 'List applications', permission: 'apps:read' },
    ...{ params: Type.Object({}), query: ListApplications, result: Type.Array(ApplicationResult), info: ResultInfo },
    async handle({ authority, scope, query: { page = 1, per_page: perPage = defaultPerPage, aud, exact, ...texts } }) {
      const query = { page, perPage, ...texts, audience: aud, isExact: exact === undefined ? undefined : exact === 'true' }
      const { items, total } = await authority.applications.list(scope, query)
      return { result: items.map(applicationResult), info: resultInfo(query, items.length, total) }
    },
  }),

  inBothScopes({
    ...{ method: 'POST', path: collection, summary: 'Create an application', permission: 'apps:write' },
    ...{ params: Type.Object({}), body: CreateApplication, status: 201, result: ApplicationResult, failures: ['application_exists'] },
    async handle({ authority, caller, scope, body }) {
      return { result: applicationResult(await authority.applications.create(caller.actor, scope, applicationDraft(body))) }
    },
  }),

  inBothScopes({
    ...{ method: 'GET', path: item, summary: 'Get an application', permission: 'apps:read' },
    ...{ params: ApplicationPath, result: ApplicationResult, failures: ['application_not_found'] },
    handle: async ({ authority, scope, params }) => ({ result: applicationResult(await authority.applications.get(scope, params.app_id)) }),
  }),

  inBothScopes({
    ...{ method: 'PUT', path: item, summary: 'Replace the settings of an application', permission: 'apps:write' },
    ...{ params: ApplicationPath, body: UpdateApplication, result: ApplicationResult },
    failures: ['application_not_found', 'application_exists'],
    async handle({ authority, caller, scope, params, body }) {
      const updated = await authority.applications.update(
        caller.actor,
        scope,
        params.app_id,
        applicationDraft(body),
        ({ id, audience: aud }) => requireUnchanged(['id', 'aud'], body, { id, aud }),
      )
      return { result: applicationResult(updated) }
    },
  }),

  inBothScopes({
    ...{ method: 'DELETE', path: item, summary: 'Delete an application and the policies that are its own', permission: 'apps:write' },
    ...{ params: ApplicationPath, status: 202, result: DeletedApplication, failures: ['application_not_found'] },
    async handle({ authority, caller, scope, params }) {
      const { id } = await authority.applications.delete(caller.actor, scope, params.app_id)
      return { result: { id } }
    },
  }),
].flat()
