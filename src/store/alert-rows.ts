// Alerts about service tokens that expire: where they go, who is told of which, and what was said.

export interface WebhookRow {
  readonly id: string
  readonly account_id: string
  readonly name: string
  readonly url: string
  readonly sealed_secret: Uint8Array | null
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface AlertPolicyRow {
  readonly id: string
  readonly account_id: string
  readonly name: string
  readonly description: string
  readonly enabled: number
  /** Ids. */
  readonly webhooks: string
  /** Ids; null for all tokens. */
  readonly tokens: string | null
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface AlertDeliveryRow {
  readonly id: string
  readonly account_id: string
  readonly policy_id: string
  readonly policy_name: string
  readonly policy_description: string
  readonly webhook_id: string
  readonly service_token_id: string
  readonly token_expires_at: number
  readonly body: string
  readonly created_at: number
  /** Those in vain. */
  readonly attempts: number
  /** Null once it has arrived, and when it is given up. */
  readonly due_at: number | null
  readonly sent_at: number | null
  readonly failed_at: number | null
}
