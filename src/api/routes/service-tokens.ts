import { type Static, Type } from 'typebox'
import { Failure } from '../../authority/failure.ts'
import type { SeenServiceToken } from '../../authority/ports.ts'
import { type Instant, parseInstant } from '../../domain/instant.ts'
import { defaultPerPage, resultInfo } from '../../wire/pagination.ts'
import {
  CreateServiceToken,
  IssuedServiceTokenResult,
  ListServiceTokens,
  RotateServiceToken,
  readOnlyFields,
  ServiceTokenPath,
  ServiceTokenResult,
  UpdatedServiceTokenResult,
  UpdateServiceToken,
} from '../../wire/service-token.ts'
import { inBothScopes, type Route } from '../route.ts'
import { issuedServiceTokenResult, serviceTokenResult } from '../service-token-view.ts'

const collection = '/access/service_tokens'
const item = `${collection}/:service_token_id`

export const serviceTokenRoutes: readonly Route[] = [
  inBothScopes({
    ...{ method: 'GET', path: collection, permission: 'service_tokens:read' },
    params: Type.Object({}),
    query: ListServiceTokens,
    result: Type.Array(ServiceTokenResult),
    async handle({ authority, scope, query: { page = 1, per_page: perPage = defaultPerPage, name, search } }) {
      const { items, total } = await authority.serviceTokens.list(scope, { page, perPage, name, search })
      return { items: items.map(serviceTokenResult), info: resultInfo(page, perPage, items.length, total) }
    },
  }),

  inBothScopes({
    ...{ method: 'POST', path: collection, permission: 'service_tokens:write' },
    params: Type.Object({}),
    body: CreateServiceToken,
    status: 201,
    result: IssuedServiceTokenResult,
    async handle({ authority, actor, scope, body: { name, duration, enabled, client_secret_version: secretVersion, ...rest } }) {
      // A new token has no previous secret to end. Clients that always send the field get the same check as later.
      instantOf(rest.previous_client_secret_expires_at)
      return issuedServiceTokenResult(await authority.serviceTokens.create(actor, scope, { name, duration, enabled, secretVersion }))
    },
  }),

  inBothScopes({
    ...{ method: 'GET', path: item, permission: 'service_tokens:read' },
    params: ServiceTokenPath,
    result: ServiceTokenResult,
    handle: async ({ authority, scope, params }) => serviceTokenResult(await authority.serviceTokens.get(scope, params.service_token_id)),
  }),

  inBothScopes({
    ...{ method: 'PUT', path: item, permission: 'service_tokens:write' },
    params: ServiceTokenPath,
    body: UpdateServiceToken,
    result: UpdatedServiceTokenResult,
    async handle({ authority, actor, scope, params: { service_token_id: id }, body }) {
      const previousUntil = instantOf(body.previous_client_secret_expires_at)
      if (readOnlyFields.some((field) => body[field] !== undefined)) requireUnchanged(body, await authority.serviceTokens.get(scope, id))
      const { name, duration, enabled, client_secret_version: secretVersion } = body
      const updated = await authority.serviceTokens.update(actor, scope, id, { name, duration, enabled, secretVersion, previousUntil })
      return 'secret' in updated ? issuedServiceTokenResult(updated) : serviceTokenResult(updated)
    },
  }),

  inBothScopes({
    ...{ method: 'DELETE', path: item, permission: 'service_tokens:write' },
    params: ServiceTokenPath,
    result: ServiceTokenResult,
    handle: async ({ authority, actor, scope, params: { service_token_id: id } }) =>
      serviceTokenResult({ token: await authority.serviceTokens.delete(actor, scope, id), lastSeenAt: null }),
  }),

  inBothScopes({
    ...{ method: 'POST', path: `${item}/refresh`, permission: 'service_tokens:write' },
    params: ServiceTokenPath,
    result: ServiceTokenResult,
    handle: async ({ authority, actor, scope, params: { service_token_id: id } }) =>
      serviceTokenResult(await authority.serviceTokens.refresh(actor, scope, id)),
  }),

  inBothScopes({
    ...{ method: 'POST', path: `${item}/rotate`, permission: 'service_tokens:write' },
    params: ServiceTokenPath,
    body: RotateServiceToken,
    result: IssuedServiceTokenResult,
    async handle({ authority, actor, scope, params: { service_token_id: id }, body }) {
      const graceUntil = instantOf(body.previous_client_secret_expires_at)
      return issuedServiceTokenResult(await authority.serviceTokens.rotate(actor, scope, id, graceUntil))
    },
  }),
].flat()

function instantOf(text: string | undefined): Instant | undefined {
  if (text === undefined) return undefined
  const instant = parseInstant(text)
  if (instant !== undefined) return instant
  const message = 'must be an RFC 3339 date and time such as 2030-01-31T12:00:00Z'
  throw new Failure('invalid_request', { field: 'previous_client_secret_expires_at', message })
}

/** Lets a client send back what it was shown, and tells one that means to change it. */
function requireUnchanged(body: Static<typeof UpdateServiceToken>, seen: SeenServiceToken): void {
  const shown = serviceTokenResult(seen)
  const changed = readOnlyFields.find((field) => body[field] !== undefined && body[field] !== shown[field])
  if (changed === undefined) return
  const instead = changed === 'expires_at' ? '; change duration, or refresh the token' : ''
  throw new Failure('invalid_request', { field: changed, message: `is set by the server and cannot be changed${instead}; leave it out` })
}
