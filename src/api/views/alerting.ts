import type { Static } from 'typebox'
import type { AlertPolicyChanges, AlertPolicyDraft } from '../../authority/alert-policies.ts'
import type { SentAlert } from '../../authority/deliveries.ts'
import type { SeenWebhook, WebhookDraft } from '../../authority/webhooks.ts'
import { type AlertPolicy, alertType } from '../../domain/alert.ts'
import { formatInstant } from '../../domain/instant.ts'
import type {
  AlertPolicyResult,
  CreateAlertPolicy,
  CreateWebhook,
  HistoryResult,
  UpdateAlertPolicy,
  WebhookResult,
} from '../../wire/alerting.ts'

export function webhookDraft({ name, url, secret }: Static<typeof CreateWebhook>): WebhookDraft {
  return { name, url, secret: secret ?? undefined }
}

/** Never with its secret. */
export function webhookResult({ webhook, lastSuccessAt, lastFailureAt }: SeenWebhook): WebhookResult {
  const { id, name, url, createdAt } = webhook
  return {
    ...{ id, name, url, type: 'generic', created_at: formatInstant(createdAt) },
    ...(lastSuccessAt !== null && { last_success: formatInstant(lastSuccessAt) }),
    ...(lastFailureAt !== null && { last_failure: formatInstant(lastFailureAt) }),
  }
}

export function alertPolicyDraft(body: Static<typeof CreateAlertPolicy>): AlertPolicyDraft {
  const { name, description = '', enabled, mechanisms, filters } = body
  return { name, description, enabled, webhookIds: idsIn(mechanisms), tokenIds: tokensIn(filters ?? null) }
}

export function alertPolicyChanges({
  name,
  description,
  enabled,
  mechanisms,
  filters,
}: Static<typeof UpdateAlertPolicy>): AlertPolicyChanges {
  return {
    ...{ name, description, enabled, webhookIds: mechanisms && idsIn(mechanisms) },
    tokenIds: filters === undefined ? undefined : tokensIn(filters),
  }
}

function idsIn({ webhooks }: Static<typeof CreateAlertPolicy>['mechanisms']): readonly string[] {
  return [...new Set(webhooks.map(({ id }) => id))]
}

/** No ids stand for all tokens, as no filter does. */
function tokensIn(filters: { readonly token_id?: readonly string[] | null } | null): readonly string[] | null {
  const ids = [...new Set(filters?.token_id ?? [])]
  return ids.length === 0 ? null : ids
}

export function alertPolicyResult(policy: AlertPolicy): AlertPolicyResult {
  const { id, name, description, enabled, webhookIds, tokenIds, createdAt, updatedAt } = policy
  return {
    ...{ id, name, description, enabled, alert_type: alertType, mechanisms: { webhooks: webhookIds.map((webhook) => ({ id: webhook })) } },
    ...(tokenIds !== null && { filters: { token_id: [...tokenIds] } }),
    ...{ created: formatInstant(createdAt), modified: formatInstant(updatedAt) },
  }
}

export function historyResult({ id, policyId, policyName, policyDescription, webhookId, body, sentAt }: SentAlert): HistoryResult {
  return {
    ...{ id, name: policyName, description: policyDescription, policy_id: policyId, alert_type: alertType, alert_body: body },
    ...{ mechanism: webhookId, mechanism_type: 'webhook', sent: formatInstant(sentAt) },
  }
}
