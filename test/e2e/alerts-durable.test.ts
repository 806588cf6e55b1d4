import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { type App, startApp } from '../../src/app.ts'
import type { Log } from '../../src/authority/ports.ts'
import { loadConfig } from '../../src/config/load.ts'
import { type AnyDatabase, anyDatabase, isOnSqlite } from '../any-database.ts'
import { clientFor, movableClock, type RunningPostern, startPostern, unlimited } from '../fixtures.ts'
import { anEndingToken } from './ending-token.ts'
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts'

const alert_type = 'expiring_service_token_alert'
const secret = 'SecretOfTheWebhookThatNobodyMaySee'
const path = '/services/T000/PathThatIsASecretToo'

const chores = { CHORE_INTERVAL: '20ms', ALERT_ADDRESSES: 'loopback' }
const clock = movableClock('2026-01-01T00:00:00Z')
const logged: unknown[] = []
const keep = (...line: unknown[]) => void logged.push(line)
const log: Log = { info: keep, warn: keep, error: keep }

let database: AnyDatabase
let receiver: WebhookReceiver
let first: RunningPostern
let running: App[]
let account: { readonly account_id: string }

beforeEach(async () => {
  logged.length = 0
  database = await anyDatabase()
  receiver = await startReceiver()
  first = await startPostern({ clock, log, settings: { ...database.settings, ...chores } })
  running = [first]
  account = { account_id: first.bootstrap.accountId }
})

afterEach(async () => {
  for (const app of running) await app.stop()
  await receiver.stop()
  await database.remove()
})

/** One more node on the same database, or the same one again. */
async function startAgain(): Promise<App> {
  const all = { ...database.settings, API_LISTEN: '127.0.0.1:0', GATE_LISTEN: '127.0.0.1:0', ...unlimited, ...chores }
  const environment = Object.fromEntries(Object.entries(all).map(([name, value]) => [`POSTERN_${name}`, value]))
  const app = await startApp({ config: loadConfig({ flags: {}, environment }), log, clock })
  running.push(app)
  return app
}

async function stopAll(): Promise<void> {
  for (const app of running.splice(0)) await app.stop()
}

async function furnish(...hoursLeft: readonly number[]): Promise<string> {
  const { alerting } = first.client
  const { id = '' } = await alerting.destinations.webhooks.create({ ...account, name: 'On call', url: receiver.url + path, secret })
  await alerting.policies.create({ ...account, name: 'Expiring', enabled: true, alert_type, mechanisms: { webhooks: [{ id }] } })
  for (const hours of hoursLeft) await anEndingToken(first.client, clock, { ...account, name: `${hours}h` }, hours)
  return id
}

const toldOf = () => receiver.received.map(({ body }) => body.data['service_token_name'])
const historyAt = async (app: App) => (await clientFor(app.apiUrl, first.bootstrap.apiToken).alerting.history.list(account)).result

describe('after a restart', () => {
  test('what was said is not said again, and what was not still is, with the same correlation id', async () => {
    receiver.answer = (response, { body }) => response.writeHead(body.data['service_token_name'] === '50h' ? 500 : 200).end()
    await furnish(40)
    await expect.poll(toldOf).toEqual(['40h'])
    await anEndingToken(first.client, clock, { ...account, name: '50h' }, 50)
    await expect.poll(() => toldOf().toSorted()).toEqual(['40h', '50h'])
    await expect.poll(async () => (await historyAt(first)).length).toBe(1)
    await stopAll()
    clock.advance(60_000)
    receiver.answer = (response) => response.end()
    const second = await startAgain()
    await expect.poll(toldOf).toHaveLength(3)
    await expect.poll(async () => (await historyAt(second)).length).toBe(2)
    const ids = receiver.received
      .filter(({ body }) => body.data['service_token_name'] === '50h')
      .map(({ body }) => body.alert_correlation_id)
    expect(ids).toHaveLength(2)
    expect(new Set(ids).size).toBe(1)
    await stopAll()
    clock.advance(3_600_000)
    const third = await startAgain()
    await anEndingToken(clientFor(third.apiUrl, first.bootstrap.apiToken), clock, { ...account, name: 'last' }, 1)
    await expect.poll(toldOf).toContain('last')
    expect(toldOf().toSorted()).toEqual(['40h', '50h', '50h', 'last'])
  }, 60_000)

  test('a message that was on its way when Postern stopped is sent again, and stopping does not wait for its receiver', async () => {
    receiver.answer = () => undefined
    await furnish(40)
    await expect.poll(toldOf).toEqual(['40h'])
    const before = performance.now()
    await stopAll()
    expect(performance.now() - before).toBeLessThan(8_000)
    receiver.answer = (response) => response.end()
    await startAgain()
    await expect.poll(toldOf).toEqual(['40h', '40h'])
  }, 60_000)
})

test.skipIf(isOnSqlite)(
  'several nodes say each thing once',
  async () => {
    await Promise.all([startAgain(), startAgain()])
    const hours = Array.from({ length: 25 }, (_, index) => index + 1)
    await furnish(...hours)
    await expect.poll(async () => (await historyAt(first)).length, { timeout: 30_000 }).toBe(25)
    expect(toldOf().toSorted()).toEqual(hours.map((left) => `${left}h`).toSorted())
  },
  90_000,
)

test('a failure is told in the log, and nowhere is a secret: not in logs, answers, the audit trail or the database', async () => {
  receiver.answer = (response) => response.writeHead(500).end('an answer that nobody wants to see')
  const id = await furnish(40)
  const told = () => logged.find((line) => JSON.stringify(line).includes('an alert could not be delivered'))
  await expect
    .poll(told)
    .toMatchObject([{ account: account.account_id, webhook: id, reason: 'the answer was 500', count: 1 }, expect.any(String)])
  clock.advance(73 * 3_600_000)
  // The token has expired meanwhile, which is still to be told.
  await expect.poll(() => JSON.stringify(logged)).toContain('alerts could not be delivered and are given up')
  const { alerting } = first.client
  await alerting.destinations.webhooks.update(id, { ...account, name: 'By day', url: receiver.url + path, secret: `${secret}2` })
  const shown = JSON.stringify([await alerting.destinations.webhooks.list(account), await alerting.destinations.webhooks.get(id, account)])
  const trail = await fetch(`${first.apiUrl}/client/v4/accounts/${account.account_id}/logs/audit?since=2026-01-01&before=2027-01-01`, {
    headers: { authorization: `Bearer ${first.bootstrap.apiToken}` },
  })
  const audit = await trail.text()
  const actions = (JSON.parse(audit) as { result: { action: { description: string }; resource: { product: string } }[] }).result
  expect(actions.map(({ action, resource }) => [action.description, resource.product])).toEqual(
    expect.arrayContaining([
      ...[
        ['Update webhook', 'alerting'],
        ['Create webhook', 'alerting'],
        ['Create alert policy', 'alerting'],
      ],
    ]),
  )
  expect(shown).not.toContain(secret)
  expect(audit).not.toContain(secret)
  expect(audit).not.toContain(path)
  expect(JSON.stringify(logged)).not.toContain(secret)
  expect(JSON.stringify(logged)).not.toContain(path)
  expect(JSON.stringify(logged)).not.toContain('an answer that nobody wants to see')
  expect(await database.content()).not.toContain(secret)
}, 30_000)
