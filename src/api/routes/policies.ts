import { Type } from 'typebox'
import {
  ApplicationPolicyResult,
  CreateApplicationPolicy,
  CreatePolicy,
  DeletedPolicy,
  ListPolicies,
  PolicyPath,
  PolicyResult,
  UpdateApplicationPolicy,
  UpdatePolicy,
} from '../../wire/access-policy.ts'
import { ApplicationPath } from '../../wire/application.ts'
import { defaultPerPage, ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { requireUnchanged } from '../read-only.ts'
import { inAccount, inBothScopes, type Route } from '../route.ts'
import { applicationPolicyResult, policyDraft, policyResult } from '../views/policy.ts'

const collection = '/access/policies'
const item = `${collection}/:policy_id`
const ofApplication = '/access/apps/:app_id/policies'
const itemOfApplication = `${ofApplication}/:policy_id`
const Path = Type.Object({ ...ApplicationPath.properties, ...PolicyPath.properties })

/** Those that applications of an account share. */
export const policyRoutes: readonly Route[] = [
  inAccount({
    ...{ method: 'GET', path: collection, summary: 'List reusable policies', permission: 'apps:read' },
    ...{ params: Type.Object({}), query: ListPolicies, result: Type.Array(PolicyResult), info: ResultInfo },
    async handle({ authority, scope, query: { page = 1, per_page: perPage = defaultPerPage } }) {
      const { items, total } = await authority.policies.list(scope, { page, perPage })
      return { result: items.map(policyResult), info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  inAccount({
    ...{ method: 'POST', path: collection, summary: 'Create a policy for several applications', permission: 'apps:write' },
    ...{ params: Type.Object({}), body: CreatePolicy, status: 201, result: PolicyResult },
    async handle({ authority, caller, scope, body }) {
      return { result: policyResult(await authority.policies.create(caller.actor, scope, policyDraft(body))) }
    },
  }),

  inAccount({
    ...{ method: 'GET', path: item, summary: 'Get a reusable policy', permission: 'apps:read' },
    ...{ params: PolicyPath, result: PolicyResult, failures: ['policy_not_found'] },
    handle: async ({ authority, scope, params }) => ({ result: policyResult(await authority.policies.get(scope, params.policy_id)) }),
  }),

  inAccount({
    ...{ method: 'PUT', path: item, summary: 'Replace a reusable policy, for all that use it', permission: 'apps:write' },
    ...{ params: PolicyPath, body: UpdatePolicy, result: PolicyResult, failures: ['policy_not_found'] },
    async handle({ authority, caller, scope, params: { policy_id: id }, body }) {
      requireUnchanged(['id'], body, { id })
      return { result: policyResult(await authority.policies.update(caller.actor, scope, id, policyDraft(body))) }
    },
  }),

  inAccount({
    ...{ method: 'DELETE', path: item, summary: 'Delete a reusable policy that no application uses', permission: 'apps:write' },
    ...{ params: PolicyPath, status: 202, result: DeletedPolicy, failures: ['policy_not_found', 'in_use'] },
    async handle({ authority, caller, scope, params: { policy_id: id } }) {
      await authority.policies.delete(caller.actor, scope, id)
      return { result: { id } }
    },
  }),
]

/** Those of one application. */
export const applicationPolicyRoutes: readonly Route[] = [
  inBothScopes({
    ...{ method: 'GET', path: ofApplication, summary: 'List the policies of an application', permission: 'apps:read' },
    ...{ params: ApplicationPath, query: ListPolicies, result: Type.Array(ApplicationPolicyResult), info: ResultInfo },
    failures: ['application_not_found'],
    async handle({ authority, scope, params, query: { page = 1, per_page: perPage = defaultPerPage } }) {
      const { items, total } = await authority.applicationPolicies.list(scope, params.app_id, { page, perPage })
      return { result: items.map(applicationPolicyResult), info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  inBothScopes({
    ...{ method: 'POST', path: ofApplication, summary: 'Create a policy of an application', permission: 'apps:write' },
    ...{ params: ApplicationPath, body: CreateApplicationPolicy, status: 201, result: ApplicationPolicyResult },
    failures: ['application_not_found'],
    async handle({ authority, caller, scope, params, body }) {
      const { applicationPolicies } = authority
      const placed = await applicationPolicies.create(caller.actor, scope, params.app_id, policyDraft(body), body.precedence)
      return { result: applicationPolicyResult(placed) }
    },
  }),

  inBothScopes({
    ...{ method: 'GET', path: itemOfApplication, summary: 'Get a policy of an application', permission: 'apps:read' },
    ...{ params: Path, result: ApplicationPolicyResult, failures: ['application_not_found', 'policy_not_found'] },
    async handle({ authority, scope, params }) {
      return { result: applicationPolicyResult(await authority.applicationPolicies.get(scope, params.app_id, params.policy_id)) }
    },
  }),

  inBothScopes({
    ...{ method: 'PUT', path: itemOfApplication, summary: 'Replace a policy of an application', permission: 'apps:write' },
    ...{ params: Path, body: UpdateApplicationPolicy, result: ApplicationPolicyResult },
    failures: ['application_not_found', 'policy_not_found'],
    async handle({ authority, caller, scope, params: { app_id: applicationId, policy_id: id }, body }) {
      requireUnchanged(['id'], body, { id })
      const { applicationPolicies } = authority
      const placed = await applicationPolicies.update(caller.actor, scope, applicationId, id, policyDraft(body), body.precedence)
      return { result: applicationPolicyResult(placed) }
    },
  }),

  inBothScopes({
    ...{ method: 'DELETE', path: itemOfApplication, summary: 'Delete a policy of an application', permission: 'apps:write' },
    ...{ params: Path, status: 202, result: DeletedPolicy, failures: ['application_not_found', 'policy_not_found'] },
    async handle({ authority, caller, scope, params: { app_id: applicationId, policy_id: id } }) {
      await authority.applicationPolicies.delete(caller.actor, scope, applicationId, id)
      return { result: { id } }
    },
  }),
].flat()
