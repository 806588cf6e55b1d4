import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { movableClock, type RunningPostern, startPostern } from '../fixtures.ts'
import { anEndingToken } from './ending-token.ts'
import { startReceiver, type WebhookReceiver } from './webhook-receiver.ts'

const day = 24 * 3_600_000
const alert_type = 'expiring_service_token_alert'

let clock: ReturnType<typeof movableClock>
let postern: RunningPostern
let receiver: WebhookReceiver
let rounds: Awaited<ReturnType<typeof watchRounds>>
let account: { readonly account_id: string }

beforeEach(async () => {
  clock = movableClock('2026-01-01T00:00:00Z')
  const settings = { CHORE_INTERVAL: '20ms', ALERT_ADDRESSES: 'public,private,loopback' }
  postern = await startPostern({ clock, settings })
  receiver = await startReceiver()
  account = { account_id: postern.bootstrap.accountId }
  rounds = await watchRounds()
})

afterEach(async () => {
  await postern.stop()
  await Promise.all([receiver.stop(), rounds.stop()])
})

const alerting = () => postern.client.alerting
const tokens = () => postern.client.zeroTrust.access.serviceTokens
const aToken = (name: string, duration: string) => tokens().create({ ...account, name, duration })
/** Of a token of a long life, of which so many hours are left. */
const aTokenThatEnds = (name: string, hours: number) => anEndingToken(postern.client, clock, { ...account, name }, hours)
const toldOf = () => receiver.received.map(({ body }) => body.data['service_token_name'])

async function aWebhook(path = '/', secret?: string): Promise<string> {
  const { id } = await alerting().destinations.webhooks.create({
    ...{ ...account, name: 'On call', url: `${receiver.url}${path}` },
    ...(secret !== undefined && { secret }),
  })
  return id ?? ''
}

async function aPolicy(webhooks: readonly string[], more: object = {}): Promise<string> {
  const mechanisms = { webhooks: webhooks.map((id) => ({ id })) }
  const { id } = await alerting().policies.create({ ...account, name: 'Expiring', enabled: true, alert_type, mechanisms, ...more })
  return id ?? ''
}

/** Alerts of an account of its own, by which it is seen that all chores have had their turn. */
async function watchRounds() {
  const marks = await startReceiver()
  const other = await postern.client.accounts.create({ name: 'Another', type: 'standard' })
  const place = { account_id: other.id }
  const { id = '' } = await alerting().destinations.webhooks.create({ ...place, name: 'Marks', url: marks.url })
  await alerting().policies.create({ ...place, name: 'Marks', enabled: true, alert_type, mechanisms: { webhooks: [{ id }] } })
  return {
    stop: marks.stop,
    /** Resolves when everything that is to be said by now has been. */
    async pass() {
      // When the second is noted, the first was already there in a whole round of notes; and when the fourth has arrived, so has all that the third went with.
      for (let count = 0; count < 4; count++) {
        const arrived = marks.received.length
        await anEndingToken(postern.client, clock, { ...place, name: 'mark' }, 1)
        await expect.poll(() => marks.received.length, { timeout: 20_000 }).toBe(arrived + 1)
      }
    },
  }
}

describe('a week before a service token expires', () => {
  test('each webhook of each policy is told once, with the secret in its header, and the history says so', async () => {
    const first = await aWebhook('/one', 'let-me-in')
    const second = await aWebhook('/two')
    const policy = await aPolicy([first, second], { description: 'for the night' })
    const token = await aToken('deploy', '720h')
    await aToken('for ever', 'forever')
    await tokens().create({ ...account, name: 'off', duration: '720h', ...({ enabled: false } as object) })

    clock.advance(23 * day - 1000)
    await rounds.pass()
    expect(receiver.received).toEqual([])

    clock.advance(1000)
    await expect.poll(() => receiver.received.length).toBe(2)
    clock.advance(day)
    await rounds.pass()
    expect(toldOf()).toEqual(['deploy', 'deploy'])
    const [one, two] = receiver.received.toSorted((a, b) => (a.path < b.path ? -1 : 1))
    expect([one?.path, one?.headers['cf-webhook-auth'], two?.path, two?.headers['cf-webhook-auth']]).toEqual([
      ...['/one', 'let-me-in', '/two', undefined],
    ])
    expect(one?.headers['content-type']).toBe('application/json')
    expect(two?.body).toEqual(one?.body)
    expect(one?.body).toEqual({
      ...{ name: 'Expiring', policy_name: 'Expiring', policy_id: policy, account_id: account.account_id, alert_type },
      text: 'The service token "deploy" expires at 2026-01-31T00:00:00Z. Refresh it, and whoever uses it goes on without a new secret.',
      data: {
        ...{ service_token_id: token.id, service_token_name: 'deploy', client_id: token.client_id },
        ...{ expires_at: '2026-01-31T00:00:00Z', zone_id: null },
      },
      ...{ ts: Date.parse('2026-01-24T00:00:00Z') / 1000, alert_event: 'ALERT_STATE_EVENT_START' },
      alert_correlation_id: expect.stringMatching(/^[0-9a-f]{32}$/),
    })
    expect(JSON.stringify(receiver.received)).not.toContain(token.client_secret)

    const { result: history } = await alerting().history.list(account)
    expect(history.map(({ mechanism }) => mechanism).toSorted()).toEqual([first, second].toSorted())
    expect(history[0]).toMatchObject({ name: 'Expiring', description: 'for the night', policy_id: policy, mechanism_type: 'webhook' })
    expect(JSON.parse(history[0]?.alert_body ?? '')).toEqual(one?.body)
    expect(await alerting().destinations.webhooks.get(first, account)).toMatchObject({ last_success: '2026-01-24T00:00:00Z' })
  })

  test('and again before its next expiry, but not of the first one once that has moved', async () => {
    await aPolicy([await aWebhook()])
    const token = await aToken('deploy', '720h')
    clock.advance(25 * day)
    await expect.poll(toldOf).toEqual(['deploy'])
    await tokens().refresh(token.id ?? '', account)
    clock.advance(20 * day)
    await rounds.pass()
    expect(toldOf()).toEqual(['deploy'])
    clock.advance(5 * day)
    await expect.poll(toldOf).toEqual(['deploy', 'deploy'])
    const [first, second] = receiver.received.map(({ body }) => body.alert_correlation_id)
    expect(first).not.toBe(second)
  })

  test('a webhook that several policies name is told once, in the name of the oldest that asks for it', async () => {
    const [first, second] = [await aWebhook('/one'), await aWebhook('/two')]
    const oldest = await aPolicy([first])
    clock.advance(1000)
    for (const name of ['b', 'c', 'd']) await aPolicy([first, second], { name })
    await aTokenThatEnds('deploy', 24)
    await expect.poll(() => receiver.received.length).toBe(2)
    await rounds.pass()
    expect(receiver.received.map(({ path }) => path).toSorted()).toEqual(['/one', '/two'])
    expect(receiver.received.find(({ path }) => path === '/one')?.body['policy_id']).toBe(oldest)
    // Nobody is left out when the policy that was to tell is off before it could.
    await alerting().policies.update(oldest, { ...account, enabled: false })
    await aTokenThatEnds('later', 24)
    await expect.poll(() => receiver.received.length).toBe(4)
  })

  test('a token that lives for less than a month is told of in the last quarter of its life, and not after each refresh', async () => {
    await aPolicy([await aWebhook()])
    const token = await aToken('short', '24h')
    for (let day = 0; day < 3; day++) {
      clock.advance(17 * 3_600_000)
      await rounds.pass()
      await tokens().refresh(token.id ?? '', account)
    }
    expect(receiver.received).toEqual([])
    clock.advance(18 * 3_600_000)
    await expect.poll(toldOf).toEqual(['short'])
  })

  test('a policy tells of the tokens that it names alone, of those of zones too, and of nothing while it is off', async () => {
    const webhook = await aWebhook()
    const named = await aTokenThatEnds('named', 24)
    await aTokenThatEnds('another', 24)
    const ofZone = await anEndingToken(postern.client, clock, { zone_id: postern.bootstrap.zoneId, name: 'of the zone' }, 24)
    const token_id = [named.id ?? '', ofZone.id ?? '']
    const policy = await aPolicy([webhook], { enabled: false, filters: { token_id } })
    await rounds.pass()
    expect(toldOf()).toEqual([])
    await alerting().policies.update(policy, { ...account, enabled: true })
    await expect.poll(() => toldOf().toSorted()).toEqual(['named', 'of the zone'])
    await alerting().policies.update(policy, { ...account, filters: {} })
    await expect.poll(() => toldOf().toSorted()).toEqual(['another', 'named', 'of the zone'])
  })
})

describe('a receiver that fails', () => {
  test('is tried again, with the same message, and less and less often; what waits for others does not wait for it', async () => {
    const slow = await aWebhook('/slow')
    const good = await aWebhook('/good')
    receiver.answer = (response, { path }) => {
      if (path === '/good') response.end()
      // It never answers.
    }
    await aPolicy([slow, good])
    await aTokenThatEnds('one', 24)
    await expect.poll(() => receiver.received.map(({ path }) => path)).toContain('/good')
    const bodies = () => receiver.received.filter(({ path }) => path === '/slow').map(({ body }) => body)
    await expect.poll(() => bodies().length).toBe(1)
    await expect
      .poll(async () => (await alerting().destinations.webhooks.get(slow, account)).last_failure, { timeout: 20_000 })
      .toBeDefined()
    await rounds.pass()
    expect(bodies()).toHaveLength(1)

    receiver.answer = (response) => response.writeHead(500).end()
    for (const [seconds, attempts] of [
      ...[[29, 1] as const, [1, 2] as const, [29, 2] as const, [1, 3] as const, [59, 3] as const, [1, 4] as const],
    ]) {
      clock.advance(seconds * 1000)
      await expect.poll(() => bodies().length).toBe(attempts)
      await rounds.pass()
      expect(bodies()).toHaveLength(attempts)
    }
    receiver.answer = (response) => response.writeHead(204).end()
    clock.advance(120_000)
    await expect.poll(() => bodies().length).toBe(5)
    expect(new Set(bodies().map((body) => JSON.stringify(body))).size).toBe(1)
    clock.advance(7 * 3_600_000)
    await rounds.pass()
    expect(bodies()).toHaveLength(5)
  }, 60_000)

  test('is asked once a time, however much waits for it, and not any more after three days', async () => {
    receiver.answer = (response) => response.writeHead(503).end()
    for (const name of ['a', 'b', 'c', 'd']) await aTokenThatEnds(name, 160)
    await aPolicy([await aWebhook()])
    await expect.poll(() => receiver.received.length).toBe(1)
    await rounds.pass()
    expect(receiver.received).toHaveLength(1)
    clock.advance(73 * 3_600_000)
    await expect.poll(() => receiver.received.length).toBe(2)
    receiver.answer = (response) => response.end()
    clock.advance(20 * 3_600_000)
    await rounds.pass()
    expect(receiver.received).toHaveLength(2)
    expect((await alerting().history.list(account)).result).toEqual([])
  })

  test('does not keep what it takes from the others that wait for the same webhook', async () => {
    receiver.answer = (response, { body }) => response.writeHead(body.data['service_token_name'] === 'bad' ? 400 : 200).end()
    await aPolicy([await aWebhook()])
    await aTokenThatEnds('bad', 24)
    await expect.poll(toldOf).toEqual(['bad'])
    await aTokenThatEnds('good', 24)
    await aTokenThatEnds('fine', 24)
    await expect.poll(() => toldOf().toSorted()).toEqual(['bad', 'fine', 'good'])
  })

  test('that sends its caller elsewhere is not followed, and what it says is not read to the end', async () => {
    const aside = await startReceiver()
    receiver.answer = (response, { path }) => {
      if (path === '/elsewhere') response.writeHead(307, { location: `${aside.url}/` }).end()
      else {
        const more = setInterval(() => response.write('x'.repeat(10_000)), 1)
        response.on('close', () => clearInterval(more))
      }
    }
    const [elsewhere, endless] = [await aWebhook('/elsewhere'), await aWebhook('/endless')]
    await aPolicy([elsewhere, endless])
    await aTokenThatEnds('one', 24)
    const { webhooks } = alerting().destinations
    await expect.poll(async () => (await webhooks.get(elsewhere, account)).last_failure).toBeDefined()
    await expect.poll(async () => (await webhooks.get(endless, account)).last_success, { timeout: 15_000 }).toBeDefined()
    expect(aside.received).toEqual([])
    await aside.stop()
  }, 30_000)
})

describe('what waits to be sent', () => {
  test('is left out once its token has a new lease of life, or its policy is off', async () => {
    receiver.answer = (response) => response.writeHead(500).end()
    const policy = await aPolicy([await aWebhook()])
    const token = await aTokenThatEnds('one', 24)
    await expect.poll(() => receiver.received.length).toBe(1)
    await tokens().update(token.id ?? '', { ...account, duration: '8760h' })
    clock.advance(3_600_000)
    await rounds.pass()
    expect(receiver.received).toHaveLength(1)
    await aTokenThatEnds('two', 24)
    await expect.poll(() => receiver.received.length).toBe(2)
    await alerting().policies.update(policy, { ...account, enabled: false })
    clock.advance(3_600_000)
    await rounds.pass()
    expect(receiver.received).toHaveLength(2)
    // Nothing was said of it in the end, so it is said when the policy is on again.
    receiver.answer = (response) => response.end()
    await alerting().policies.update(policy, { ...account, enabled: true })
    await expect.poll(toldOf).toEqual(['one', 'two', 'two'])
  })
})

describe('an account', () => {
  test('has at most fifty webhooks and fifty policies, even when many are made at once', async () => {
    const outcomes = async (make: () => Promise<string>) => {
      const made = await Promise.allSettled(Array.from({ length: 53 }, make))
      return made.flatMap((one) => (one.status === 'rejected' ? [String(one.reason)] : []))
    }
    const refused = await outcomes(() => aWebhook())
    expect(refused).toHaveLength(3)
    expect(refused[0]).toMatch(/^Error: 400 .*the account has 50 webhooks, which is as many as it may; delete one first/)
    const { result: webhooks } = await alerting().destinations.webhooks.list(account)
    expect(webhooks).toHaveLength(50)
    const [first, second] = webhooks.map(({ id }) => id ?? '')
    expect(await outcomes(() => aPolicy([first ?? '']))).toHaveLength(3)
    await alerting().destinations.webhooks.delete(second ?? '', account)
    await aWebhook()
  }, 60_000)

  test('neither names nor sees what is of another one', async () => {
    const other = await postern.client.accounts.create({ name: 'Other', type: 'standard' })
    const foreign = await alerting().destinations.webhooks.create({
      account_id: other.id,
      name: 'Foreign',
      url: 'https://foreign.example/',
    })
    const token = await tokens().create({ account_id: other.id, name: 'foreign', duration: '24h' })
    await expect(aPolicy([foreign.id ?? ''])).rejects.toThrow('mechanisms/webhooks/0/id must be the id of a webhook of this account')
    const webhook = await aWebhook()
    await expect(aPolicy([webhook], { filters: { token_id: [token.id] } })).rejects.toThrow(
      'filters/token_id/0 must be the id of a service token',
    )
    await expect(alerting().destinations.webhooks.get(foreign.id ?? '', account)).rejects.toThrow('404')
    await aPolicy([webhook])
    await aTokenThatEnds('own', 24)
    await rounds.pass()
    expect(toldOf()).toEqual(['own'])
  })
})
