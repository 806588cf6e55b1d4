import { Type } from 'typebox'
import {
  AlertingId,
  AlertPolicyPath,
  AlertPolicyResult,
  AvailableAlertsResult,
  availableAlerts,
  CreateAlertPolicy,
  CreateWebhook,
  defaultHistoryPerPage,
  HistoryResult,
  ListHistory,
  UpdateAlertPolicy,
  UpdateWebhook,
  WebhookPath,
  WebhookResult,
} from '../../wire/alerting.ts'
import { ResultInfo, resultInfo } from '../../wire/pagination.ts'
import { requireUnchanged } from '../read-only.ts'
import { inAccount, type Route } from '../route.ts'
import { alertPolicyChanges, alertPolicyDraft, alertPolicyResult, historyResult, webhookDraft, webhookResult } from '../views/alerting.ts'
import { queryInstantOf } from '../views/timestamp.ts'

const webhooks = '/alerting/v3/destinations/webhooks'
const webhook = `${webhooks}/:webhook_id`
const policies = '/alerting/v3/policies'
const policy = `${policies}/:policy_id`

export const webhookRoutes: readonly Route[] = [
  inAccount({
    ...{ method: 'GET', path: webhooks, summary: 'List webhooks', permission: 'notifications:read' },
    ...{ params: Type.Object({}), result: Type.Array(WebhookResult) },
    handle: async ({ authority, scope }) => ({ result: (await authority.webhooks.list(scope)).map(webhookResult) }),
  }),

  inAccount({
    ...{ method: 'POST', path: webhooks, summary: 'Create a webhook', permission: 'notifications:write' },
    ...{ params: Type.Object({}), body: CreateWebhook, status: 201, result: AlertingId },
    async handle({ authority, caller, scope, body }) {
      const { id } = await authority.webhooks.create(caller.actor, scope, webhookDraft(body))
      return { result: { id } }
    },
  }),

  inAccount({
    ...{ method: 'GET', path: webhook, summary: 'Get a webhook', permission: 'notifications:read' },
    ...{ params: WebhookPath, result: WebhookResult, failures: ['webhook_not_found'] },
    handle: async ({ authority, scope, params }) => ({ result: webhookResult(await authority.webhooks.get(scope, params.webhook_id)) }),
  }),

  inAccount({
    ...{ method: 'PUT', path: webhook, summary: 'Replace name, URL and secret of a webhook', permission: 'notifications:write' },
    ...{ params: WebhookPath, body: UpdateWebhook, result: AlertingId, failures: ['webhook_not_found'] },
    async handle({ authority, caller, scope, params: { webhook_id: id }, body }) {
      requireUnchanged(['id'], body, { id })
      await authority.webhooks.update(caller.actor, scope, id, webhookDraft(body))
      return { result: { id } }
    },
  }),

  inAccount({
    ...{
      method: 'DELETE',
      path: webhook,
      summary: 'Delete a webhook that no notification policy names',
      permission: 'notifications:write',
    },
    ...{ params: WebhookPath, result: AlertingId, failures: ['webhook_not_found', 'in_use'] },
    async handle({ authority, caller, scope, params: { webhook_id: id } }) {
      await authority.webhooks.delete(caller.actor, scope, id)
      return { result: { id } }
    },
  }),
]

export const alertPolicyRoutes: readonly Route[] = [
  inAccount({
    ...{ method: 'GET', path: policies, summary: 'List notification policies', permission: 'notifications:read' },
    ...{ params: Type.Object({}), result: Type.Array(AlertPolicyResult) },
    handle: async ({ authority, scope }) => ({ result: (await authority.alertPolicies.list(scope)).map(alertPolicyResult) }),
  }),

  inAccount({
    ...{ method: 'POST', path: policies, summary: 'Create a notification policy', permission: 'notifications:write' },
    ...{ params: Type.Object({}), body: CreateAlertPolicy, result: AlertingId },
    async handle({ authority, caller, scope, body }) {
      const { id } = await authority.alertPolicies.create(caller.actor, scope, alertPolicyDraft(body))
      return { result: { id } }
    },
  }),

  inAccount({
    ...{ method: 'GET', path: policy, summary: 'Get a notification policy', permission: 'notifications:read' },
    ...{ params: AlertPolicyPath, result: AlertPolicyResult, failures: ['alert_policy_not_found'] },
    handle: async ({ authority, scope, params }) => ({
      result: alertPolicyResult(await authority.alertPolicies.get(scope, params.policy_id)),
    }),
  }),

  inAccount({
    ...{ method: 'PUT', path: policy, summary: 'Update a notification policy', permission: 'notifications:write' },
    ...{ params: AlertPolicyPath, body: UpdateAlertPolicy, result: AlertingId, failures: ['alert_policy_not_found'] },
    async handle({ authority, caller, scope, params: { policy_id: id }, body }) {
      requireUnchanged(['id'], body, { id })
      await authority.alertPolicies.update(caller.actor, scope, id, alertPolicyChanges(body))
      return { result: { id } }
    },
  }),

  inAccount({
    ...{ method: 'DELETE', path: policy, summary: 'Delete a notification policy', permission: 'notifications:write' },
    ...{ params: AlertPolicyPath, result: AlertingId, failures: ['alert_policy_not_found'] },
    async handle({ authority, caller, scope, params: { policy_id: id } }) {
      await authority.alertPolicies.delete(caller.actor, scope, id)
      return { result: { id } }
    },
  }),

  inAccount({
    ...{ method: 'GET', path: '/alerting/v3/history', summary: 'List the alerts that arrived', permission: 'notifications:read' },
    ...{ params: Type.Object({}), query: ListHistory, result: Type.Array(HistoryResult), info: ResultInfo },
    async handle({ authority, scope, query: { page = 1, per_page: perPage = defaultHistoryPerPage, ...query } }) {
      const since = query.since === undefined ? undefined : queryInstantOf(query.since, 'since')
      const before = query.before === undefined ? undefined : queryInstantOf(query.before, 'before')
      const { items, total } = await authority.alertPolicies.history(scope, { page, perPage, since, before })
      return { result: items.map(historyResult), info: resultInfo({ page, perPage }, items.length, total) }
    },
  }),

  inAccount({
    ...{ method: 'GET', path: '/alerting/v3/available_alerts', summary: 'List the alerts there are', permission: 'notifications:read' },
    ...{ params: Type.Object({}), result: AvailableAlertsResult },
    handle: async () => ({ result: availableAlerts }),
  }),
]
