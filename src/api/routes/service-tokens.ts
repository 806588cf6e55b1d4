import { Type } from 'typebox'
import type { SeenServiceToken } from '../../authority/ports.ts'
import type { IssuedServiceToken, Repeatable } from '../../authority/service-tokens.ts'
import { defaultPerPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import {
  CreateServiceToken,
  IssuedServiceTokenResult,
  ListServiceTokens,
  RotateServiceToken,
  readOnlyFields,
  SecretUseResult,
  ServiceTokenOverviewResult,
  ServiceTokenPath,
  ServiceTokenResult,
  UpdatedServiceTokenResult,
  UpdateServiceToken,
} from '../../wire/service-token.ts'
import { requireUnchanged } from '../read-only.ts'
import { type Answer, inBothScopes, type Route } from '../route.ts'
import { issuedServiceTokenResult, secretUseResult, serviceTokenResult } from '../views/service-token.ts'
import { instantOf } from '../views/timestamp.ts'

const collection = '/access/service_tokens'
const item = `${collection}/:service_token_id`
const previousEnd = 'previous_client_secret_expires_at'

export const serviceTokenRoutes: readonly Route[] = [
  inBothScopes({
    ...{ method: 'GET', path: collection, summary: 'List service tokens', permission: 'service_tokens:read' },
    ...{ params: Type.Object({}), query: ListServiceTokens, result: Type.Array(ServiceTokenResult), info: ResultInfo },
    async handle({ authority, scope, now, query }) {
      const { page = 1, per_page: perPage = defaultPerPage, name, search, order = 'created_at' } = query
      const { direction = order === 'name' ? 'asc' : 'desc' } = query
      const status = query.status && { is: query.status, at: now }
      const { items, total } = await authority.serviceTokens.list(scope, { page, perPage, name, search, status, order, direction })
      return { result: items.map(serviceTokenResult), info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  inBothScopes({
    ...{ method: 'GET', path: `${collection}/overview`, summary: 'Count service tokens by status', permission: 'service_tokens:read' },
    ...{ params: Type.Object({}), result: ServiceTokenOverviewResult },
    handle: async ({ authority, scope, now }) => ({ result: await authority.serviceTokens.overview(scope, now) }),
  }),

  inBothScopes({
    ...{
      method: 'POST',
      path: collection,
      summary: 'Create a service token; its secret is shown this once',
      permission: 'service_tokens:write',
    },
    ...{ params: Type.Object({}), body: CreateServiceToken, status: 201, result: IssuedServiceTokenResult },
    ...{ failures: ['too_many_service_tokens'], isRepeatable: true },
    async handle({ authority, caller, scope, terms, body: { name, duration, enabled, client_secret_version: secretVersion, ...rest } }) {
      // A new token has no previous secret to end. Clients that always send the field get the same check as later.
      instantOf(rest[previousEnd], previousEnd)
      return issued(await authority.serviceTokens.create(caller.actor, scope, { name, duration, enabled, secretVersion }, terms.retry))
    },
  }),

  inBothScopes({
    ...{ method: 'GET', path: item, summary: 'Get a service token', permission: 'service_tokens:read' },
    ...{ params: ServiceTokenPath, result: ServiceTokenResult, failures: ['service_token_not_found'] },
    handle: async ({ authority, scope, params }) => shown(await authority.serviceTokens.get(scope, params.service_token_id)),
  }),

  inBothScopes({
    ...{
      method: 'GET',
      path: `${item}/uses`,
      summary: 'Tell from where the current and the previous secret of a service token were last used',
      permission: 'service_tokens:read',
    },
    ...{ params: ServiceTokenPath, result: Type.Array(SecretUseResult), failures: ['service_token_not_found'] },
    async handle({ authority, scope, params }) {
      const { token, uses } = await authority.serviceTokens.uses(scope, params.service_token_id)
      return { result: uses.map((use) => secretUseResult(token, use)) }
    },
  }),

  inBothScopes({
    ...{ method: 'PUT', path: item, summary: 'Update a service token', permission: 'service_tokens:write' },
    ...{ params: ServiceTokenPath, body: UpdateServiceToken, result: UpdatedServiceTokenResult },
    ...{ failures: ['service_token_not_found', 'changed_meanwhile'], isConditional: true, isRepeatable: true },
    async handle({ authority, caller, scope, params: { service_token_id: id }, body, terms }) {
      const previousUntil = instantOf(body[previousEnd], previousEnd)
      const { name, duration, enabled, client_secret_version: secretVersion } = body
      const changes = { name, duration, enabled, secretVersion, previousUntil }
      const { secret, ...seen } = await authority.serviceTokens.update(caller.actor, scope, id, changes, {
        ...terms,
        check: (seen) =>
          requireUnchanged(readOnlyFields, body, serviceTokenResult(seen), { expires_at: 'change duration, or refresh the token' }),
      })
      const { result, ...answer } = shown(seen)
      return { ...answer, result: { ...result, ...(secret !== undefined && { client_secret: secret }) } }
    },
  }),

  inBothScopes({
    ...{ method: 'DELETE', path: item, summary: 'Delete a service token', permission: 'service_tokens:write' },
    ...{ params: ServiceTokenPath, result: ServiceTokenResult },
    ...{ failures: ['service_token_not_found', 'service_token_in_use', 'changed_meanwhile'], isConditional: true },
    async handle({ authority, caller, scope, params: { service_token_id: id }, terms }) {
      const token = await authority.serviceTokens.delete(caller.actor, scope, id, terms)
      return { result: serviceTokenResult({ token, lastSeenAt: null }) }
    },
  }),

  inBothScopes({
    ...{
      method: 'POST',
      path: `${item}/refresh`,
      summary: 'Start the lifetime of a service token again',
      permission: 'service_tokens:write',
    },
    ...{ params: ServiceTokenPath, result: ServiceTokenResult },
    ...{ failures: ['service_token_not_found', 'changed_meanwhile'], isConditional: true },
    handle: async ({ authority, caller, scope, params, terms }) =>
      shown(await authority.serviceTokens.refresh(caller.actor, scope, params.service_token_id, terms)),
  }),

  inBothScopes({
    ...{ method: 'POST', path: `${item}/rotate`, summary: 'Replace the secret of a service token', permission: 'service_tokens:write' },
    ...{ params: ServiceTokenPath, body: RotateServiceToken, result: IssuedServiceTokenResult },
    ...{ failures: ['service_token_not_found', 'changed_meanwhile'], isConditional: true, isRepeatable: true },
    async handle({ authority, caller, scope, params: { service_token_id: id }, body, terms }) {
      const graceUntil = instantOf(body[previousEnd], previousEnd)
      return issued(await authority.serviceTokens.rotate(caller.actor, scope, id, graceUntil, terms))
    },
  }),
].flat()

function shown({ isRepeated, ...seen }: Repeatable<SeenServiceToken>): Answer<ServiceTokenResult> {
  return { result: serviceTokenResult(seen), revision: seen.token.revision, isRepeated }
}

function issued({ isRepeated, ...seen }: Repeatable<IssuedServiceToken>): Answer<IssuedServiceTokenResult> {
  return { result: issuedServiceTokenResult(seen), revision: seen.token.revision, isRepeated }
}
