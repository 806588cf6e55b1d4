import type { Application } from '../domain/application.ts'
import type { Instant } from '../domain/instant.ts'
import type { Account, ApiToken, User, Zone } from '../domain/principal.ts'
import type { Digest } from '../domain/secret.ts'
import type { Scope, ServiceToken } from '../domain/service-token.ts'

export interface Clock {
  now(): Instant
  /** Milliseconds since some moment in the past; never set back, unlike the time of day. */
  monotonicMs(): number
}

/** Structured lines for the operator. Never pass a secret, a key or a header of a request. */
export interface Log {
  info(fields: object, message: string): void
  warn(fields: object, message: string): void
  error(fields: object, message: string): void
}

/** Everything that is stored under an id and a revision, by its kind. */
export interface Entities {
  readonly account: Account
  readonly zone: Zone
  readonly user: User
  readonly api_token: ApiToken
  readonly service_token: ServiceToken
  readonly application: Application
}
export type Kind = keyof Entities

/** One row's step from the version that was read (`null`: there was none) to the next (`null`: deleted). */
export type Write = {
  [K in Kind]: { readonly kind: K; readonly before: Entities[K] | null; readonly after: Entities[K] | null }
}[Kind]

/** Who did what to which thing. `before` and `after` never hold a secret, a key or a digest of one. */
export interface AuditEntry {
  readonly id: string
  readonly at: Instant
  readonly accountId: string
  readonly actor: Actor
  readonly action: string
  readonly resourceKind: Kind
  readonly resourceId: string
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

/** Who acts, and in which request. */
export interface Actor {
  readonly kind: 'user' | 'api_token' | 'system'
  readonly id: string
  /** An e-mail address or the name of an API token. */
  readonly name: string
  readonly sourceIp: string | null
  readonly rayId: string | null
}

/** A service token, and when it was last used: kept apart, because use is recorded in batches and is no change of the token. */
export interface SeenServiceToken {
  readonly token: ServiceToken
  readonly lastSeenAt: Instant | null
}

export interface ServiceTokenQuery {
  /** From 1. */
  readonly page: number
  readonly perPage: number
  /** The exact name. */
  readonly name?: string | undefined
  /** A part of the name, the client id or the id, in any case. */
  readonly search?: string | undefined
}

export interface Change {
  readonly seq: number
  readonly kind: Kind
  readonly id: string
}

/** What must hold for a commit besides that nothing came between. */
export interface Conditions {
  /** Nothing was ever stored before. */
  readonly first?: boolean
  /** The account of the audit entry has no more service tokens than this afterwards. */
  readonly maxServiceTokens?: number
}

/** What a replica is fed from. */
export interface Feed {
  /** The sequence number of the newest change; 0 on a database that nothing was ever written to. */
  head(): Promise<number>
  /** Up to `limit` entities of a kind in the order of their ids, those after `afterId`. */
  read<K extends Kind>(kind: K, afterId: string, limit: number): Promise<readonly Entities[K][]>
  /** Up to `limit` changes after `seq`, oldest first, without a gap. */
  changesSince(seq: number, limit: number): Promise<readonly Change[]>
  find<K extends Kind>(kind: K, id: string): Promise<Entities[K] | undefined>
}

export interface Store extends Feed {
  /**
   * Stores all writes, a change-log row for each, and the audit entry, or none of it. Once it answers `true`, they are on disk.
   * `false`: something else was stored since `before` was read, or a condition does not hold.
   */
  commit(writes: readonly Write[], audit: AuditEntry, conditions?: Conditions): Promise<boolean>
  findServiceToken(scope: Scope, id: string): Promise<SeenServiceToken | undefined>
  listServiceTokens(
    scope: Scope,
    query: ServiceTokenQuery,
  ): Promise<{ readonly items: readonly SeenServiceToken[]; readonly total: number }>
  findApiToken(digest: Digest): Promise<ApiToken | undefined>
  findUser(email: string): Promise<User | undefined>
  /** Notes the latest use of service tokens; uses of tokens that are gone are dropped, and an earlier one never replaces a later. */
  recordUses(uses: ReadonlyMap<string, Instant>): Promise<void>
}
