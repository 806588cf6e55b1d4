import type { Instant } from '../domain/instant.ts'
import type { ServiceTokenStatus } from '../domain/service-token-status.ts'

// What can be asked of the lists and logs of a store.

export interface ServiceTokenQuery {
  /** From 1. */
  readonly page: number
  readonly perPage: number
  /** The exact name. */
  readonly name?: string | undefined
  /** A part of the name, the client id or the id, in any case. */
  readonly search?: string | undefined
  /** Those that have it at that moment. */
  readonly status?: { readonly is: ServiceTokenStatus; readonly at: Instant } | undefined
  /** By when they were created, where nothing else is said. Those alike stand by that. Names are compared in any case; never used is before all uses. */
  readonly order?: ServiceTokenOrder | undefined
  /** Descending, where nothing else is said; one is the other from behind. */
  readonly direction?: 'asc' | 'desc' | undefined
}

export type ServiceTokenOrder = 'created_at' | 'name' | 'expires_at' | 'last_seen_at' | 'updated_at'

/** How many service tokens there are, and of how many each status holds. */
export type ServiceTokenOverview = { readonly [Count in 'total' | ServiceTokenStatus]: number }

/** A part of a list. */
export interface Page<Item> {
  readonly items: readonly Item[]
  /** Of the whole list. */
  readonly total: number
}

export interface PageQuery {
  /** From 1. */
  readonly page: number
  readonly perPage: number
}

/** The texts are matched in any case. */
export interface ApplicationQuery extends PageQuery {
  /** Parts of the name and of the domain, or with `isExact` the whole of them. */
  readonly name?: string | undefined
  readonly domain?: string | undefined
  readonly isExact?: boolean | undefined
  /** The whole audience. */
  readonly audience?: string | undefined
  /** A part of the name, of a destination, of the id or the audience. */
  readonly search?: string | undefined
}

export interface GroupQuery extends PageQuery {
  /** The exact name. */
  readonly name?: string | undefined
  /** A part of the name or the id, in any case. */
  readonly search?: string | undefined
}

/** Which accounts or zones a caller may see: all, or those of the ids. */
export type Visible = 'all' | ReadonlySet<string>

export interface AccountQuery extends PageQuery {
  readonly visible: Visible
  /** None of these, even so. */
  readonly hidden?: ReadonlySet<string>
  /** A part of the name, in any case. */
  readonly name?: string | undefined
  readonly direction: 'asc' | 'desc'
}

export interface ZoneQuery extends PageQuery {
  /** By themselves, or with all other zones of their account. */
  readonly visible: { readonly zones: Visible; readonly accounts: Visible }
  readonly hidden?: { readonly zones: ReadonlySet<string>; readonly accounts: ReadonlySet<string> }
  readonly accountId?: string | undefined
  readonly accountName?: string | undefined
  /** The exact name. */
  readonly name?: string | undefined
  readonly direction: 'asc' | 'desc'
}

export interface ApiTokenQuery extends PageQuery {
  readonly direction: 'asc' | 'desc'
  /** Leaves out those that have expired by then. */
  readonly expiredSince?: Instant | undefined
}

/** How a field of a log is matched: one of `values`, or none of them. */
export interface LogFilter {
  /** As the store names it. A field that the log does not have is a bug. */
  readonly field: string
  readonly values: readonly string[]
  readonly isNegated: boolean
}

/** A page of a log, from `since` up to and without `before`. */
export interface AuditQuery {
  readonly accountId: string
  /** Whether the installation's own trail is shown with it. */
  readonly withInstallation: boolean
  readonly since: Instant
  readonly before: Instant
  readonly filters: readonly LogFilter[]
  readonly direction: 'asc' | 'desc'
  readonly limit: number
  /** Goes on after this entry. */
  readonly after?: { readonly at: Instant; readonly id: string } | undefined
}

/** A machine's request at the gate. Those that repeat an earlier one shortly after are none of their own. */
export interface AccessRequest {
  readonly id: string
  readonly at: Instant
  readonly accountId: string
  readonly applicationId: string
  readonly applicationName: string
  readonly applicationDomain: string
  readonly serviceTokenId: string | null
  readonly serviceTokenName: string | null
  readonly allowed: boolean
  /** Why it was refused, or by which secret it was let in. */
  readonly reason: string
  readonly sourceIp: string
  readonly rayId: string
}

export interface AccessRequestQuery extends PageQuery {
  readonly accountId: string
  readonly since?: Instant | undefined
  readonly until?: Instant | undefined
  readonly filters: readonly LogFilter[]
  readonly direction: 'asc' | 'desc'
}
