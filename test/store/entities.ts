import type { AuditEntry, Entities, Kind, Store, Write } from '../../src/authority/ports.ts'
import type { Application } from '../../src/domain/application.ts'
import type { Account, ApiToken, User, Zone } from '../../src/domain/principal.ts'
import { digestOf } from '../../src/domain/secret.ts'
import { issue, type Scope, type ServiceToken } from '../../src/domain/service-token.ts'

export const noon = Date.parse('2026-01-01T12:00:00Z')

/** 32 hex digits, and UUIDs, that sort as their numbers do. */
export const hexId = (number: number) => number.toString(16).padStart(32, '0')
export const uuid = (number: number) => `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`

export const here: Scope = { accountId: hexId(1), zoneId: null }
export const elsewhere: Scope = { accountId: hexId(2), zoneId: null }
export const zoneHere: Scope = { accountId: hexId(1), zoneId: hexId(11) }
export const otherZoneHere: Scope = { accountId: hexId(1), zoneId: hexId(12) }

export function anAccount(id: string, traits: Partial<Account> = {}): Account {
  return { id, name: 'Account', createdAt: noon, revision: 0, ...traits }
}

export function aZone({ accountId, zoneId }: Scope, traits: Partial<Zone> = {}): Zone {
  return { id: zoneId ?? '', accountId, name: 'Zone', createdAt: noon, revision: 0, ...traits }
}

export function aUser(number: number, traits: Partial<User> = {}): User {
  const email = `owner${number}@example.org`
  return { id: hexId(number), email, keyDigest: digestOf(`psk_${number}`), createdAt: noon, revision: 0, ...traits }
}

/** Belongs to the user of the same number. */
export function anApiToken(number: number, traits: Partial<ApiToken> = {}): ApiToken {
  return {
    ...{ id: hexId(number), userId: hexId(number), name: 'API token', digest: digestOf(`psu_${number}`), grants: [], disabled: false },
    ...{ notBefore: null, expiresAt: null, createdAt: noon, revision: 0, ...traits },
  }
}

export function aServiceToken(number: number, traits: Partial<ServiceToken> = {}): ServiceToken {
  const ids = { id: uuid(number), clientId: `${hexId(number)}.access`, digest: digestOf(`pst_${number}`) }
  return { ...issue({ ...here, ...ids, name: 'CI', duration: '8760h', enabled: true, secretVersion: 1 }, noon), ...traits }
}

export function anApplication(number: number, traits: Partial<Application> = {}): Application {
  return {
    ...{ id: uuid(number), ...here, name: 'Application', domain: '*', audience: hexId(number).repeat(2), originUrl: null, policies: [] },
    ...{ createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

let auditEntries = 0

export function anAuditEntry(traits: Partial<AuditEntry> = {}): AuditEntry {
  auditEntries += 1
  return {
    ...{ id: uuid(auditEntries), at: noon, accountId: here.accountId, action: 'test', resourceKind: 'service_token', resourceId: uuid(1) },
    actor: { kind: 'system', id: '', name: 'test', sourceIp: null, rayId: null },
    ...{ before: null, after: null, ...traits },
  }
}

export function write<K extends Kind>(kind: K, before: Entities[K] | null, after: Entities[K] | null): Write {
  return { kind, before, after } as Write
}

export const insert = <K extends Kind>(kind: K, entity: Entities[K]) => write(kind, null, entity)

/** Commits; a lost race is an error here. */
export async function save(store: Store, ...writes: readonly Write[]): Promise<void> {
  if (!(await store.commit(writes, anAuditEntry()))) throw new Error('a write that nothing competes with was refused')
}

/** Two accounts, and two zones in the first: whatever belongs to somebody needs them to be there. Four changes. */
export async function saveOwners(store: Store): Promise<void> {
  const accounts = [here, elsewhere].map(({ accountId }) => insert('account', anAccount(accountId)))
  const zones = [zoneHere, otherZoneHere].map((scope) => insert('zone', aZone(scope)))
  await save(store, ...accounts, ...zones)
}

export async function stored<K extends Kind>(store: Store, kind: K, id: string): Promise<Entities[K]> {
  const entity = await store.find(kind, id)
  if (entity === undefined) throw new Error(`there is no ${kind} ${id}`)
  return entity
}
