import { randomBytes } from 'node:crypto'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createAlerts, type Send } from '../../src/authority/alerts.ts'
import type { Store } from '../../src/authority/ports.ts'
import { createSealer } from '../../src/authority/sealer.ts'
import type { Database } from '../../src/store/database.ts'
import { migrate } from '../../src/store/migrate.ts'
import { createStore } from '../../src/store/store.ts'
import { type AnyDatabase, anyDatabase } from '../any-database.ts'
import { movableClock, silent } from '../fixtures.ts'
import { anAlertPolicy, aServiceToken, aWebhook, elsewhere, here, hexId, insert, noon, save, saveOwners } from './entities.ts'

const hour = 3_600_000
const sealer = createSealer(randomBytes(32), randomBytes)
const clock = movableClock(new Date(noon).toISOString())

let place: AnyDatabase
let database: Database
let store: Store

beforeEach(async () => {
  place = await anyDatabase()
  database = place.open()
  await migrate(database.patient)
  store = createStore(database)
  await saveOwners(store)
})

afterEach(async () => {
  await database.close()
  await place.remove()
})

const alertsBy = (send: Send) => createAlerts({ store, sealer, clock, log: silent, send })
const ending = (number: number, traits: object = {}) =>
  aServiceToken(number, { createdAt: noon - 8759 * hour, expiresAt: noon + hour, ...traits })

async function waiting(accountId: string): Promise<number> {
  const rows = database.db.selectFrom('alert_delivery').select(({ fn }) => fn.countAll<number>().as('count'))
  return (await rows.where('account_id', '=', accountId).executeTakeFirstOrThrow()).count
}

test('in one round, a thousand messages are noted for an account, and the rest in the next; others do not wait for it', async () => {
  const numbers = Array.from({ length: 10 }, (_, index) => index + 1)
  const webhookIds = numbers.map(hexId)
  await save(store, ...numbers.map((number) => insert('webhook', aWebhook(number))), insert('webhook', aWebhook(20, elsewhere)))
  await save(store, insert('alert_policy', anAlertPolicy(20, elsewhere)))
  await save(store, ...numbers.map((number) => insert('alert_policy', anAlertPolicy(number, { webhookIds }))))
  await save(store, ...Array.from({ length: 130 }, (_, index) => insert('service_token', ending(index))))
  await save(store, insert('service_token', ending(500, elsewhere)))
  const alerts = alertsBy(() => Promise.resolve(undefined))
  const noted: number[][] = []
  for (let round = 0; round < 3; round++) {
    await alerts.prepare()
    noted.push([await waiting(here.accountId), await waiting(elsewhere.accountId)])
  }
  expect(noted).toEqual([
    [1000, 1],
    [1300, 1],
    [1300, 1],
  ])
})

test('a webhook whose secret cannot be opened waits like one that does not answer, and nothing is sent to it', async () => {
  const sent: string[] = []
  const alerts = alertsBy(({ url }) => {
    sent.push(url)
    return Promise.resolve(undefined)
  })
  const broken = aWebhook(1, { url: 'https://broken.example/', sealedSecret: sealer.seal('another purpose', 'secret') })
  await save(store, insert('webhook', broken), insert('webhook', aWebhook(2, { url: 'https://whole.example/' })))
  await save(store, insert('alert_policy', anAlertPolicy(1, { webhookIds: [hexId(1), hexId(2)] })), insert('service_token', ending(1)))
  await alerts.prepare()
  await alerts.deliver()
  expect(sent).toEqual(['https://whole.example/'])
  expect(await alerts.isDue()).toBe(false)
  expect((await store.outcomesOf([hexId(1)])).get(hexId(1))).toEqual({ lastSuccessAt: null, lastFailureAt: noon })
})
