import { expect, test } from 'vitest'
import { type AuditEntry, installationTrail } from '../../src/authority/ports.ts'
import { anAccount, anActor, anAuditEntry, aRequest, aZone, elsewhere, here, hexId, insert, save, uuid, zoneHere } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const request = { ...aRequest, rayId: 'ray 3', sourceIp: '192.0.2.1', method: 'DELETE', path: '/x', status: 403 }

/** Six entries, told apart by the fields below. */
const entries: readonly Partial<AuditEntry>[] = [
  { action: 'service_token.create', actor: anActor() },
  {
    action: 'api_token.rotate',
    resourceKind: 'api_token',
    resourceId: hexId(2),
    zoneId: zoneHere.zoneId,
    actor: anActor({ kind: 'api_token', tokenId: hexId(7), tokenName: 'CI' }),
  },
  {
    action: 'refused.DELETE',
    succeeded: false,
    resourceKind: null,
    resourceId: null,
    actor: anActor({ kind: 'nobody', id: '', email: null, request }),
  },
  {
    action: 'installation.bootstrap',
    accountId: installationTrail,
    resourceKind: 'user',
    resourceId: hexId(4),
    actor: anActor({ kind: 'system', id: '', email: null, request: null }),
  },
  {
    action: 'zone.delete',
    resourceKind: 'zone',
    resourceId: hexId(404),
    zoneId: hexId(404),
    actor: anActor({ kind: 'account_token', id: here.accountId, email: null }),
  },
  {
    action: 'refused.GET',
    succeeded: false,
    resourceKind: 'account',
    resourceId: here.accountId,
    actor: anActor({ request: { ...request, method: 'GET', path: '/%' } }),
  },
]

/** What each field is compared with, and which entries have it. */
const fields: readonly (readonly [field: string, value: string, found: readonly number[]])[] = [
  ['id', uuid(2), [2]],
  // The trail of the installation has no account.
  ['account_name', 'Here', [1, 2, 3, 5, 6]],
  ['account_name', 'Elsewhere', []],
  ['zone_id', hexId(404), [5]],
  ['zone_name', aZone(zoneHere).name, [2]],
  ['action_result', '1', [1, 2, 4, 5]],
  ['action_result', '0', [3, 6]],
  ['action_type', 'create', [1, 4]],
  ['action_type', 'update', [2]],
  ['action_type', 'delete', [3, 5]],
  ['action_type', 'view', [6]],
  ['actor_context', 'api_token', [2]],
  ['actor_type', 'account_token', [5]],
  ['actor_email', 'owner1@example.org', [1, 2, 6]],
  ['actor_id', here.accountId, [1, 2, 5, 6]],
  ['actor_ip_address', '192.0.2.1', [3, 6]],
  ['actor_token_id', hexId(7), [2]],
  ['actor_token_name', 'CI', [2]],
  ['raw_cf_ray_id', 'ray 3', [3, 6]],
  ['raw_method', 'DELETE', [3]],
  ['raw_status_code', '403', [3, 6]],
  ['raw_uri', '/%', [6]],
  ['resource_id', hexId(404), [5]],
  ['resource_product', 'access', [1]],
  ['resource_product', 'api_tokens', [2]],
  ['resource_product', 'api', [3]],
  ['resource_product', 'user', [4]],
  ['resource_product', 'zones', [5]],
  ['resource_product', 'accounts', [6]],
  ['resource_scope', 'zones', [2, 5]],
  ['resource_scope', 'user', [4]],
  ['resource_scope', 'accounts', [1, 3, 6]],
  ['resource_type', 'service_token', [1]],
  ['resource_type', 'request', [3]],
]

/** Guarantees about the fields by which the audit trail can be filtered, beyond its columns. */
export function describeAuditFields(underTest: () => StoreUnderTest): void {
  test('the audit trail is filtered by every field, which is the value or is not', async () => {
    const { store } = underTest()
    const accounts = [anAccount(here.accountId, { name: 'Here' }), anAccount(elsewhere.accountId, { name: 'Elsewhere' })]
    await save(store, ...accounts.map((account) => insert('account', account)), insert('zone', aZone(zoneHere)))
    await underTest().rows.deleteFrom('audit').execute()
    await store.recordAudit(entries.map((entry, index) => anAuditEntry({ id: uuid(index + 1), ...entry })))
    const list = async (field: string, value: string, isNegated: boolean) => {
      const filters = [{ field, values: [value], isNegated }]
      const query = { accountId: here.accountId, withInstallation: true, since: 0, before: Number.MAX_SAFE_INTEGER } as const
      const shown = await store.listAudit({ ...query, filters, direction: 'asc', limit: 100 })
      return shown.map(({ id }) => Number.parseInt(id.slice(-12), 16))
    }
    for (const [field, value, found] of fields) {
      expect(await list(field, value, false), `${field} is ${value}`).toEqual(found)
      const others = [1, 2, 3, 4, 5, 6].filter((id) => !found.includes(id))
      expect(await list(field, value, true), `${field} is not ${value}`).toEqual(others)
    }
  })

  test('a field that the audit trail does not have is a bug, and fails', async () => {
    const filters = [{ field: 'no_such_field', values: ['x'], isNegated: false }]
    const query = { accountId: here.accountId, withInstallation: false, since: 0, before: 1, direction: 'asc', limit: 1 } as const
    await expect(underTest().store.listAudit({ ...query, filters })).rejects.toThrow('no_such_field')
  })
}
