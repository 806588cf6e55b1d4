// Rows about what happened: written once, or added to, and referred to by nothing.

export interface AuditRow {
  readonly id: string
  readonly at: number
  readonly account_id: string
  readonly zone_id: string | null
  readonly action: string
  readonly succeeded: number
  readonly actor_kind: string
  readonly actor_id: string
  readonly actor_email: string | null
  readonly token_id: string | null
  readonly token_name: string | null
  readonly ray_id: string | null
  readonly source_ip: string | null
  readonly method: string | null
  readonly path: string | null
  readonly user_agent: string | null
  readonly status: number | null
  readonly resource_kind: string | null
  readonly resource_id: string | null
  readonly before: string | null
  readonly after: string | null
}

export interface AccessRequestRow {
  readonly id: string
  readonly at: number
  readonly account_id: string
  readonly application_id: string
  readonly application_name: string
  readonly application_domain: string
  readonly service_token_id: string | null
  readonly service_token_name: string | null
  readonly allowed: number
  readonly reason: string
  readonly source_ip: string
  readonly ray_id: string
}

/** What gates counted in an hour. */
export interface ActivityRow {
  /** Its beginning. */
  readonly hour: number
  /** The id of a service token, an account or a zone. */
  readonly subject_id: string
  readonly allowed: number
  readonly refused: number
  readonly previous_secret: number
}
