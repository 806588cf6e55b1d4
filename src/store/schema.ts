import type { Generated } from 'kysely'

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
  readonly user_id: string
  readonly name: string
  readonly digest: Uint8Array
  readonly grants: string
  readonly disabled: number
  readonly not_before: number | null
  readonly expires_at: number | null
  readonly created_at: number
  readonly revision: number
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
  readonly secret_version: number
  readonly duration: string
  readonly enabled: number
  readonly created_at: number
  readonly updated_at: number
  readonly expires_at: number
  readonly revision: number
}

export interface ServiceTokenUseRow {
  readonly service_token_id: string
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
  readonly policies: string
  readonly created_at: number
  readonly updated_at: number
  readonly revision: number
}

export interface ChangeRow {
  readonly seq: number
  readonly kind: string
  readonly id: string
}

export interface AuditRow {
  readonly id: string
  readonly at: number
  readonly account_id: string
  readonly actor_kind: string
  readonly actor_id: string
  readonly actor_name: string
  readonly source_ip: string | null
  readonly ray_id: string | null
  readonly action: string
  readonly resource_kind: string
  readonly resource_id: string
  readonly before: string | null
  readonly after: string | null
}

export interface Tables {
  readonly account: AccountRow
  readonly zone: ZoneRow
  readonly user_account: UserRow
  readonly api_token: ApiTokenRow
  readonly service_token: ServiceTokenRow
  readonly service_token_use: ServiceTokenUseRow
  readonly application: ApplicationRow
  readonly change: ChangeRow
  /** One row: the newest sequence number of the change log. */
  readonly change_head: { readonly id: Generated<number>; readonly seq: number }
  readonly audit: AuditRow
}
