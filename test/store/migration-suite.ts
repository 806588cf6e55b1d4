import { type Kysely, Migrator } from 'kysely'
import { describe, expect, test } from 'vitest'
import { migrate } from '../../src/store/migrate.ts'
import { up as foundation } from '../../src/store/migrations/0001-foundation.ts'
import type { Tables } from '../../src/store/schema.ts'
import { createStore } from '../../src/store/store.ts'
import { emptyDatabase } from './empty-database.ts'
import {
  anAccount,
  anApiToken,
  anApplication,
  anAuditEntry,
  aServiceToken,
  aUser,
  aZone,
  here,
  hexId,
  insert,
  itself,
  noon,
  save,
  stored,
  user,
  uuid,
  write,
  zoneHere,
} from './entities.ts'
import type { TestDatabase } from './store-under-test.ts'

const zone = aZone(zoneHere, { createdAt: noon + 1, updatedAt: noon + 1 })
const used = aServiceToken(1, { previous: { digest: Buffer.alloc(32, 7), until: noon, version: 0 }, revision: 3 })
const grants = [
  { effect: 'allow', resources: [`com.cloudflare.api.account.${here.accountId}`], permissionGroups: [hexId(8), hexId(9)] },
  { effect: 'deny', resources: ['com.cloudflare.api.account.*'], permissionGroups: [hexId(9)] },
] as const

const apiToken = anApiToken(1, {
  name: '"Ä" 😀',
  disabled: true,
  notBefore: 5,
  expiresAt: noon + 9,
  createdAt: noon + 2,
  updatedAt: noon + 2,
})
const tokenWithout = anApiToken(2, { owner: user(1), name: 'without grants' })

/** Not one of those that new entries get. */
const oldEntry = (index: number) => uuid(0xaaaa0000 + index)

/** What the audit trail of the foundation held of who acted. */
const actors = [
  { actor_kind: 'user', actor_id: hexId(1), actor_name: aUser(1).email, source_ip: '::1', ray_id: 'ray 1' },
  { actor_kind: 'api_token', actor_id: apiToken.id, actor_name: apiToken.name, source_ip: '::1', ray_id: 'ray 2' },
  { actor_kind: 'api_token', actor_id: hexId(404), actor_name: 'gone', source_ip: '192.0.2.1', ray_id: 'ray 3' },
  { actor_kind: 'system', actor_id: '', actor_name: 'first start', source_ip: null, ray_id: null },
]

/** A database as the foundation made it, with something in every table. */
export async function fillFoundation(rows: Kysely<Tables>): Promise<void> {
  const migrator = new Migrator({ db: rows, provider: { getMigrations: () => Promise.resolve({ '0001-foundation': { up: foundation } }) } })
  const { error } = await migrator.migrateToLatest()
  if (error !== undefined) throw error
  // The tables of that time: nothing of today’s code may be needed to read them.
  const old = rows as unknown as Kysely<Record<string, Record<string, unknown>>>
  const add = (table: string, row: Record<string, unknown>) => old.insertInto(table).values(row).execute()
  const created = (at = noon) => ({ created_at: at, revision: 1 })
  const ofToken = ({ id, name, digest, disabled, notBefore, expiresAt, createdAt }: typeof apiToken) => ({
    ...{
      id,
      user_id: hexId(1),
      name,
      digest,
      disabled: Number(disabled),
      not_before: notBefore,
      expires_at: expiresAt,
      ...created(createdAt),
    },
  })
  await add('account', { id: here.accountId, name: 'Account', ...created() })
  await add('zone', { id: zone.id, account_id: here.accountId, name: zone.name, ...created(zone.createdAt) })
  await add('user_account', { id: hexId(1), email: aUser(1).email, key_digest: aUser(1).keyDigest, ...created() })
  await add('api_token', { ...ofToken(apiToken), grants: JSON.stringify(grants) })
  await add('api_token', { ...ofToken(tokenWithout), grants: '[]' })
  await add('service_token', {
    ...{ id: used.id, account_id: here.accountId, zone_id: null, name: used.name, client_id: used.clientId, search_text: 'ci' },
    ...{ digest: used.digest, previous_digest: used.previous?.digest, previous_until: used.previous?.until, secret_version: 1 },
    ...{ duration: used.duration, enabled: 1, created_at: noon, updated_at: noon, expires_at: used.expiresAt, revision: 3 },
  })
  await add('service_token_use', { service_token_id: used.id, last_seen_at: noon - 1 })
  const { domain, audience } = anApplication(1)
  await add('application', {
    ...{ id: uuid(1), account_id: here.accountId, name: 'Application', domain, audience, policies: '[]', updated_at: noon, ...created() },
  })
  await add('change', { seq: 1, kind: 'account', id: here.accountId })
  await old.updateTable('change_head').set({ seq: 1 }).execute()
  for (const [index, actor] of actors.entries()) {
    const what = {
      action: 'service_token.update',
      resource_kind: 'service_token',
      resource_id: uuid(1),
      before: '{"name":"a"}',
      after: null,
    }
    await add('audit', { id: oldEntry(index), at: noon + index, account_id: here.accountId, ...actor, ...what })
  }
}

/** Guarantees about databases that an older Postern has filled. */
export function describeMigrations(open: () => Promise<TestDatabase>): void {
  async function migrated() {
    const database = (await emptyDatabase(open))()
    await fillFoundation(database.db)
    await migrate(database.db)
    return { rows: database.db, store: createStore(database) }
  }

  describe('a database that the foundation made and filled', () => {
    test('still has everything in it', async () => {
      const { store } = await migrated()
      expect(await stored(store, 'account', here.accountId)).toEqual({ ...anAccount(here.accountId), revision: 1 })
      expect(await stored(store, 'zone', zone.id)).toEqual({ ...zone, revision: 1 })
      expect(await store.findUser(aUser(1).email)).toEqual({ ...aUser(1), revision: 1 })
      expect(await store.findServiceToken(here, used.id)).toEqual({ token: used, lastSeenAt: noon - 1 })
      expect(await stored(store, 'application', uuid(1))).toEqual({ ...anApplication(1), revision: 1 })
      expect((await store.changesSince(0, 10)).changes).toEqual([{ seq: 1, kind: 'account', id: here.accountId }])
      expect(await store.head()).toBe(1)
    })

    test('has its API tokens, which sign in as before: their users’ own, from everywhere, with grants that have ids', async () => {
      const { store } = await migrated()
      const found = await store.findApiToken(apiToken.digest)
      const named = grants.map((grant) => ({ id: expect.stringMatching(/^[0-9a-f]{32}$/), ...grant }))
      expect(found).toEqual({ ...apiToken, grants: named, revision: 1 })
      expect(new Set(found?.grants.map(({ id }) => id)).size).toBe(2)
      expect(await store.findOwnedApiToken(user(1), tokenWithout.id)).toEqual({ token: { ...tokenWithout, revision: 1 }, lastUsedAt: null })
      expect((await store.listApiTokens(user(1), { page: 1, perPage: 10, direction: 'asc' })).total).toBe(2)
    })

    test('shows its audit trail, with who acted as far as that was kept', async () => {
      const { store } = await migrated()
      const wanted = {
        accountId: here.accountId,
        withInstallation: true,
        since: 0,
        before: noon + 100,
        filters: [],
        direction: 'asc',
        limit: 100,
      } as const
      const request = (sourceIp: string, rayId: string) => ({ rayId, sourceIp, method: '', path: '', userAgent: '', status: 0 })
      const who = [
        { kind: 'user', id: hexId(1), email: aUser(1).email, tokenId: null, tokenName: null, request: request('::1', 'ray 1') },
        // All API tokens were users’, and who that was is known while the token is there.
        {
          kind: 'api_token',
          id: hexId(1),
          email: aUser(1).email,
          tokenId: apiToken.id,
          tokenName: apiToken.name,
          request: request('::1', 'ray 2'),
        },
        { kind: 'api_token', id: '', email: null, tokenId: hexId(404), tokenName: 'gone', request: request('192.0.2.1', 'ray 3') },
        { kind: 'system', id: '', email: null, tokenId: null, tokenName: null, request: null },
      ]
      expect(await store.listAudit(wanted)).toEqual(
        who.map((actor, index) => ({
          ...{ id: oldEntry(index), at: noon + index, accountId: here.accountId, zoneId: null, actor, action: 'service_token.update' },
          ...{ succeeded: true, resourceKind: 'service_token', resourceId: uuid(1), before: { name: 'a' }, after: null },
        })),
      )
    })

    test('is written on: what is old can be changed, and what is new be added, and all that was required still is', async () => {
      const { store } = await migrated()
      const before = await stored(store, 'api_token', apiToken.id)
      await save(store, write('api_token', before, { ...before, grants: [], name: 'changed' }))
      expect(await stored(store, 'api_token', apiToken.id)).toEqual({ ...before, grants: [], name: 'changed', revision: 2 })
      await save(store, insert('api_token', anApiToken(3, { owner: itself(here) })))
      await store.recordUses('api_token', new Map([[apiToken.id, 5]]))
      const refused = [
        insert('api_token', anApiToken(4, { owner: user(1), digest: apiToken.digest })),
        insert('api_token', anApiToken(404)),
        insert('zone', aZone({ ...here, zoneId: hexId(99) }, { name: zone.name })),
        write('user', await stored(store, 'user', hexId(1)), null),
      ]
      for (const loser of refused) expect(await store.commit([loser], anAuditEntry())).toBe(false)
      const left = await stored(store, 'api_token', tokenWithout.id)
      await save(store, write('api_token', left, null), write('api_token', await stored(store, 'api_token', apiToken.id), null))
      await save(store, write('user', await stored(store, 'user', hexId(1)), null))
    })

    test('is as it was when the next migration fails, and the next start tries again', async () => {
      const database = (await emptyDatabase(open))()
      const rows = database.db
      await fillFoundation(rows)
      const tables = async () => (await rows.introspection.getTables()).map(({ name, columns }) => [name, columns.length])
      // The last table of the migration is in the way.
      await rows.schema.createTable('access_request').addColumn('id', 'text').execute()
      const before = await tables()
      await expect(migrate(rows)).rejects.toThrow('0002-management')
      expect(await tables()).toEqual(before)
      await rows.schema.dropTable('access_request').execute()
      await migrate(rows)
      expect((await createStore(database).findApiToken(apiToken.digest))?.grants).toHaveLength(2)
    })
  })
}
