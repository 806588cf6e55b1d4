import type { Static } from 'typebox'
import type { CreateGroup, GroupResult } from '../wire/access-group.ts'
import type { ApplicationPolicyResult, CreateApplicationPolicy, CreatePolicy, PolicyResult } from '../wire/access-policy.ts'
import type { ApplicationResult, CreateApplication, ListApplications } from '../wire/application.ts'
import type { ExplainRequest, ExplanationResult } from '../wire/explanation.ts'
import type { ResultInfo } from '../wire/pagination.ts'
import { type Page, type Place, pageOf, pathOf } from './place.ts'
import type { Transport } from './transport.ts'

export type ApplicationDraft = Static<typeof CreateApplication>
export type PolicyDraft = Static<typeof CreatePolicy>
export type ApplicationPolicyDraft = Static<typeof CreateApplicationPolicy>
export type GroupDraft = Static<typeof CreateGroup>

export interface ApplicationClient {
  list(place: Place, query: Static<typeof ListApplications>, signal?: AbortSignal): Promise<Page<ApplicationResult>>
  get(place: Place, id: string, signal?: AbortSignal): Promise<ApplicationResult>
  create(place: Place, draft: ApplicationDraft): Promise<ApplicationResult>
  update(place: Place, id: string, draft: ApplicationDraft): Promise<ApplicationResult>
  delete(place: Place, id: string): Promise<void>
  /** Gives it other policies, or the same in another order, as ids: of its own ones those are deleted that are left out. `choose` is told of those that it has now. */
  choosePolicies(place: Place, id: string, choose: (ids: readonly string[]) => readonly string[]): Promise<ApplicationResult>
  createPolicy(place: Place, applicationId: string, draft: ApplicationPolicyDraft): Promise<ApplicationPolicyResult>
  updatePolicy(place: Place, applicationId: string, id: string, draft: ApplicationPolicyDraft): Promise<ApplicationPolicyResult>
  deletePolicy(place: Place, applicationId: string, id: string): Promise<void>
  explain(place: Place, applicationId: string, request: Static<typeof ExplainRequest>): Promise<ExplanationResult>
}

export function createApplicationClient(call: Transport): ApplicationClient {
  const all = (place: Place) => `${pathOf(place)}/access/apps`
  const one = (place: Place, id: string) => `${all(place)}/${id}`
  const policies = (place: Place, id: string) => `${one(place, id)}/policies`
  return {
    async list(place, query, signal) {
      const { result, info } = await call<ApplicationResult[]>(all(place), { query, signal })
      return pageOf(result, info as ResultInfo)
    },
    get: async (place, id, signal) => (await call<ApplicationResult>(one(place, id), { signal })).result,
    create: async (place, body) => (await call<ApplicationResult>(all(place), { method: 'POST', body })).result,
    update: async (place, id, body) => (await call<ApplicationResult>(one(place, id), { method: 'PUT', body })).result,
    async delete(place, id) {
      await call(one(place, id), { method: 'DELETE' })
    },
    async choosePolicies(place, id, choose) {
      const { result } = await call<ApplicationResult>(one(place, id))
      const body = { ...asChosen(result), policies: [...choose(inOrder(result).map((policy) => policy.id))] }
      return (await call<ApplicationResult>(one(place, id), { method: 'PUT', body })).result
    },
    createPolicy: async (place, id, body) => (await call<ApplicationPolicyResult>(policies(place, id), { method: 'POST', body })).result,
    updatePolicy: async (place, applicationId, id, body) =>
      (await call<ApplicationPolicyResult>(`${policies(place, applicationId)}/${id}`, { method: 'PUT', body })).result,
    async deletePolicy(place, applicationId, id) {
      await call(`${policies(place, applicationId)}/${id}`, { method: 'DELETE' })
    },
    explain: async (place, id, body) => (await call<ExplanationResult>(`${one(place, id)}/explain`, { method: 'POST', body })).result,
  }
}

/** The policies of an application, the one that is asked first at the beginning. */
export function inOrder({ policies }: ApplicationResult): readonly ApplicationPolicyResult[] {
  return policies.toSorted((one, other) => one.precedence - other.precedence)
}

/** An update names everything that the application is to be. */
function asChosen(application: ApplicationResult): ApplicationDraft {
  const { type, name, domain, destinations, session_duration, service_auth_401_redirect, origin_url } = application
  const header = application.read_service_tokens_from_header ?? null
  return {
    ...{ type, name, domain, destinations, session_duration, service_auth_401_redirect, origin_url },
    read_service_tokens_from_header: header,
  }
}

/** The policies that applications of an account share. */
export interface PolicyClient {
  list(place: Place, signal?: AbortSignal): Promise<Page<PolicyResult>>
  create(place: Place, draft: PolicyDraft): Promise<PolicyResult>
  update(place: Place, id: string, draft: PolicyDraft): Promise<PolicyResult>
  delete(place: Place, id: string): Promise<void>
}

/** Policies and groups are chosen from, so as many are asked for as a page may have. */
const most = { per_page: 1000 }

export function createPolicyClient(call: Transport): PolicyClient {
  const all = (place: Place) => `${pathOf(place)}/access/policies`
  return {
    async list(place, signal) {
      const { result, info } = await call<PolicyResult[]>(all(place), { query: most, signal })
      return pageOf(result, info as ResultInfo)
    },
    create: async (place, body) => (await call<PolicyResult>(all(place), { method: 'POST', body })).result,
    update: async (place, id, body) => (await call<PolicyResult>(`${all(place)}/${id}`, { method: 'PUT', body })).result,
    async delete(place, id) {
      await call(`${all(place)}/${id}`, { method: 'DELETE' })
    },
  }
}

/** Rules under a name. */
export interface GroupClient {
  list(place: Place, signal?: AbortSignal): Promise<Page<GroupResult>>
  create(place: Place, draft: GroupDraft): Promise<GroupResult>
  update(place: Place, id: string, draft: GroupDraft): Promise<GroupResult>
  delete(place: Place, id: string): Promise<void>
}

export function createGroupClient(call: Transport): GroupClient {
  const all = (place: Place) => `${pathOf(place)}/access/groups`
  return {
    async list(place, signal) {
      const { result, info } = await call<GroupResult[]>(all(place), { query: most, signal })
      return pageOf(result, info as ResultInfo)
    },
    create: async (place, body) => (await call<GroupResult>(all(place), { method: 'POST', body })).result,
    update: async (place, id, body) => (await call<GroupResult>(`${all(place)}/${id}`, { method: 'PUT', body })).result,
    async delete(place, id) {
      await call(`${all(place)}/${id}`, { method: 'DELETE' })
    },
  }
}
