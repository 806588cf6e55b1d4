import type { Static } from 'typebox'
import type { TokenActivityResult } from '../wire/activity.ts'
import type { ResultInfo } from '../wire/pagination.ts'
import type {
  CreateServiceToken,
  IssuedServiceTokenResult,
  ListServiceTokens,
  SecretUseResult,
  ServiceTokenOverviewResult,
  ServiceTokenResult,
  UpdateServiceToken,
} from '../wire/service-token.ts'
import { type Page, type Place, pageOf, pathOf } from './place.ts'
import type { Transport } from './transport.ts'

export type ServiceTokenQuery = Static<typeof ListServiceTokens>
export type ServiceTokenOverview = Static<typeof ServiceTokenOverviewResult>

/** The operations on the service tokens of an account or a zone. */
export interface ServiceTokenClient {
  list(place: Place, query: ServiceTokenQuery, signal?: AbortSignal): Promise<Page<ServiceTokenResult>>
  overview(place: Place, signal?: AbortSignal): Promise<ServiceTokenOverview>
  get(place: Place, id: string, signal?: AbortSignal): Promise<ServiceTokenResult>
  uses(place: Place, id: string, signal?: AbortSignal): Promise<readonly SecretUseResult[]>
  activity(place: Place, id: string, hours: number, signal?: AbortSignal): Promise<readonly TokenActivityResult[]>
  /** A repetition with the same `attempt` answers with the same token and secret. */
  create(place: Place, token: Static<typeof CreateServiceToken>, attempt: string): Promise<IssuedServiceTokenResult>
  update(place: Place, id: string, changes: Static<typeof UpdateServiceToken>): Promise<ServiceTokenResult>
  rotate(place: Place, id: string, graceUntil: string | undefined, attempt: string): Promise<IssuedServiceTokenResult>
  refresh(place: Place, id: string): Promise<ServiceTokenResult>
  delete(place: Place, id: string): Promise<ServiceTokenResult>
}

export function createServiceTokenClient(call: Transport): ServiceTokenClient {
  const all = (place: Place) => `${pathOf(place)}/access/service_tokens`
  const one = (place: Place, id: string) => `${all(place)}/${id}`
  return {
    async list(place, query, signal) {
      const { result, info } = await call<ServiceTokenResult[]>(all(place), { query, signal })
      return pageOf(result, info as ResultInfo)
    },
    overview: async (place, signal) => (await call<ServiceTokenOverview>(`${all(place)}/overview`, { signal })).result,
    get: async (place, id, signal) => (await call<ServiceTokenResult>(one(place, id), { signal })).result,
    uses: async (place, id, signal) => (await call<SecretUseResult[]>(`${one(place, id)}/uses`, { signal })).result,
    activity: async (place, id, hours, signal) =>
      (await call<TokenActivityResult[]>(`${one(place, id)}/activity`, { query: { hours }, signal })).result,
    create: async (place, body, attempt) => (await call<IssuedServiceTokenResult>(all(place), { method: 'POST', body, attempt })).result,
    update: async (place, id, body) => (await call<ServiceTokenResult>(one(place, id), { method: 'PUT', body })).result,
    async rotate(place, id, graceUntil, attempt) {
      const body = graceUntil === undefined ? {} : { previous_client_secret_expires_at: graceUntil }
      return (await call<IssuedServiceTokenResult>(`${one(place, id)}/rotate`, { method: 'POST', body, attempt })).result
    },
    refresh: async (place, id) => (await call<ServiceTokenResult>(`${one(place, id)}/refresh`, { method: 'POST' })).result,
    delete: async (place, id) => (await call<ServiceTokenResult>(one(place, id), { method: 'DELETE' })).result,
  }
}
