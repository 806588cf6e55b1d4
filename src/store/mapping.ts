import type { Entities, Kind } from '../authority/ports.ts'
import type { Decision, RuleSet } from '../domain/policy.ts'
import type { Owner } from '../domain/principal.ts'
import type { Tables } from './schema.ts'

/** How an entity lies in its table: the only place where the one becomes the other. */
export interface Mapping<Entity, Table extends keyof Tables> {
  readonly table: Table
  toRow(entity: Entity): Tables[Table]
  fromRow(row: Tables[Table]): Entity
}

function mapping<Entity, Table extends keyof Tables>(table: Table, convert: Omit<Mapping<Entity, Table>, 'table'>): Mapping<Entity, Table> {
  return { table, ...convert }
}

export const mappings = {
  account: mapping<Entities['account'], 'account'>('account', {
    toRow: ({ id, name, createdAt, revision }) => ({ id, name, created_at: createdAt, revision }),
    fromRow: ({ id, name, created_at, revision }) => ({ id, name, createdAt: created_at, revision }),
  }),

  zone: mapping<Entities['zone'], 'zone'>('zone', {
    toRow: ({ id, accountId, name, createdAt, updatedAt, revision }) => ({
      ...{ id, account_id: accountId, name, created_at: createdAt, updated_at: updatedAt, revision },
    }),
    fromRow: ({ id, account_id, name, created_at, updated_at, revision }) => ({
      ...{ id, accountId: account_id, name, createdAt: created_at, updatedAt: updated_at, revision },
    }),
  }),

  user: mapping<Entities['user'], 'user_account'>('user_account', {
    toRow: ({ id, email, keyDigest, createdAt, revision }) => ({ id, email, key_digest: keyDigest, created_at: createdAt, revision }),
    fromRow: ({ id, email, key_digest, created_at, revision }) => ({ id, email, keyDigest: key_digest, createdAt: created_at, revision }),
  }),

  api_token: mapping<Entities['api_token'], 'api_token'>('api_token', {
    toRow: ({ id, owner, name, digest, grants, location, disabled, notBefore, expiresAt, createdAt, updatedAt, revision }) => ({
      ...{ id, user_id: owner.userId, account_id: owner.accountId, name, digest },
      ...{ grants: JSON.stringify(grants), location: JSON.stringify(location), disabled: Number(disabled) },
      ...{ not_before: notBefore, expires_at: expiresAt, created_at: createdAt, updated_at: updatedAt, revision },
    }),
    // Property by property: every request to the API signs in with one.
    fromRow: (row) => ({
      id: row.id,
      owner: { userId: row.user_id, accountId: row.account_id } as Owner,
      name: row.name,
      digest: row.digest,
      grants: parseOnce(row.grants) as Entities['api_token']['grants'],
      location: parseOnce(row.location) as Entities['api_token']['location'],
      disabled: row.disabled === 1,
      notBefore: row.not_before,
      expiresAt: row.expires_at,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      revision: row.revision,
    }),
  }),

  service_token: mapping<Entities['service_token'], 'service_token'>('service_token', {
    // Property by property, as spreading takes ten times as long: commands come by the thousand, and gates load a million.
    toRow: (token) => ({
      id: token.id,
      account_id: token.accountId,
      zone_id: token.zoneId,
      name: token.name,
      client_id: token.clientId,
      digest: token.digest,
      search_text: searchText(token.name, token.clientId, token.id),
      previous_digest: token.previous?.digest ?? null,
      previous_until: token.previous?.until ?? null,
      previous_version: token.previous?.version ?? null,
      secret_version: token.secretVersion,
      duration: token.duration,
      enabled: token.enabled ? 1 : 0,
      created_at: token.createdAt,
      updated_at: token.updatedAt,
      expires_at: token.expiresAt,
      revision: token.revision,
    }),
    fromRow: (row) => ({
      id: row.id,
      accountId: row.account_id,
      zoneId: row.zone_id,
      name: row.name,
      clientId: row.client_id,
      digest: row.digest,
      previous:
        row.previous_until === null ? null : { digest: row.previous_digest, until: row.previous_until, version: row.previous_version ?? 0 },
      secretVersion: row.secret_version,
      duration: row.duration,
      enabled: row.enabled === 1,
      createdAt: row.created_at,
      updatedAt: row.updated_at,
      expiresAt: row.expires_at,
      revision: row.revision,
    }),
  }),

  application: mapping<Entities['application'], 'application'>('application', {
    toRow: ({ id, accountId, zoneId, name, domain, destinations, audience, originUrl, policies, ...rest }) => ({
      ...{ id, account_id: accountId, zone_id: zoneId, name, domain, destinations: JSON.stringify(destinations), audience },
      ...{ origin_url: originUrl, session_duration: rest.sessionDuration, asks_for_credentials: Number(rest.asksForCredentials) },
      ...{ token_header: rest.tokenHeader, policies: JSON.stringify(policies) },
      ...{ created_at: rest.createdAt, updated_at: rest.updatedAt, revision: rest.revision },
    }),
    fromRow: ({ id, account_id, zone_id, name, domain, destinations, audience, origin_url, policies, ...row }) => ({
      ...{ id, accountId: account_id, zoneId: zone_id, name, domain, destinations: JSON.parse(destinations), audience },
      ...{ originUrl: origin_url, sessionDuration: row.session_duration, asksForCredentials: row.asks_for_credentials === 1 },
      ...{ tokenHeader: row.token_header, policies: JSON.parse(policies) },
      ...{ createdAt: row.created_at, updatedAt: row.updated_at, revision: row.revision },
    }),
  }),

  policy: mapping<Entities['policy'], 'policy'>('policy', {
    toRow: ({ id, accountId, zoneId, applicationId, name, decision, include, require, exclude, sessionDuration, ...rest }) => ({
      ...{ id, account_id: accountId, zone_id: zoneId, application_id: applicationId, name, decision },
      ...{ rules: JSON.stringify({ include, require, exclude }), session_duration: sessionDuration },
      ...{ created_at: rest.createdAt, updated_at: rest.updatedAt, revision: rest.revision },
    }),
    fromRow: ({ id, account_id, zone_id, application_id, name, decision, rules, session_duration, created_at, updated_at, revision }) => ({
      ...{ id, accountId: account_id, zoneId: zone_id, applicationId: application_id, name, decision: decision as Decision },
      ...(JSON.parse(rules) as RuleSet),
      ...{ sessionDuration: session_duration, createdAt: created_at, updatedAt: updated_at, revision },
    }),
  }),

  group: mapping<Entities['group'], 'access_group'>('access_group', {
    toRow: ({ id, accountId, zoneId, name, include, require, exclude, createdAt, updatedAt, revision }) => ({
      ...{ id, account_id: accountId, zone_id: zoneId, name, rules: JSON.stringify({ include, require, exclude }) },
      ...{ created_at: createdAt, updated_at: updatedAt, revision },
    }),
    fromRow: ({ id, account_id, zone_id, name, rules, created_at, updated_at, revision }) => ({
      ...{ id, accountId: account_id, zoneId: zone_id, name, ...(JSON.parse(rules) as RuleSet) },
      ...{ createdAt: created_at, updatedAt: updated_at, revision },
    }),
  }),

  organization: mapping<Entities['organization'], 'organization'>('organization', {
    toRow: ({ id, name, authDomain, sessionDuration, isStrict, inactivity, keyRotationDays, createdAt, updatedAt, revision }) => ({
      ...{ id, name, auth_domain: authDomain, session_duration: sessionDuration, strict: Number(isStrict) },
      ...{ inactivity_on: Number(inactivity.isOn), inactivity_days: inactivity.afterDays, inactivity_action: inactivity.action },
      ...{ key_rotation_days: keyRotationDays, created_at: createdAt, updated_at: updatedAt, revision },
    }),
    fromRow: ({ id, name, auth_domain, session_duration, strict, key_rotation_days, created_at, updated_at, revision, ...row }) => ({
      ...{ id, name, authDomain: auth_domain, sessionDuration: session_duration, isStrict: strict === 1 },
      inactivity: {
        ...{ isOn: row.inactivity_on === 1, afterDays: row.inactivity_days },
        action: row.inactivity_action === 'delete' ? 'delete' : 'disable',
      },
      ...{ keyRotationDays: key_rotation_days, createdAt: created_at, updatedAt: updated_at, revision },
    }),
  }),

  signing_key: mapping<Entities['signing_key'], 'signing_key'>('signing_key', {
    toRow: ({ id, accountId, publicKey, sealedPrivateKey, createdAt, endsAt, revision }) => ({
      ...{ id, account_id: accountId, public_key: publicKey, sealed_private_key: sealedPrivateKey },
      ...{ created_at: createdAt, ends_at: endsAt, revision },
    }),
    fromRow: ({ id, account_id, public_key, sealed_private_key, created_at, ends_at, revision }) => ({
      ...{ id, accountId: account_id, publicKey: public_key, sealedPrivateKey: sealed_private_key },
      ...{ createdAt: created_at, endsAt: ends_at, revision },
    }),
  }),

  webhook: mapping<Entities['webhook'], 'webhook'>('webhook', {
    toRow: ({ id, accountId, name, url, sealedSecret, createdAt, updatedAt, revision }) => ({
      ...{ id, account_id: accountId, name, url, sealed_secret: sealedSecret },
      ...{ created_at: createdAt, updated_at: updatedAt, revision },
    }),
    fromRow: ({ id, account_id, name, url, sealed_secret, created_at, updated_at, revision }) => ({
      ...{ id, accountId: account_id, name, url, sealedSecret: sealed_secret },
      ...{ createdAt: created_at, updatedAt: updated_at, revision },
    }),
  }),

  alert_policy: mapping<Entities['alert_policy'], 'alert_policy'>('alert_policy', {
    toRow: ({ id, accountId, name, description, enabled, webhookIds, tokenIds, createdAt, updatedAt, revision }) => ({
      ...{ id, account_id: accountId, name, description, enabled: Number(enabled), webhooks: JSON.stringify(webhookIds) },
      ...{ tokens: tokenIds && JSON.stringify(tokenIds), created_at: createdAt, updated_at: updatedAt, revision },
    }),
    fromRow: ({ id, account_id, name, description, enabled, webhooks, tokens, created_at, updated_at, revision }) => ({
      ...{ id, accountId: account_id, name, description, enabled: enabled === 1, webhookIds: JSON.parse(webhooks) },
      ...{ tokenIds: tokens === null ? null : JSON.parse(tokens), createdAt: created_at, updatedAt: updated_at, revision },
    }),
  }),
} satisfies { [K in Kind]: Mapping<Entities[K], keyof Tables> | Mapping<Entities[K], never> }

const mostParsed = 1000
/** Longer ones are rare, and too many of them would fill the memory. */
const longestParsed = 10_000
const parsed = new Map<string, unknown>()

/** As `JSON.parse`, but the same text is the same value each time: nobody may change it. */
function parseOnce(text: string): unknown {
  if (text.length > longestParsed) return JSON.parse(text)
  const known = parsed.get(text)
  if (known !== undefined) return known
  if (parsed.size >= mostParsed) parsed.clear()
  const value: unknown = JSON.parse(text)
  parsed.set(text, value)
  return value
}

/** Names have no line breaks, so a search never matches across two of the parts. */
function searchText(...parts: readonly string[]): string {
  return parts.join('\n').toLowerCase()
}

export const kinds = Object.keys(mappings) as readonly Kind[]

/** Every entity's table has an id and a revision; where a query uses only these, one table's types serve for all. */
export type AnyTable = 'service_token'
export type AnyEntity = Entities[Kind]

export function anyMapping(kind: Kind): Mapping<AnyEntity, AnyTable> {
  return mappings[kind] as unknown as Mapping<AnyEntity, AnyTable>
}
