import { afterAll, beforeAll, expect, test } from 'vitest'
import { machineHeaders, movableClock, type RunningPostern, startPostern } from '../fixtures.ts'

const clock = movableClock('2026-01-01T00:00:00Z')
let postern: RunningPostern
let account: { readonly account_id: string }

beforeAll(async () => {
  postern = await startPostern({ clock, settings: { CHORE_INTERVAL: '50ms', FLUSH_INTERVAL: '20ms' } })
  account = { account_id: postern.bootstrap.accountId }
})

afterAll(() => postern.stop())

const access = () => postern.client.zeroTrust.access

async function makeTokens(...names: readonly string[]) {
  const tokens = await Promise.all(names.map((name) => access().serviceTokens.create({ ...account, name })))
  return new Map(tokens.map((token) => [token.name ?? '', token]))
}

/** The service tokens by name: whether they are enabled. */
async function state(): Promise<Record<string, boolean>> {
  const { result } = await access().serviceTokens.list(account)
  return Object.fromEntries(result.map((token) => [token.name ?? '', (token as { enabled?: boolean }).enabled === true]))
}

const setRule = (rule: { enabled: boolean; inactivity_threshold_days: number; action: 'disable' | 'delete' }) =>
  postern.client.put(`/accounts/${account.account_id}/access/organizations`, { body: { service_token_inactivity: rule } })

test('tokens that nobody used for so many days are disabled, except those that a policy or a group names', async () => {
  const tokens = await makeTokens('used', 'idle', 'in a policy', 'in a group')
  const ruleFor = (name: string) => ({ service_token: { token_id: tokens.get(name)?.id ?? '' } })
  await access().policies.create({ ...account, name: 'p', decision: 'non_identity', include: [ruleFor('in a policy')] })
  await access().groups.create({ ...account, name: 'g', include: [ruleFor('in a group')] })
  await setRule({ enabled: true, inactivity_threshold_days: 30, action: 'disable' })

  clock.set('2026-01-20T00:00:00Z')
  const used = await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders(tokens.get('used') ?? {}) })
  expect(used.status).toBe(200)
  const lastSeen = async () => (await access().serviceTokens.get(tokens.get('used')?.id ?? '', account)) as { last_seen_at?: string }
  await expect.poll(lastSeen).toHaveProperty('last_seen_at')

  clock.set('2026-01-31T00:00:01Z')
  await expect.poll(state, { timeout: 10_000 }).toEqual({ used: true, idle: false, 'in a policy': true, 'in a group': true })
  const refused = await fetch(`${postern.gateUrl}/authorize`, { headers: machineHeaders(tokens.get('idle') ?? {}) })
  expect(refused.status).toBe(401)

  const { result } = await access()
    .logs.accessRequests.list({ ...account })
    .then(() =>
      fetch(`${postern.apiUrl}/client/v4/accounts/${account.account_id}/logs/audit?since=2026-01-01&before=2026-03-01&limit=5`, {
        headers: { authorization: `Bearer ${postern.bootstrap.apiToken}` },
      }).then(
        (response) =>
          response.json() as Promise<{
            result: readonly { actor: { type: string }; action: { description: string }; resource: { id: string } }[]
          }>,
      ),
    )
  expect(result[0]).toMatchObject({ actor: { type: 'system' }, resource: { id: tokens.get('idle')?.id } })

  // Enabled again, it has as long to be used as any other.
  await access().serviceTokens.update(tokens.get('idle')?.id ?? '', { ...account, enabled: true })
  clock.set('2026-02-15T00:00:00Z')
  await makeTokens('later')
  clock.set('2026-02-19T00:00:01Z')
  await expect.poll(state, { timeout: 10_000 }).toMatchObject({ used: false, idle: true })
})

test('or deleted, if the organization has chosen so', async () => {
  await setRule({ enabled: true, inactivity_threshold_days: 30, action: 'delete' })
  clock.set('2026-03-10T00:00:00Z')
  await makeTokens('newest')
  clock.set('2026-03-22T00:00:00Z')
  await expect.poll(state, { timeout: 10_000 }).toEqual({ 'in a policy': true, 'in a group': true, newest: true })
})

test('and left alone once it is off', async () => {
  await setRule({ enabled: false, inactivity_threshold_days: 30, action: 'delete' })
  clock.set('2027-03-16T00:00:00Z')
  await postern.client.put(`/accounts/${account.account_id}/access/organizations`, { body: { name: 'still there' } })
  expect(await state()).toEqual({ 'in a policy': true, 'in a group': true, newest: true })
})
