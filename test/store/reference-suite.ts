import { describe, expect, test } from 'vitest'
import type { Store, Write } from '../../src/authority/ports.ts'
import {
  aGroup,
  anAlertPolicy,
  anApiToken,
  anApplication,
  anAuditEntry,
  anOrganization,
  aPolicy,
  aServiceToken,
  aSigningKey,
  aUser,
  aWebhook,
  aZone,
  elsewhere,
  here,
  hexId,
  insert,
  itself,
  save,
  saveOwners,
  stored,
  user,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const zoneElsewhere = { ...elsewhere, zoneId: hexId(21) }

/** What is deleted, and what is still there that belongs to it. */
const held: readonly (readonly [kind: 'account' | 'zone' | 'user', id: string, what: string, holder: Write])[] = [
  ['account', elsewhere.accountId, 'a zone', insert('zone', aZone(zoneElsewhere))],
  ['account', elsewhere.accountId, 'a service token', insert('service_token', aServiceToken(1, elsewhere))],
  ['account', elsewhere.accountId, 'an application', insert('application', anApplication(1, elsewhere))],
  ['account', elsewhere.accountId, 'a policy', insert('policy', aPolicy(1, elsewhere))],
  ['account', elsewhere.accountId, 'a group', insert('group', aGroup(1, elsewhere))],
  ['account', elsewhere.accountId, 'an API token', insert('api_token', anApiToken(1, { owner: itself(elsewhere) }))],
  ['account', elsewhere.accountId, 'an organization', insert('organization', anOrganization(elsewhere))],
  ['account', elsewhere.accountId, 'a signing key', insert('signing_key', aSigningKey(1, { accountId: elsewhere.accountId }))],
  ['account', elsewhere.accountId, 'a webhook', insert('webhook', aWebhook(1, elsewhere))],
  ['account', elsewhere.accountId, 'a notification policy', insert('alert_policy', anAlertPolicy(1, { ...elsewhere, webhookIds: [] }))],
  ['zone', hexId(11), 'a service token', insert('service_token', aServiceToken(1, zoneHere))],
  ['zone', hexId(11), 'an application', insert('application', anApplication(1, zoneHere))],
  ['zone', hexId(11), 'a group', insert('group', aGroup(1, zoneHere))],
  ['user', hexId(1), 'an API token', insert('api_token', anApiToken(1))],
]

/** Guarantees that nothing is left without what it belongs to. */
export function describeReferences(underTest: () => StoreUnderTest): void {
  async function withOwners(): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    await save(store, insert('user', aUser(1)))
    return store
  }

  const auditCount = async () => (await underTest().rows.selectFrom('audit').select('id').execute()).length

  describe('what something belongs to', () => {
    test.each(held)('%s %s is not deleted while it has %s: false, and nothing is stored', async (kind, id, _what, holder) => {
      const store = await withOwners()
      await save(store, holder)
      const before = { entity: await stored(store, kind, id), head: await store.head(), audit: await auditCount() }
      const deletion = write(kind, before.entity, null)
      expect(await store.commit([deletion], anAuditEntry())).toBe(false)
      expect(await store.commit([insert('service_token', aServiceToken(2)), deletion], anAuditEntry())).toBe(false)
      expect({ entity: await stored(store, kind, id), head: await store.head(), audit: await auditCount() }).toEqual(before)
      expect(await store.countServiceTokens(here.accountId)).toBe(holder.kind === 'service_token' && kind === 'zone' ? 1 : 0)
    })

    test.each(held)('%s %s can be deleted together with %s, and after it', async (kind, id, _what, holder) => {
      const store = await withOwners()
      await save(store, holder)
      const entity = await stored(store, kind, id)
      const held = holder.after && (await stored(store, holder.kind, holder.after.id))
      expect(await store.commit([write(holder.kind, held, null), write(kind, entity, null)], anAuditEntry())).toBe(true)
      expect(await store.find(kind, id)).toBeUndefined()
      expect(await store.head()).toBe(8)
    })

    test.each(held)('%s %s must be there for %s to be stored', async (kind, id, _what, holder) => {
      const store = await withOwners()
      await save(store, write(kind, await stored(store, kind, id), null))
      expect(await store.commit([holder], anAuditEntry())).toBe(false)
      expect(await store.head()).toBe(6)
    })
  })

  test('an API token belongs to a user or to an account, and stays there while its owner does', async () => {
    const store = await withOwners()
    await save(store, insert('api_token', anApiToken(1)), insert('api_token', anApiToken(2, { owner: itself(here) })))
    expect(await stored(store, 'api_token', hexId(1))).toMatchObject({ owner: user(1) })
    expect(await stored(store, 'api_token', hexId(2))).toMatchObject({ owner: itself(here) })
    expect(await store.commit([insert('api_token', anApiToken(404))], anAuditEntry())).toBe(false)
  })
}
