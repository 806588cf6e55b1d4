import type { Static } from 'typebox'
import type {
  ApiTokenResult,
  CreateApiToken,
  IssuedApiTokenResult,
  PermissionGroupResult,
  UpdateApiToken,
  VerifiedApiToken,
} from '../wire/api-token.ts'
import type { ResultInfo } from '../wire/pagination.ts'
import { type Page, type Place, pageOf, pathOf } from './place.ts'
import type { Transport } from './transport.ts'

/** Whose API tokens: those of the user who is signed in, or an account's own. */
export type ApiTokenOwner = 'user' | Place

export interface ApiTokenClient {
  list(owner: ApiTokenOwner, page: number, signal?: AbortSignal): Promise<Page<ApiTokenResult>>
  permissionGroups(owner: ApiTokenOwner, signal?: AbortSignal): Promise<readonly PermissionGroupResult[]>
  /** A repetition with the same `attempt` answers with the same token and value. */
  create(owner: ApiTokenOwner, draft: Static<typeof CreateApiToken>, attempt: string): Promise<IssuedApiTokenResult>
  update(owner: ApiTokenOwner, id: string, token: Static<typeof UpdateApiToken>): Promise<ApiTokenResult>
  /** Replaces the value, and answers with the new one. */
  roll(owner: ApiTokenOwner, id: string, attempt: string): Promise<string>
  delete(owner: ApiTokenOwner, id: string): Promise<void>
  /** The id of the API token that this client signs in with. Fails with 401 when that is not one of the owner's. */
  verify(owner: ApiTokenOwner, signal?: AbortSignal): Promise<string>
}

export function createApiTokenClient(call: Transport): ApiTokenClient {
  const all = (owner: ApiTokenOwner) => `${owner === 'user' ? '/user' : pathOf(owner)}/tokens`
  const one = (owner: ApiTokenOwner, id: string) => `${all(owner)}/${id}`
  return {
    async list(owner, page, signal) {
      const { result, info } = await call<ApiTokenResult[]>(all(owner), { query: { page, per_page: 50 }, signal })
      return pageOf(result, info as ResultInfo)
    },
    permissionGroups: async (owner, signal) => (await call<PermissionGroupResult[]>(`${all(owner)}/permission_groups`, { signal })).result,
    create: async (owner, body, attempt) => (await call<IssuedApiTokenResult>(all(owner), { method: 'POST', body, attempt })).result,
    update: async (owner, id, body) => (await call<ApiTokenResult>(one(owner, id), { method: 'PUT', body })).result,
    roll: async (owner, id, attempt) => (await call<string>(`${one(owner, id)}/value`, { method: 'PUT', body: {}, attempt })).result,
    async delete(owner, id) {
      await call(one(owner, id), { method: 'DELETE' })
    },
    verify: async (owner, signal) => (await call<VerifiedApiToken>(`${all(owner)}/verify`, { signal })).result.id,
  }
}
