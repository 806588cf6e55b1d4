import { describe, expect, test } from 'vitest'
import type { Write } from '../../src/authority/ports.ts'
import { digestOf } from '../../src/domain/secret.ts'
import {
  anAccount,
  anActor,
  anApiToken,
  anApplication,
  anAuditEntry,
  aServiceToken,
  aUser,
  aZone,
  elsewhere,
  here,
  hexId,
  insert,
  save,
  saveOwners,
  stored,
  user,
  uuid,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** Guarantees of `commit`, one command at a time. */
export function describeCommit(underTest: () => StoreUnderTest): void {
  const auditRows = () => underTest().rows.selectFrom('audit').selectAll().orderBy('id').execute()

  describe('a commit', () => {
    test('stores what is written, a change-log row for each and the audit entries', async () => {
      const { store } = underTest()
      await saveOwners(store)
      const entries = [here, elsewhere].map((scope) => anAuditEntry({ ...scope, actor: anActor() }))
      const writes = [insert('service_token', aServiceToken(1)), insert('application', anApplication(2))]
      expect(await store.commit(writes, entries)).toBe(true)
      expect(await store.find('service_token', uuid(1))).toEqual({ ...aServiceToken(1), revision: 1 })
      expect(await store.find('application', uuid(2))).toEqual({ ...anApplication(2), revision: 1 })
      expect((await store.changesSince(4, 10)).changes).toEqual([
        { seq: 5, kind: 'service_token', id: uuid(1) },
        { seq: 6, kind: 'application', id: uuid(2) },
      ])
      const ids = entries.map(({ id }) => id)
      expect((await auditRows()).filter(({ id }) => ids.includes(id))).toMatchObject([
        { id: ids[0], account_id: here.accountId, actor_id: hexId(1) },
        { id: ids[1], account_id: elsewhere.accountId, actor_id: hexId(1) },
      ])
    })

    test('counts the stored versions of what it writes, from 1', async () => {
      const { store } = underTest()
      await saveOwners(store)
      for (let revision = 1; revision <= 3; revision++) {
        const before = (await store.find('service_token', uuid(1))) ?? null
        await save(store, write('service_token', before, { ...aServiceToken(1), name: `version ${revision}` }))
        expect(await stored(store, 'service_token', uuid(1))).toMatchObject({ revision, name: `version ${revision}` })
      }
    })

    test('that deletes leaves its row in the change log, and the id free again', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, insert('service_token', aServiceToken(1)))
      await save(store, write('service_token', await stored(store, 'service_token', uuid(1)), null))
      expect(await store.find('service_token', uuid(1))).toBeUndefined()
      expect((await store.changesSince(5, 10)).changes).toEqual([{ seq: 6, kind: 'service_token', id: uuid(1) }])
      await save(store, insert('service_token', aServiceToken(1)))
      expect(await stored(store, 'service_token', uuid(1))).toMatchObject({ revision: 1 })
    })
  })

  describe('a commit that cannot be stored whole', () => {
    /** Stores one of everything; answers with what tells whether anything was left behind. */
    async function filled() {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, insert('user', aUser(1)), insert('api_token', anApiToken(1)))
      await save(store, insert('service_token', aServiceToken(1)), insert('application', anApplication(1)))
      const trace = async () => ({
        changes: (await store.changesSince(0, 100)).changes,
        audit: (await auditRows()).length,
        head: await store.head(),
      })
      return { store, trace, before: await trace() }
    }

    const token = { ...aServiceToken(1), revision: 1 }
    const other = anAccount(elsewhere.accountId)
    const refused: readonly (readonly [string, Write])[] = [
      ['an update of what has changed since', write('service_token', { ...token, revision: 0 }, token)],
      ['an update from a version that is yet to come', write('service_token', { ...token, revision: 2 }, token)],
      ['a deletion of what has changed since', write('service_token', { ...token, revision: 7 }, null)],
      ['an update of what is not there', write('service_token', { ...aServiceToken(5), revision: 1 }, aServiceToken(5))],
      ['a deletion of what is not there', write('service_token', { ...aServiceToken(5), revision: 1 }, null)],
      ['a new service token with an id that is taken', insert('service_token', aServiceToken(5, { id: uuid(1) }))],
      ['a new service token with a client id that is taken', insert('service_token', aServiceToken(5, { clientId: token.clientId }))],
      [
        'a new zone with a name that its account has already',
        insert('zone', aZone({ ...here, zoneId: hexId(13) }, { name: aZone(zoneHere).name })),
      ],
      ['a new service token in an account that is not there', insert('service_token', aServiceToken(5, { accountId: hexId(404) }))],
      ['a move to a zone that is not there', write('service_token', token, { ...token, zoneId: hexId(404) })],
      ['a deletion of an account that something belongs to', write('account', { ...anAccount(here.accountId), revision: 1 }, null)],
      ['a new account with an id that is taken', insert('account', anAccount(here.accountId))],
      ['a new user with an e-mail address that is taken', insert('user', aUser(5, { email: aUser(1).email }))],
      ['a new API token with a digest that is taken', insert('api_token', anApiToken(5, { owner: user(1), digest: digestOf('psu_1') }))],
      [
        'a new application with an audience that is taken',
        insert('application', anApplication(5, { audience: anApplication(1).audience })),
      ],
    ]

    test.each(refused)('%s answers false and leaves nothing behind', async (_what, loser) => {
      const { store, trace, before } = await filled()
      expect(await store.commit([loser], anAuditEntry())).toBe(false)
      expect(await trace()).toEqual(before)
      expect(await store.find('service_token', uuid(1))).toEqual(token)
    })

    test.each(refused)('%s takes the writes before it along, and no number of the change log is used up', async (_what, loser) => {
      const { store, trace, before } = await filled()
      const winners = [
        insert('service_token', aServiceToken(6)),
        write('account', { ...other, revision: 1 }, { ...other, name: 'changed' }),
      ]
      expect(await store.commit([...winners, loser], anAuditEntry())).toBe(false)
      expect(await trace()).toEqual(before)
      expect(await store.find('service_token', uuid(6))).toBeUndefined()
      expect(await stored(store, 'account', other.id)).toEqual({ ...other, revision: 1 })
      await save(store, insert('service_token', aServiceToken(7)))
      expect((await store.changesSince(before.head, 10)).changes).toEqual([{ seq: before.head + 1, kind: 'service_token', id: uuid(7) }])
    })

    test('is none at all when its audit row cannot be stored', async () => {
      const { store, trace, before } = await filled()
      const entry = anAuditEntry()
      await store.commit([insert('service_token', aServiceToken(6))], entry)
      const { head } = await trace()
      expect(head).toBe(before.head + 1)
      await expect(store.commit([insert('service_token', aServiceToken(7))], [anAuditEntry(), entry])).rejects.toThrow()
      expect(await store.find('service_token', uuid(7))).toBeUndefined()
      expect(await store.head()).toBe(head)
      await save(store, insert('service_token', aServiceToken(8)))
      expect(await store.head()).toBe(head + 1)
    })
  })

  describe('a first commit', () => {
    const first = { first: true }
    const account = () => insert('account', anAccount(here.accountId))

    test('is stored in an empty database, however many writes it has', async () => {
      const { store } = underTest()
      expect(await store.head()).toBe(0)
      expect(await store.commit([account(), insert('zone', aZone(zoneHere))], anAuditEntry(), first)).toBe(true)
      expect(await store.head()).toBe(2)
    })

    test('is refused in any other, even one where everything was deleted again', async () => {
      const { store } = underTest()
      await save(store, account())
      await save(store, write('account', await stored(store, 'account', here.accountId), null))
      expect(await store.commit([account()], anAuditEntry(), first)).toBe(false)
      expect(await store.find('account', here.accountId)).toBeUndefined()
      expect(await store.head()).toBe(2)
    })
  })
}
