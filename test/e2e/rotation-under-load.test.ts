import { afterAll, beforeAll, expect, test } from 'vitest'
import { type RunningPostern, startPostern } from '../fixtures.ts'
import { startLoad } from '../machine-load.ts'

let postern: RunningPostern

beforeAll(async () => {
  postern = await startPostern()
})

afterAll(() => postern.stop())

// How many requests a second it holds for is measured by `npm run bench:rotation`.
test('callers that ask without a pause notice nothing of rotations with a grace period, and switch in the midst of them', async () => {
  const { serviceTokens } = postern.client.zeroTrust.access
  const account = { account_id: postern.bootstrap.accountId }
  const { id = '', client_id: clientId = '', ...token } = await serviceTokens.create({ ...account, name: 'busy' })
  let secret = token.client_secret ?? ''
  const load = startLoad(postern.gateUrl, 32, () => [clientId, secret])
  const more = () => {
    const from = load.answers.get(200) ?? 0
    return expect.poll(() => load.answers.get(200) ?? 0, { timeout: 10_000 }).toBeGreaterThan(from + 500)
  }
  for (let round = 0; round < 4; round++) {
    await more()
    const inAnHour = new Date(Date.now() + 3_600_000).toISOString()
    const rotated = await serviceTokens.rotate(id, { ...account, previous_client_secret_expires_at: inAnHour })
    await more()
    secret = rotated.client_secret ?? ''
  }
  await load.stop()
  expect([...load.answers.keys()]).toEqual([200])
})

test('and a rotation without one is noticed at once: this load would', async () => {
  const { serviceTokens } = postern.client.zeroTrust.access
  const account = { account_id: postern.bootstrap.accountId }
  const { id = '', client_id: clientId = '', client_secret: secret = '' } = await serviceTokens.create({ ...account, name: 'late' })
  const load = startLoad(postern.gateUrl, 4, () => [clientId, secret])
  await expect.poll(() => load.answers.get(200)).toBeGreaterThan(0)
  await serviceTokens.rotate(id, account)
  await expect.poll(() => load.answers.get(401)).toBeGreaterThan(0)
  await load.stop()
})
