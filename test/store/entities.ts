import type { Delivery } from '../../src/authority/deliveries.ts'
import type { Actor, Attempt, AuditEntry, Entities, Kind, RequestTrace, Store, Write } from '../../src/authority/ports.ts'
import type { AccessRequest } from '../../src/authority/queries.ts'
import type { AlertPolicy, Webhook } from '../../src/domain/alert.ts'
import type { Application } from '../../src/domain/application.ts'
import { newOrganization, type Organization } from '../../src/domain/organization.ts'
import type { Group, Policy } from '../../src/domain/policy.ts'
import type { Account, ApiToken, Owner, User, Zone } from '../../src/domain/principal.ts'
import { digestOf } from '../../src/domain/secret.ts'
import { issue, type Scope, type ServiceToken } from '../../src/domain/service-token.ts'
import type { SigningKey } from '../../src/domain/signing-key.ts'

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

/** Named after its id: an account has no two zones of one name. */
export function aZone({ accountId, zoneId }: Scope, traits: Partial<Zone> = {}): Zone {
  const id = zoneId ?? ''
  return { id, accountId, name: `${id}.example`, createdAt: noon, updatedAt: noon, revision: 0, ...traits }
}

export function aUser(number: number, traits: Partial<User> = {}): User {
  const email = `owner${number}@example.org`
  return { id: hexId(number), email, keyDigest: digestOf(`psk_${number}`), createdAt: noon, revision: 0, ...traits }
}

export const user = (number: number): Owner => ({ userId: hexId(number), accountId: null })
export const itself = ({ accountId }: Scope): Owner => ({ userId: null, accountId })

/** Belongs to the user of the same number. */
export function anApiToken(number: number, traits: Partial<ApiToken> = {}): ApiToken {
  return {
    ...{ id: hexId(number), owner: user(number), name: 'API token', digest: digestOf(`psu_${number}`), grants: [], disabled: false },
    ...{ location: { in: [], notIn: [] }, notBefore: null, expiresAt: null, createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

export function anOrganization({ accountId }: Scope, traits: Partial<Organization> = {}): Organization {
  return { ...newOrganization(accountId, 'Organization', 'access.localhost', noon), ...traits }
}

export function aSigningKey(number: number, traits: Partial<SigningKey> = {}): SigningKey {
  return {
    ...{ id: hexId(number).repeat(2), accountId: here.accountId, publicKey: 'PEM', sealedPrivateKey: Buffer.from([number]) },
    ...{ createdAt: noon, endsAt: null, revision: 0, ...traits },
  }
}

export function aServiceToken(number: number, traits: Partial<ServiceToken> = {}): ServiceToken {
  const ids = { id: uuid(number), clientId: `${hexId(number)}.access`, digest: digestOf(`pst_${number}`) }
  return { ...issue({ ...here, ...ids, name: 'CI', duration: '8760h', enabled: true, secretVersion: 1 }, noon), ...traits }
}

export function anApplication(number: number, traits: Partial<Application> = {}): Application {
  return {
    ...{
      id: uuid(number),
      ...here,
      name: 'Application',
      domain: '*',
      destinations: ['*'],
      audience: hexId(number).repeat(2),
      originUrl: null,
    },
    ...{ sessionDuration: null, asksForCredentials: false, tokenHeader: null, policies: [] },
    ...{ createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

export function aPolicy(number: number, traits: Partial<Policy> = {}): Policy {
  return {
    ...{ id: uuid(number), ...here, applicationId: null, name: 'Policy', decision: 'non_identity', include: [{ kind: 'everyone' }] },
    ...{ require: [], exclude: [], sessionDuration: null, createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

export function aGroup(number: number, traits: Partial<Group> = {}): Group {
  return {
    ...{ id: uuid(number), ...here, name: 'Group', include: [{ kind: 'everyone' }], require: [], exclude: [] },
    ...{ createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

export function aWebhook(number: number, traits: Partial<Webhook> = {}): Webhook {
  return {
    ...{ id: hexId(number), accountId: here.accountId, name: 'Webhook', url: 'https://alerts.example.com/', sealedSecret: null },
    ...{ createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

/** Names the webhook of the same number. */
export function anAlertPolicy(number: number, traits: Partial<AlertPolicy> = {}): AlertPolicy {
  return {
    ...{ id: hexId(number), accountId: here.accountId, name: 'Alerts', description: '', enabled: true, webhookIds: [hexId(number)] },
    ...{ tokenIds: null, createdAt: noon, updatedAt: noon, revision: 0, ...traits },
  }
}

/** Of the policy, the webhook and the token with the number 1. */
export function aDelivery(number: number, traits: Partial<Delivery> = {}): Delivery {
  return {
    ...{ id: hexId(number), accountId: here.accountId, policyId: hexId(1), policyName: 'Alerts', policyDescription: '' },
    ...{ webhookId: hexId(1), tokenId: uuid(1), tokenExpiresAt: noon + 1, body: '{}', createdAt: noon, ...traits },
  }
}

export const aRequest: RequestTrace = {
  ...{ rayId: '9d1f6e1c8a2b3c4d', sourceIp: '2001:db8::1', method: 'PUT', path: '/client/v4/accounts', userAgent: 'curl/8', status: 200 },
}

export function anActor(traits: Partial<Actor> = {}): Actor {
  return { kind: 'user', id: hexId(1), email: 'owner1@example.org', tokenId: null, tokenName: null, request: aRequest, ...traits }
}

let auditEntries = 0

export function anAuditEntry(traits: Partial<AuditEntry> = {}): AuditEntry {
  auditEntries += 1
  return {
    ...{ id: uuid(auditEntries), at: noon, accountId: here.accountId, zoneId: null, action: 'test', succeeded: true },
    ...{ actor: anActor({ kind: 'system', id: '', email: null, request: null }), resourceKind: 'service_token', resourceId: uuid(1) },
    ...{ before: null, after: null, ...traits },
  }
}

export function anAccessRequest(number: number, traits: Partial<AccessRequest> = {}): AccessRequest {
  return {
    ...{ id: uuid(number), at: noon, accountId: here.accountId, applicationId: uuid(1), applicationName: 'Application' },
    ...{ applicationDomain: '*', serviceTokenId: uuid(1), serviceTokenName: 'CI', allowed: true, reason: 'current' },
    ...{ sourceIp: '192.0.2.1', rayId: '9d1f6e1c8a2b3c4d', ...traits },
  }
}

export function anAttempt(id: string, traits: Partial<Attempt> = {}): Attempt {
  return { id, fingerprint: 'fingerprint', sealedAnswer: Buffer.from('sealed'), endsAt: noon + 1, ...traits }
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
