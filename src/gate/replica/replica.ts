import type { Entities, Kind } from '../../authority/ports.ts'
import { compile, type Judge } from '../../domain/admission.ts'
import type { Application } from '../../domain/application.ts'
import { createDirectory, type Directory } from '../../domain/directory.ts'
import type { Organization } from '../../domain/organization.ts'
import type { Group, Policy } from '../../domain/policy.ts'
import type { Digest } from '../../domain/secret.ts'
import type { Credential, Match } from '../../domain/service-token.ts'
import type { SigningKey } from '../../domain/signing-key.ts'
import { createTokenTable, type KnownToken } from './token-table.ts'

/** The kinds that the gate needs in order to answer. */
export const replicated = [
  'organization',
  'signing_key',
  'group',
  'policy',
  'application',
  'service_token',
] as const satisfies readonly Kind[]
export type Replicated = (typeof replicated)[number]

/** All of which there are few: objects in maps. */
type Other = Exclude<Replicated, 'service_token'>
const others = replicated.filter((kind) => kind !== 'service_token')

/** An application, its policies in a form that can be asked, and what its account has decided. */
export interface Entrance {
  readonly application: Application
  readonly judge: Judge
  /** `null` while the account has chosen nothing. */
  readonly organization: Organization | null
}

/** What the gate knows, in memory. */
export interface Replica {
  tokenByClientId(clientId: string): KnownToken | undefined
  /** As `TokenTable.match`. */
  match(token: KnownToken | undefined, presented: Digest): Match
  /** As `Directory.find`: host in lower case and without port, path with its query as sent. */
  entranceTo(host: string, target: string): Entrance | 'ambiguous' | undefined
  organizations(): Iterable<Organization>
  /** Newest first. */
  signingKeysOf(accountId: string): readonly SigningKey[]
  put<K extends Replicated>(kind: K, entity: K extends 'service_token' ? Credential : Entities[K]): void
  remove(kind: Replicated, id: string): void
  /** Begins to take in everything anew; what is known goes on counting until then. */
  beginRound(): void
  /** Removes what has not been put since the round began: it is no more. */
  endRound(): void
  /** Makes what was put and removed count for applications and policies; service tokens and keys count at once. */
  settle(): void
  /** Another number whenever applications, policies, groups or organizations have changed and settled. */
  readonly version: number
  /** How many service tokens it holds. */
  readonly size: number
  readonly applications: ReadonlyMap<string, Application>
}

export function createReplica(): Replica {
  const tokens = createTokenTable()
  const keys = new Map<string, SigningKey>()
  let keysByAccount = new Map<string, readonly SigningKey[]>()
  const applications = new Map<string, Application>()
  const policies = new Map<string, Policy>()
  const groups = new Map<string, Group>()
  const organizations = new Map<string, Organization>()
  const entrances = new Map<string, Entrance>()
  let directory: Directory<{ readonly application: Application }> = createDirectory([])

  let version = 0

  /** What changed since it was last settled: ids of applications and policies, and accounts of which everything is looked at again. */
  const changed = { applications: new Set<string>(), policies: new Set<string>(), accounts: new Set<string>() }

  const stores: { readonly [K in Other]: Map<string, Entities[K]> } = {
    ...{ application: applications, policy: policies, group: groups, organization: organizations, signing_key: keys },
  }
  /** What has not been put since the round began. */
  const unseen: { [K in Other]: Set<string> } = {
    ...{ application: new Set(), policy: new Set(), group: new Set(), organization: new Set(), signing_key: new Set() },
  }

  function noteChange(kind: Other, id: string, accountId: string | undefined): void {
    if (kind === 'signing_key') indexKeys()
    else if (kind === 'application') changed.applications.add(id)
    else if (kind === 'policy') changed.policies.add(id)
    else if (accountId !== undefined) changed.accounts.add(accountId)
  }

  function needsCompiling({ id, accountId, policies: uses }: Application): boolean {
    const { applications: ids, policies: policyIds, accounts } = changed
    return ids.has(id) || accounts.has(accountId) || (policyIds.size > 0 && uses.some(({ policyId }) => policyIds.has(policyId)))
  }

  function indexKeys(): void {
    keysByAccount = new Map()
    const newestFirst = [...keys.values()].sort((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? -1 : 1))
    for (const key of newestFirst) keysByAccount.set(key.accountId, [...(keysByAccount.get(key.accountId) ?? []), key])
  }

  function put(kind: Replicated, entity: Credential | Entities[Replicated]): void {
    if (kind === 'service_token') return tokens.put(entity as Credential)
    unseen[kind].delete(entity.id)
    const before = stores[kind] as Map<string, unknown>
    before.set(entity.id, entity)
    noteChange(kind, entity.id, kind === 'organization' ? entity.id : (entity as Group).accountId)
  }

  function remove(kind: Replicated, id: string): void {
    if (kind === 'service_token') return tokens.remove(id)
    const accountId = kind === 'group' ? groups.get(id)?.accountId : id
    stores[kind].delete(id)
    noteChange(kind, id, accountId)
  }

  return {
    tokenByClientId: tokens.find,
    match: tokens.match,

    entranceTo(host, target) {
      const found = directory.find(host, target)
      return found === undefined || found === 'ambiguous' ? found : entrances.get(found.application.id)
    },

    organizations: () => organizations.values(),
    signingKeysOf: (accountId) => keysByAccount.get(accountId) ?? [],

    put,
    remove,

    beginRound() {
      tokens.beginRound()
      for (const kind of others) unseen[kind] = new Set(stores[kind].keys())
    },

    endRound() {
      tokens.endRound()
      for (const kind of others) for (const id of unseen[kind]) remove(kind, id)
    },

    settle() {
      for (const application of applications.values()) {
        if (!needsCompiling(application)) continue
        const organization = organizations.get(application.accountId) ?? null
        entrances.set(application.id, { application, judge: compile(application, policies, groups), organization })
      }
      for (const id of changed.applications) if (!applications.has(id)) entrances.delete(id)
      if (changed.applications.size > 0) directory = createDirectory([...applications.values()].map((application) => ({ application })))
      if (Object.values(changed).some(({ size }) => size > 0)) version++
      for (const set of Object.values(changed)) set.clear()
    },

    get version() {
      return version
    },
    get size() {
      return tokens.size
    },
    applications,
  }
}
