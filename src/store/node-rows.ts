// What nodes know of each other. Instants are integer milliseconds, by the database's clock.

export interface GateRow {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly version: string
  readonly started_at: number
  readonly reported_at: number
  readonly applied_change: number
  readonly confirmed_age_ms: number
  readonly staleness_budget_ms: number
  readonly on_stale: string
}

export interface LeaseRow {
  readonly name: string
  readonly holder: string
  readonly ends_at: number
  readonly done_at: number | null
}
