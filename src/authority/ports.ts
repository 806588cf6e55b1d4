import type { HourlyCount } from '../domain/activity.ts'
import type { AlertPolicy, Webhook } from '../domain/alert.ts'
import type { Application } from '../domain/application.ts'
import type { Instant } from '../domain/instant.ts'
import type { Organization } from '../domain/organization.ts'
import type { Group, Policy } from '../domain/policy.ts'
import type { Account, ApiToken, Owner, User, Zone } from '../domain/principal.ts'
import type { Digest } from '../domain/secret.ts'
import type { Credential, Scope, ServiceToken } from '../domain/service-token.ts'
import type { SigningKey } from '../domain/signing-key.ts'
import type { Deliveries } from './deliveries.ts'
import type { Nodes } from './nodes.ts'
import type {
  AccessRequest,
  AccessRequestQuery,
  AccountQuery,
  ApiTokenQuery,
  ApplicationQuery,
  AuditQuery,
  GroupQuery,
  Page,
  PageQuery,
  ServiceTokenOverview,
  ServiceTokenQuery,
  ZoneQuery,
} from './queries.ts'

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
  readonly policy: Policy
  readonly group: Group
  readonly organization: Organization
  readonly signing_key: SigningKey
  readonly webhook: Webhook
  readonly alert_policy: AlertPolicy
}
export type Kind = keyof Entities

/** One row's step from the version that was read (`null`: there was none) to the next (`null`: deleted). */
export type Write = {
  [K in Kind]: { readonly kind: K; readonly before: Entities[K] | null; readonly after: Entities[K] | null }
}[Kind]

/** Who did what to which thing, or tried to. `before` and `after` never hold a secret, a key or a digest of one. */
export interface AuditEntry {
  readonly id: string
  readonly at: Instant
  /** In whose trail it stands: an account's, or the installation's own. */
  readonly accountId: string
  readonly zoneId: string | null
  readonly actor: Actor
  readonly action: string
  readonly succeeded: boolean
  readonly resourceKind: Kind | null
  readonly resourceId: string | null
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

/** Stands in place of an account for what concerns none of them, or all. */
export const installationTrail = '*'

/** Who acts, and in which request. */
export interface Actor {
  readonly kind: 'user' | 'api_token' | 'account_token' | 'system' | 'nobody'
  /** The id of the user, or of the account that owns the API token; of nobody, if unknown. */
  readonly id: string
  readonly email: string | null
  readonly tokenId: string | null
  readonly tokenName: string | null
  /** `null` where no request led to it. */
  readonly request: RequestTrace | null
}

/** What Postern does by itself. */
export const system: Actor = { kind: 'system', id: '', email: null, tokenId: null, tokenName: null, request: null }

export interface RequestTrace {
  readonly rayId: string
  readonly sourceIp: string
  readonly method: string
  /** The path without the query. */
  readonly path: string
  readonly userAgent: string
  /** The HTTP status of the answer. */
  readonly status: number
}

/** A service token, and when it was last used: kept apart, because use is recorded in batches and is no change of the token. */
export interface SeenServiceToken {
  readonly token: ServiceToken
  readonly lastSeenAt: Instant | null
}

export interface Change {
  readonly seq: number
  readonly kind: Kind
  readonly id: string
}

/** What must hold for a commit besides that nothing came between, and what else it stores. */
export interface Conditions {
  /** Nothing was ever stored before. */
  readonly first?: boolean
  /** The account has no more service tokens than this afterwards. */
  readonly maxServiceTokens?: { readonly accountId: string; readonly count: number }
  /** The same attempt was not made before. */
  readonly attempt?: Attempt
  /** Nothing of this kind was stored after the change with this number. */
  readonly unchanged?: { readonly kind: Kind; readonly since: number }
}

/** A request that its sender may repeat without its being done twice, and what it was answered. */
export interface Attempt {
  /** Made of the caller, the path and the key that the sender chose. */
  readonly id: string
  /** Tells whether a repetition asks for the same thing. */
  readonly fingerprint: string
  /** The answer, encrypted: it holds a secret. */
  readonly sealedAnswer: Uint8Array
  readonly endsAt: Instant
}

/** An API token, and when it was last used. */
export interface SeenApiToken {
  readonly token: ApiToken
  readonly lastUsedAt: Instant | null
}

/** Something that names another thing, which so cannot be deleted. */
export interface Reference {
  readonly kind: 'application' | 'policy' | 'group' | 'alert_policy'
  readonly id: string
}

/** What an application answers for. */
export type Claim = Pick<Application, 'id' | 'accountId' | 'zoneId' | 'name' | 'destinations'>

/** When a secret of a service token was last used from an address. */
export interface SecretUse {
  readonly tokenId: string
  readonly secretVersion: number
  readonly address: string
  readonly at: Instant
}

/** The kinds of credential whose last use is noted. */
export type Used = 'service_token' | 'api_token'

/** What a replica is fed from. */
export interface Feed {
  /** The sequence number of the newest change; 0 on a database that nothing was ever written to. */
  head(): Promise<number>
  /** Up to `limit` entities of a kind in the order of their ids, those after `afterId`. */
  read<K extends Kind>(kind: K, afterId: string, limit: number): Promise<readonly Entities[K][]>
  /** All service tokens, a page at a time and in no order that matters. Those that change meanwhile may be missing, or come twice. */
  credentials(): AsyncIterable<readonly Credential[]>
  /** Up to `limit` changes after `seq`, oldest first and without a gap but where old ones are pruned, and what `head` is at the same moment. */
  changesSince(seq: number, limit: number): Promise<{ readonly head: number; readonly changes: readonly Change[] }>
  /** Those of the ids that are there, in any order. */
  findEach<K extends Kind>(kind: K, ids: Iterable<string>): Promise<readonly Entities[K][]>
}

export interface Store extends Feed, Nodes, Deliveries {
  /**
   * Stores all writes, a change-log row for each, and the audit entries, or none of it. Once it answers `true`, they are on disk.
   * `false`: something else was stored since `before` was read, something still refers to what would be deleted, what is referred to is not there, or a
   * condition does not hold.
   */
  commit(writes: readonly Write[], audit: AuditEntry | readonly AuditEntry[], conditions?: Conditions): Promise<boolean>
  find<K extends Kind>(kind: K, id: string): Promise<Entities[K] | undefined>
  findServiceToken(scope: Scope, id: string): Promise<SeenServiceToken | undefined>
  listServiceTokens(scope: Scope, query: ServiceTokenQuery): Promise<Page<SeenServiceToken>>
  /** Those of the scope, as its lists show them at a moment. */
  serviceTokenOverview(scope: Scope, at: Instant): Promise<ServiceTokenOverview>
  /** Up to `limit` of the account's and its zones' tokens that nobody used or changed since an instant and that no policy or group names. */
  listInactiveServiceTokens(accountId: string, since: Instant, onlyEnabled: boolean, limit: number): Promise<readonly ServiceToken[]>
  /** Those of the account and of all its zones. */
  countServiceTokens(accountId: string): Promise<number>
  findApiToken(digest: Digest): Promise<ApiToken | undefined>
  findOwnedApiToken(owner: Owner, id: string): Promise<SeenApiToken | undefined>
  listApiTokens(owner: Owner, query: ApiTokenQuery): Promise<Page<SeenApiToken>>
  findUser(email: string): Promise<User | undefined>
  listAccounts(query: AccountQuery): Promise<Page<Account>>
  listZones(query: ZoneQuery): Promise<Page<Zone>>
  findByAudience(audience: string): Promise<Application | undefined>
  /** Newest first, as all lists of applications, policies and groups. */
  listApplications(scope: Scope, query: ApplicationQuery): Promise<Page<Application>>
  /** Those of all applications there are. */
  listClaims(): Promise<readonly Claim[]>
  /** Those that applications of the account share. */
  listPolicies(accountId: string, query: PageQuery): Promise<Page<Policy>>
  listGroups(scope: Scope, query: GroupQuery): Promise<Page<Group>>
  /** Those of the account and of all its zones. */
  groupsOf(accountId: string): Promise<readonly Group[]>
  /** How many applications use each of the policies; those that none uses are left out. */
  countUses(policyIds: Iterable<string>): Promise<ReadonlyMap<string, number>>
  /** Up to `limit` of those that name it. */
  referencesTo(kind: Kind, id: string, limit: number): Promise<readonly Reference[]>
  /** How many things of which kind belong to an account or zone; kinds of which there are none are left out. */
  contentsOf(scope: Scope): Promise<ReadonlyMap<Kind, number>>
  /** Newest first. */
  signingKeysOf(accountId: string): Promise<readonly SigningKey[]>
  findAttempt(id: string): Promise<Attempt | undefined>
  /** Forgets attempts that have ended. */
  forgetAttempts(now: Instant): Promise<void>
  /** Keeps the proof of the master key if there is none yet, and answers with the one that is kept. */
  keepMasterKeyProof(proof: Uint8Array): Promise<Uint8Array>
  hasMasterKeyProof(): Promise<boolean>
  /** Notes the latest use of credentials; uses of those that are gone are dropped, and an earlier one never replaces a later. */
  recordUses(kind: Used, uses: ReadonlyMap<string, Instant>): Promise<void>
  /** As `recordUses`. Of each secret the addresses that were seen last are kept, up to 50; of secrets that no longer work, none. */
  recordSecretUses(uses: readonly SecretUse[]): Promise<void>
  /** Newest first. */
  listSecretUses(tokenId: string): Promise<readonly SecretUse[]>
  /** Adds to what was counted before, each of the counts or none. No two may be of one subject and hour. */
  recordActivity(counts: readonly HourlyCount[]): Promise<void>
  /** What was counted of a subject in any of these hours. */
  listActivity(subjectId: string, hours: readonly Instant[]): Promise<readonly HourlyCount[]>
  /** Removes up to `limit` counts of hours before an instant, and says how many. */
  forgetActivity(before: Instant, limit: number): Promise<number>
  /** Adds entries to the audit trail that no write belongs to. */
  recordAudit(entries: readonly AuditEntry[]): Promise<void>
  listAudit(query: AuditQuery): Promise<readonly AuditEntry[]>
  recordAccessRequests(requests: readonly AccessRequest[]): Promise<void>
  /** Removes up to `limit` requests from before an instant, and says how many. */
  forgetAccessRequests(before: Instant, limit: number): Promise<number>
  /** Removes up to `limit` of the requests beyond the `max` newest, and says how many. */
  trimAccessRequests(max: number, limit: number): Promise<number>
  listAccessRequests(query: AccessRequestQuery): Promise<readonly AccessRequest[]>
}
