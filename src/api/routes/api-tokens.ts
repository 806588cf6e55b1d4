import { Type } from 'typebox'
import type { ApiTokenDraft } from '../../authority/api-tokens.ts'
import { requireRanges } from '../../authority/delegation.ts'
import { Failure } from '../../authority/failure.ts'
import type { Credentials } from '../../authority/sign-in.ts'
import { permissionGroups } from '../../domain/permission.ts'
import {
  ApiTokenPath,
  ApiTokenResult,
  CreateApiToken,
  DeletedApiToken,
  IssuedApiTokenResult,
  ListApiTokens,
  ListPermissionGroups,
  PermissionGroupResult,
  RollApiToken,
  RolledValue,
  UpdateApiToken,
  VerifiedApiToken,
} from '../../wire/api-token.ts'
import { defaultSmallPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { AccountPath } from '../../wire/service-token.ts'
import { forOwners, onItself, type Route } from '../route.ts'
import {
  apiTokenChanges,
  apiTokenDraft,
  apiTokenResult,
  issuedApiTokenResult,
  permissionGroupResult,
  verifiedApiToken,
} from '../views/api-token.ts'

const collection = '/tokens'
const item = `${collection}/:token_id`

/** The same operations on a user's tokens (`/user/tokens`) and on an account's own (`/accounts/…/tokens`). */
export const apiTokenRoutes: readonly Route[] = [
  onItself({
    ...{ method: 'GET', path: `/user${collection}/verify`, summary: 'Say what state the presented API token of a user is in' },
    ...{ params: Type.Object({}), result: VerifiedApiToken, failures: ['invalid_api_token'] },
    async handle({ authority, now, presented }) {
      return { result: verifiedApiToken(await authority.apiTokens.verify(valueIn(presented), { accountId: null }), now) }
    },
  }),
  onItself({
    ...{ method: 'GET', path: `/accounts/:account_id${collection}/verify` },
    ...{ summary: 'Say what state the presented API token of an account is in' },
    ...{ params: AccountPath, result: VerifiedApiToken, failures: ['invalid_api_token'] },
    async handle({ authority, now, presented, params: { account_id: accountId } }) {
      return { result: verifiedApiToken(await authority.apiTokens.verify(valueIn(presented), { accountId }), now) }
    },
  }),

  forOwners({
    ...{ method: 'GET', path: `${collection}/permission_groups`, summary: 'List the permission groups', permission: 'read' },
    ...{ params: Type.Object({}), query: ListPermissionGroups, result: Type.Array(PermissionGroupResult) },
    async handle({ query: { name, scope } }) {
      const wanted = permissionGroups.filter((group) => (name ?? group.name) === group.name && (scope ?? group.scope) === group.scope)
      return { result: wanted.map(permissionGroupResult) }
    },
  }),

  forOwners({
    ...{ method: 'GET', path: collection, summary: 'List API tokens', permission: 'read' },
    ...{ params: Type.Object({}), query: ListApiTokens, result: Type.Array(ApiTokenResult), info: ResultInfo },
    async handle({ authority, owner, now, query: { page = 1, per_page: perPage = defaultSmallPage, direction = 'desc', ...query } }) {
      const expiredSince = query.include_expired === 'false' ? now : undefined
      const { items, total } = await authority.apiTokens.list(owner, { page, perPage, direction, expiredSince })
      const result = items.map((seen) => apiTokenResult(seen, now))
      return { result, info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  forOwners({
    ...{ method: 'POST', path: collection, summary: 'Create an API token; its value is shown this once', permission: 'write' },
    ...{ params: Type.Object({}), body: CreateApiToken, result: IssuedApiTokenResult },
    ...{ failures: ['exceeds_maker'], isRepeatable: true },
    async handle({ authority, caller, owner, body, terms }) {
      const issued = await authority.apiTokens.create(caller, owner, checked(apiTokenDraft(body)), terms.retry)
      // As of then, also when it is asked for again: the answer must not change.
      return { result: issuedApiTokenResult(issued, issued.token.createdAt), isRepeated: issued.isRepeated }
    },
  }),

  forOwners({
    ...{ method: 'GET', path: item, summary: 'Get an API token', permission: 'read' },
    ...{ params: ApiTokenPath, result: ApiTokenResult, failures: ['api_token_not_found'] },
    async handle({ authority, owner, now, params: { token_id: id } }) {
      return { result: apiTokenResult(await authority.apiTokens.get(owner, id), now) }
    },
  }),

  forOwners({
    ...{ method: 'PUT', path: item, summary: 'Update an API token', permission: 'write' },
    ...{ params: ApiTokenPath, body: UpdateApiToken, result: ApiTokenResult },
    failures: ['api_token_not_found', 'exceeds_maker', 'last_way_in'],
    async handle({ authority, caller, owner, now, params: { token_id: id }, body }) {
      return { result: apiTokenResult(await authority.apiTokens.update(caller, owner, id, checked(apiTokenChanges(body))), now) }
    },
  }),

  forOwners({
    ...{ method: 'DELETE', path: item, summary: 'Delete an API token', permission: 'write' },
    ...{ params: ApiTokenPath, result: DeletedApiToken, failures: ['api_token_not_found', 'last_way_in'] },
    async handle({ authority, caller, owner, params: { token_id: id } }) {
      await authority.apiTokens.delete(caller, owner, id)
      return { result: { id } }
    },
  }),

  forOwners({
    ...{ method: 'PUT', path: `${item}/value`, summary: 'Replace the value of an API token', permission: 'write' },
    ...{ params: ApiTokenPath, body: RollApiToken, result: RolledValue },
    ...{ failures: ['api_token_not_found', 'exceeds_maker'], isRepeatable: true },
    async handle({ authority, caller, owner, params: { token_id: id }, terms }) {
      const { value, isRepeated } = await authority.apiTokens.roll(caller, owner, id, terms.retry)
      return { result: value, isRepeated }
    },
  }),
].flat()

function valueIn(presented: Credentials): string {
  if (presented.kind === 'api_token') return presented.value
  throw new Failure('invalid_api_token', { message: 'Invalid API Token: send the token to be verified as "Authorization: Bearer <token>"' })
}

function checked<Draft extends Pick<ApiTokenDraft, 'location'>>(draft: Draft): Draft {
  requireRanges(draft.location?.in ?? [], 'condition/request_ip/in')
  requireRanges(draft.location?.notIn ?? [], 'condition/request_ip/not_in')
  return draft
}
