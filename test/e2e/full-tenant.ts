import { sql } from 'kysely'
import { expect } from 'vitest'
import { accountResource, zoneResource } from '../../src/domain/permission.ts'
import { digestOf } from '../../src/domain/secret.ts'
import type { RawApi } from '../raw-api.ts'
import { allGroups, type Credentials, grant, grantsIn, grantsOn, type RouteCalls, type Tenant, userOf } from './route-calls.ts'

export interface FullTenant extends Tenant {
  readonly otherZoneId: string
  /** Everything on the account and its user; everything on the account, as its own; everything on the first zone. */
  readonly credentials: { readonly ofUser: Credentials; readonly ofAccount: Credentials; readonly ofZone: Credentials }
  /** Ids and names of all that it has. */
  readonly marks: readonly string[]
}

/** Rows by table. */
export type Contents = Readonly<Record<string, readonly Readonly<Record<string, unknown>>[]>>

/** A tenant with something of each kind, made over the API as far as that has routes for it. */
export async function furnish(api: RawApi, calls: RouteCalls, name: string, letter: string): Promise<FullTenant> {
  const make = async (method: string, path: string, body: object = {}) => {
    const { status, envelope } = await api.call({ method, path, body, credentials: calls.owner })
    expect([path, status]).toEqual([path, expect.toSatisfy((code) => code === 200 || code === 201)])
    return envelope.result as Readonly<Record<string, string>>
  }
  const userId = letter.repeat(32)
  const user = { id: userId, email: `${name}@example.com`, keyDigest: digestOf(name), createdAt: 0, revision: 0 }
  await api.insert({ kind: 'user', before: null, after: user })
  const { id: accountId = '' } = await make('POST', '/accounts', { name: `${name} account` })
  const account = { id: accountId }
  const { id: zoneId = '' } = await make('POST', '/zones', { account, name: `${name}-one.example` })
  const { id: otherZoneId = '' } = await make('POST', '/zones', { account, name: `${name}-two.example` })
  for (const place of [`/accounts/${accountId}`, `/zones/${zoneId}`, `/zones/${otherZoneId}`]) {
    const { id } = await make('POST', `${place}/access/service_tokens`, { name: `${name} token of ${place}` })
    await make('POST', `${place}/access/service_tokens/${id}/rotate`)
    const { id: group } = await make('POST', `${place}/access/groups`, {
      name: `${name} group of ${place}`,
      include: [{ service_token: { token_id: id } }],
    })
    const host = place.includes(otherZoneId) ? `${name}-two.example` : `${name}-one.example`
    const policy = { name: `${name} policy of ${place}`, decision: 'non_identity', include: [{ group: { id: group } }] }
    const destination = { domain: `${/^\/(\w+)/.exec(place)?.[1]}.${host}`, name: `${name} application of ${place}` }
    await make('POST', `${place}/access/apps`, { type: 'self_hosted', ...destination, policies: [policy] })
  }
  const shared = { name: `${name} reusable policy`, decision: 'bypass', include: [{ everyone: {} }] }
  await make('POST', `/accounts/${accountId}/access/policies`, shared)
  await make('PUT', `/accounts/${accountId}/access/organizations`, { name: `${name} organization`, auth_domain: `${name}.example.org` })
  await make('POST', `/accounts/${accountId}/access/keys/rotate`)
  const alerting = `/accounts/${accountId}/alerting/v3`
  const { id: webhook } = await make('POST', `${alerting}/destinations/webhooks`, {
    ...{ name: `${name} webhook`, url: `https://${name}.example.net/`, secret: `${name}-secret` },
  })
  await make('POST', `${alerting}/policies`, {
    ...{ name: `${name} notification policy`, enabled: true, alert_type: 'expiring_service_token_alert' },
    mechanisms: { webhooks: [{ id: webhook }] },
  })
  const tenant = { accountId, zoneId, userId }
  const policies = grantsIn(tenant, allGroups).map(({ effect, permissionGroups }) => ({
    ...{ effect, resources: { [accountResource(accountId)]: '*' }, permission_groups: permissionGroups.map((id) => ({ id })) },
  }))
  const { value } = await make('POST', `/accounts/${accountId}/tokens`, { name: `${name} API token of the account`, policies })
  const ofUser = await calls.apiToken(userOf(tenant), grantsOn(tenant, allGroups), { name: `${name} API token of the user` })
  const onZone = [grant('allow', [zoneResource(zoneId)], allGroups)]
  const ofZone = await calls.apiToken(userOf(tenant), onZone, { name: `${name} API token of the zone` })
  const credentials = { ofUser: ofUser.credentials, ofZone: ofZone.credentials, ofAccount: { authorization: `Bearer ${value}` } }
  const rows = Object.values(await everything(api)).flat()
  const own = rows.filter((row) => [accountId, zoneId, otherZoneId, userId].some((id) => JSON.stringify(row).includes(id)))
  const marks = own.flatMap(({ id, name: called, client_id, email, auth_domain, audience }) => [
    id,
    called,
    client_id,
    email,
    auth_domain,
    audience,
  ])
  return {
    ...tenant,
    otherZoneId,
    credentials,
    marks: [...new Set(marks)].filter((mark): mark is string => typeof mark === 'string' && mark !== ''),
  }
}

/** What nodes tell each other again and again. */
const ofNodes = ['gate', 'lease']

/** All that is stored, but for refused attempts, the last use of credentials, and what nodes tell each other. */
export async function everything({ db }: RawApi): Promise<Contents> {
  const tables = await db.introspection.getTables()
  const found: Record<string, Record<string, unknown>[]> = {}
  for (const { name } of tables.filter((table) => !table.name.endsWith('_use') && !ofNodes.includes(table.name))) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(name)}`.execute(db)
    found[name] = rows.filter(({ succeeded }) => succeeded !== 0)
  }
  return found
}
