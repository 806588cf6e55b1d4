import { type Static, Type } from 'typebox'
import { Name, printable, Shown, Timestamp } from './fields.ts'
import { HexId, Uuid } from './identifiers.ts'
import { Page } from './pagination.ts'
import { unused } from './unused.ts'

// Cf. "Alerting" in the API of Cloudflare: webhooks, notification policies and the history, for the one alert there is here.

const strict = { additionalProperties: false }
const webhookId = 'b115d5ec15c641ee8b7692c449b5227b'
const policyId = '0da2b59ef118439d8097bdfb215203c9'
const changed = { created: '2026-01-15T09:30:00Z', modified: '2026-02-01T08:00:00Z' }

export const WebhookPath = Type.Object({ webhook_id: HexId })

const Url = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: 'an http or https URL in ASCII, such as https://alerts.example.com/postern',
})
const Secret = Type.Union([Type.String({ maxLength: 1024, pattern: '^[!-~]*$' }), Type.Null()], {
  description: 'a text of at most 1024 letters, digits and signs of ASCII, without spaces',
})
const ChosenOfWebhook = { name: Name, url: Url, secret: Type.Optional(Secret) }
const webhook = { name: 'On call', url: 'https://alerts.example.com/postern' }

export const CreateWebhook = Type.Object(ChosenOfWebhook, { ...strict, examples: [{ ...webhook, secret: 'a-long-random-text' }] })
/** Without a secret, that stays as it is. */
export const UpdateWebhook = Type.Object(
  { ...ChosenOfWebhook, ...{ id: Shown, type: Shown, created_at: Shown, last_success: Shown, last_failure: Shown } },
  { ...strict, examples: [{ ...webhook, secret: 'another-random-text' }] },
)

export const WebhookResult = Type.Object(
  {
    ...{ id: HexId, name: Type.String(), url: Type.String(), type: Type.Literal('generic'), created_at: Type.String() },
    last_success: Type.Optional(Type.String({ description: 'When a message arrived last, of those of 90 days.' })),
    last_failure: Type.Optional(Type.String({ description: 'When one was sent in vain.' })),
  },
  { examples: [{ id: webhookId, ...webhook, type: 'generic', created_at: changed.created, last_success: '2026-02-01T08:00:01Z' }] },
)
export type WebhookResult = Static<typeof WebhookResult>

export const AlertingId = Type.Object({ id: HexId }, { examples: [{ id: webhookId }] })

export const AlertPolicyPath = Type.Object({ policy_id: HexId })

const alertTypeName = 'expiring_service_token_alert'
const AlertType = Type.Literal(alertTypeName, { description: `${alertTypeName}, which is the only alert here` })
const Description = Type.String({
  ...{ maxLength: 1000, pattern: printable },
  description: 'a text of at most 1000 characters without control characters',
})
const NoOther = Type.Optional(Type.Union([Type.Null(), Type.Array(Type.Unknown(), { maxItems: 0 })]))
const WebhookIds = Type.Array(Type.Object({ id: HexId, name: Type.Optional(Type.String()) }, strict), { minItems: 1, maxItems: 10 })
const Mechanisms = Type.Object(
  { webhooks: WebhookIds, email: NoOther, pagerduty: NoOther },
  { ...strict, description: 'an object with 1 to 10 webhooks, such as {"webhooks": [{"id": "…"}]}: alerts are sent to nothing else' },
)
const Filters = Type.Union(
  [
    Type.Object(
      {
        token_id: Type.Optional(
          Type.Union([Type.Array(Uuid, { maxItems: 500 }), Type.Null()], { description: 'a list of at most 500 ids of service tokens' }),
        ),
      },
      strict,
    ),
    Type.Null(),
  ],
  { description: 'an object with ids of service tokens, such as {"token_id": ["…"]}, or left out for all service tokens' },
)
const Enabled = Type.Boolean({ description: 'true or false' })
const UnusedOfPolicies = unused(['alert_interval', 'conditions'])
const ShownOfPolicies = { id: Shown, created: Shown, modified: Shown }

const policy = {
  ...{ name: 'Tokens that expire', description: 'To whoever is on call', enabled: true, alert_type: alertTypeName },
  mechanisms: { webhooks: [{ id: webhookId }] },
}

export const CreateAlertPolicy = Type.Object(
  {
    ...{ name: Name, description: Type.Optional(Description), enabled: Enabled, alert_type: AlertType, mechanisms: Mechanisms },
    ...{ filters: Type.Optional(Filters), ...UnusedOfPolicies, ...ShownOfPolicies },
  },
  { ...strict, examples: [policy] },
)

/** What is left out stays as it is. */
export const UpdateAlertPolicy = Type.Object(
  {
    ...{ name: Type.Optional(Name), description: Type.Optional(Description), enabled: Type.Optional(Enabled) },
    ...{ alert_type: Type.Optional(AlertType), mechanisms: Type.Optional(Mechanisms), filters: Type.Optional(Filters) },
    ...{ ...UnusedOfPolicies, ...ShownOfPolicies },
  },
  { ...strict, examples: [{ name: 'Tokens that expire', enabled: false }] },
)

export const AlertPolicyResult = Type.Object(
  {
    ...{ id: HexId, name: Type.String(), description: Type.String(), enabled: Type.Boolean(), alert_type: Type.Literal(alertTypeName) },
    mechanisms: Type.Object({ webhooks: Type.Array(Type.Object({ id: HexId })) }),
    filters: Type.Optional(Type.Object({ token_id: Type.Array(Uuid) }, { description: 'Left out where it is for all service tokens.' })),
    ...{ created: Type.String(), modified: Type.String() },
  },
  { examples: [{ id: policyId, ...policy, ...changed }] },
)
export type AlertPolicyResult = Static<typeof AlertPolicyResult>

export const defaultHistoryPerPage = 25

export const ListHistory = Type.Object({
  ...{ since: Type.Optional(Timestamp), before: Type.Optional(Timestamp), page: Type.Optional(Page) },
  per_page: Type.Optional(Type.Integer({ minimum: 5, maximum: 1000, description: 'the number of items on a page, from 5 to 1000' })),
})

export const HistoryResult = Type.Object(
  {
    ...{ id: HexId, name: Type.String(), description: Type.String(), policy_id: HexId, alert_type: Type.Literal(alertTypeName) },
    alert_body: Type.String({ description: 'The message as it was sent, JSON.' }),
    mechanism: Type.String({ description: "The webhook's id." }),
    ...{ mechanism_type: Type.Literal('webhook'), sent: Type.String() },
  },
  {
    examples: [
      {
        ...{ id: 'f174e90afafe4643bbbc4a0ed4fc8415', name: policy.name, description: policy.description, policy_id: policyId },
        ...{ alert_type: alertTypeName, alert_body: '{"name":"Tokens that expire","text":"…"}', mechanism: webhookId },
        ...{ mechanism_type: 'webhook', sent: '2026-02-01T08:00:01Z' },
      },
    ],
  },
)
export type HistoryResult = Static<typeof HistoryResult>

const FilterOption = Type.Object({
  ...{ AvailableValues: Type.Null(), ComparisonOperator: Type.String(), Key: Type.String(), Range: Type.String() },
})
const AvailableAlert = Type.Object({
  ...{ type: Type.Literal(alertTypeName), display_name: Type.String(), description: Type.String() },
  filter_options: Type.Array(FilterOption),
})

const AvailableAlerts = { Access: Type.Array(AvailableAlert) }

/** By product. */
export const availableAlerts: { Access: Static<typeof AvailableAlert>[] } = {
  Access: [
    {
      ...{ type: alertTypeName, display_name: 'Expiring Access Service Token' },
      description: 'A service token expires within seven days, and in the last quarter of its lifetime.',
      filter_options: [{ AvailableValues: null, ComparisonOperator: '==', Key: 'token_id', Range: '0-n' }],
    },
  ],
}

export const AvailableAlertsResult = Type.Object(AvailableAlerts, { examples: [availableAlerts] })
