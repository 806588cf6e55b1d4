import type { Generated } from 'kysely'
import type { AlertDeliveryRow, AlertPolicyRow, WebhookRow } from './alert-rows.ts'
import type { AccessRequestRow, ActivityRow, AuditRow } from './log-rows.ts'
import type { GateRow, LeaseRow } from './node-rows.ts'

// Rows as they lie in the database. Instants are integer milliseconds, truth is 0 or 1, structures are JSON text.

export interface AccountRow {
  readonly id: string
  readonly name: string
  readonly created_at: number
  readonly revision: number
}

export interface ZoneRow {
  readonly id: string
  readonly account_id: string
  readonly name: string
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface UserRow {
  readonly id: string
  readonly email: string
  readonly key_digest: Uint8Array
  readonly created_at: number
  readonly revision: number
}

export interface ApiTokenRow {
  readonly id: string
  /** One of the two owners is null. */
  readonly user_id: string | null
  readonly account_id: string | null
  readonly name: string
  readonly digest: Uint8Array
  readonly grants: string
  readonly location: string
  readonly disabled: number
  readonly not_before: number | null
  readonly expires_at: number | null
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface ApiTokenUseRow {
  readonly api_token_id: string
  readonly last_seen_at: number
}

export interface ServiceTokenRow {
  readonly id: string
  readonly account_id: string
  readonly zone_id: string | null
  readonly name: string
  readonly client_id: string
  /** Name, client id and id in lower case, for `search`. */
  readonly search_text: string
  readonly digest: Uint8Array
  readonly previous_digest: Uint8Array | null
  readonly previous_until: number | null
  readonly previous_version: number | null
  readonly secret_version: number
  readonly duration: string
  readonly enabled: number
  readonly created_at: number
  readonly updated_at: number
  readonly expires_at: number
  readonly revision: number
}

/** A part of the list of a scope's service tokens, of bounded length, so that any place in the list is found without walking there. */
export interface ServiceTokenBlockRow {
  readonly account_id: string
  /** Empty for the account's own tokens: a key has no nulls. */
  readonly zone_id: string
  /** With the id, where it begins: at this token or, once that is gone, behind its place. The newest block begins before all that may come. */
  readonly created_at: number
  readonly id: string
  /** How many there are from here to the next older block. */
  readonly tokens: number
}

/** There is one for every service token, used or not. */
export interface ServiceTokenUseRow {
  readonly service_token_id: string
  /** 0 before the first use. */
  readonly last_seen_at: number
  /** The token's place in lists. */
  readonly account_id: Generated<string>
  /** Empty for the account's own tokens. */
  readonly zone_id: Generated<string>
  readonly created_at: Generated<number>
}

/** Who used which secret of a token last. */
export interface SecretUseRow {
  readonly service_token_id: string
  readonly secret_version: number
  readonly address: string
  readonly last_seen_at: number
}

export interface ApplicationRow {
  readonly id: string
  readonly account_id: string
  readonly zone_id: string | null
  readonly name: string
  readonly domain: string
  readonly audience: string
  readonly origin_url: string | null
  readonly destinations: string
  readonly session_duration: string | null
  readonly asks_for_credentials: number
  readonly token_header: string | null
  /** Which policies in which order. */
  readonly policies: string
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface PolicyRow {
  readonly id: string
  readonly account_id: string
  readonly zone_id: string | null
  /** Null for one that applications share. */
  readonly application_id: string | null
  readonly name: string
  readonly decision: string
  readonly rules: string
  readonly session_duration: string | null
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export type AccessGroupRow = Omit<PolicyRow, 'application_id' | 'decision' | 'session_duration'>

/** One thing that names another. */
export interface ReferenceRow {
  readonly from_kind: string
  readonly from_id: string
  readonly to_kind: string
  readonly to_id: string
}

export interface OrganizationRow {
  /** The account's. */
  readonly id: string
  readonly name: string
  readonly auth_domain: string
  readonly session_duration: string
  readonly strict: number
  readonly inactivity_on: number
  readonly inactivity_days: number
  readonly inactivity_action: string
  readonly key_rotation_days: number
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface SigningKeyRow {
  readonly id: string
  readonly account_id: string
  readonly public_key: string
  readonly sealed_private_key: Uint8Array
  readonly created_at: number
  readonly ends_at: number | null
  readonly revision: number
}

export interface AttemptRow {
  readonly id: string
  readonly fingerprint: string
  readonly sealed_answer: Uint8Array
  readonly ends_at: number
}

export interface ChangeRow {
  readonly seq: number
  readonly kind: string
  readonly id: string
}

export interface Tables {
  readonly gate: GateRow
  readonly lease: LeaseRow
  readonly account: AccountRow
  readonly zone: ZoneRow
  readonly user_account: UserRow
  readonly api_token: ApiTokenRow
  readonly api_token_use: ApiTokenUseRow
  readonly service_token: ServiceTokenRow
  readonly service_token_block: ServiceTokenBlockRow
  readonly service_token_use: ServiceTokenUseRow
  readonly secret_use: SecretUseRow
  readonly application: ApplicationRow
  readonly policy: PolicyRow
  readonly access_group: AccessGroupRow
  readonly reference: ReferenceRow
  readonly organization: OrganizationRow
  readonly signing_key: SigningKeyRow
  readonly master_key_proof: { readonly id: number; readonly proof: Uint8Array }
  readonly attempt: AttemptRow
  readonly change: ChangeRow
  /** One row: the newest sequence number of the change log. */
  readonly change_head: { readonly id: Generated<number>; readonly seq: number }
  readonly audit: AuditRow
  readonly access_request: AccessRequestRow
  readonly activity: ActivityRow
  readonly webhook: WebhookRow
  readonly alert_policy: AlertPolicyRow
  readonly alert_delivery: AlertDeliveryRow
}
