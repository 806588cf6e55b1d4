import { type Kysely, sql } from 'kysely'
import { hourMs } from '../../src/domain/activity.ts'
import { migrate } from '../../src/store/migrate.ts'
import { tablesInOrder } from '../../src/store/move-order.ts'
import type { Tables } from '../../src/store/schema.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { createStore } from '../../src/store/store.ts'
import {
  aDelivery,
  aGroup,
  anAccessRequest,
  anAlertPolicy,
  anApiToken,
  anApplication,
  anAttempt,
  anAuditEntry,
  anOrganization,
  aPolicy,
  aServiceToken,
  aSigningKey,
  aUser,
  aWebhook,
  here,
  hexId,
  insert,
  itself,
  noon,
  save,
  saveOwners,
  uuid,
  zoneHere,
} from './entities.ts'

/** Makes a SQLite database with rows in each table, and with what is hard to carry: every byte, text of all kinds, nulls, the largest number. */
export async function fillSqlite(path: string): Promise<void> {
  const database = openSqlite(path)
  await migrate(database.db)
  const store = createStore(database, { fullBlock: 4 })
  await saveOwners(store)
  await save(store, insert('user', aUser(1)), insert('user', aUser(2, { email: 'ümläut+漢字@example.org' })))
  await save(store, insert('api_token', anApiToken(1, { expiresAt: noon })), insert('api_token', anApiToken(2, { owner: itself(here) })))
  for (let number = 1; number <= 30; number++) {
    const name = ['CI', 'O\'Brien \\ "quoted" %_', '漢字 😀 \u202e', ' spaces ', 'Äpfel'][number % 5] as string
    const previous = number % 3 === 0 ? { digest: aServiceToken(900 + number).digest, until: noon + number, version: 1 } : null
    const scope = number % 4 === 0 ? zoneHere : here
    await save(store, insert('service_token', aServiceToken(number, { ...scope, name, previous, createdAt: noon + (number % 7) })))
  }
  const everyByte = Uint8Array.from({ length: 256 }, (_, index) => index)
  const attempt = anAttempt('POST /ä', { sealedAnswer: everyByte, endsAt: Number.MAX_SAFE_INTEGER })
  await store.commit([insert('service_token', aServiceToken(31))], anAuditEntry({ before: { name: 'ä' }, after: { name: '漢' } }), {
    attempt,
  })
  await save(store, insert('group', aGroup(1, { include: [{ kind: 'service_token', tokenId: uuid(1) }] })))
  await save(store, insert('policy', aPolicy(1, { include: [{ kind: 'group', groupId: uuid(1) }] })))
  await save(store, insert('application', anApplication(1, { policies: [{ policyId: uuid(1), precedence: 1 }] })))
  await save(store, insert('organization', anOrganization(here)), insert('signing_key', aSigningKey(1, { sealedPrivateKey: everyByte })))
  await save(store, insert('webhook', aWebhook(1, { sealedSecret: everyByte })), insert('alert_policy', anAlertPolicy(1)))
  await store.queueDeliveries([aDelivery(1, { body: '{"name":"漢字 😀"}' }), aDelivery(2)])
  await store.noteSent(hexId(1), noon)
  await store.keepMasterKeyProof(everyByte.subarray(0, 32))
  await store.recordUses(
    'service_token',
    new Map([
      [uuid(1), noon],
      [uuid(2), noon + 1],
    ]),
  )
  await store.recordUses('api_token', new Map([[hexId(1), noon]]))
  await store.recordSecretUses(
    [1, 2, 3].map((number) => ({ tokenId: uuid(1), secretVersion: 1, address: `2001:db8::${number}`, at: noon })),
  )
  await store.recordAccessRequests([1, 2, 3, 4, 5].map((number) => anAccessRequest(number, { serviceTokenName: number % 2 ? 'CI' : null })))
  await store.recordActivity(
    [0, 1, 2].map((hour) => ({ subjectId: uuid(1), hour: noon + hour * hourMs, allowed: hour, refused: 1, previousSecret: 0 })),
  )
  await database.close()
}

/** All rows of each table, in an order that depends on nothing but them. */
export async function rowsOf(db: Kysely<Tables>): Promise<Readonly<Record<string, readonly string[]>>> {
  const found: Record<string, readonly string[]> = {}
  for (const table of tablesInOrder) {
    const { rows } = await sql<Record<string, unknown>>`select * from ${sql.table(table)}`.execute(db)
    found[table] = rows.map((row) => JSON.stringify(Object.entries(row).sort(([one], [other]) => (one < other ? -1 : 1)))).sort()
  }
  return found
}
