import { Type } from 'typebox'
import { ActivityResult, defaultHours, ListActivity, TokenActivityResult } from '../../wire/activity.ts'
import { ServiceTokenPath } from '../../wire/service-token.ts'
import { inBothScopes, type Route } from '../route.ts'
import { activityResult, tokenActivityResult } from '../views/activity.ts'

export const activityRoutes: readonly Route[] = [
  inBothScopes({
    ...{
      method: 'GET',
      path: '/access/activity',
      summary: 'Count the requests for applications, hour by hour',
      permission: 'service_tokens:read',
    },
    ...{ params: Type.Object({}), query: ListActivity, result: Type.Array(ActivityResult) },
    handle: async ({ authority, scope, query: { hours = defaultHours } }) => ({
      result: (await authority.activity.ofScope(scope, hours)).map(activityResult),
    }),
  }),

  inBothScopes({
    ...{
      method: 'GET',
      path: '/access/service_tokens/:service_token_id/activity',
      summary: 'Count the requests with a service token, hour by hour',
      permission: 'service_tokens:read',
    },
    ...{ params: ServiceTokenPath, query: ListActivity, result: Type.Array(TokenActivityResult), failures: ['service_token_not_found'] },
    handle: async ({ authority, scope, params, query: { hours = defaultHours } }) => ({
      result: (await authority.activity.ofToken(scope, params.service_token_id, hours)).map(tokenActivityResult),
    }),
  }),
].flat()
