import type Cloudflare from 'cloudflare'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { machineHeaders, movableClock, type Origin, type RunningPostern, startOrigin, startPostern } from '../fixtures.ts'

// Time through the whole program: what is asked of the API ends at the gate at the millisecond that was asked for.

type Issued = Cloudflare.ZeroTrust.Access.ServiceTokens.ServiceTokenCreateResponse & { readonly expires_at?: string }

const noon = '2026-03-01T12:00:00.000Z'
const clock = movableClock(noon)
let origin: Origin
let postern: RunningPostern

beforeAll(async () => {
  origin = await startOrigin()
  postern = await startPostern({ clock, settings: { ORIGIN_URL: origin.url } })
})
beforeEach(() => clock.set(noon))
afterAll(async () => {
  await postern.stop()
  await origin.stop()
})

const account = () => ({ account_id: postern.bootstrap.accountId })
const serviceTokens = () => postern.client.zeroTrust.access.serviceTokens
const create = (duration: string): Promise<Issued> => serviceTokens().create({ ...account(), name: 'machine', duration })

/** What the gate answers to a token at a time. */
async function statusAt(time: string | number, token: Issued, door: string): Promise<number> {
  clock.set(new Date(time).toISOString())
  return (await fetch(postern.gateUrl + door, { headers: machineHeaders(token) })).status
}

/** The gate admits a millisecond before the end and at no time from then on, whichever of the two it was asked before. */
async function expectEnd(token: Issued, end: string, door: string) {
  const at = Date.parse(end)
  const seen: (readonly [number, number])[] = []
  for (const offset of [-1000, -1, 0, 1, 1000, -1]) seen.push([offset, await statusAt(at + offset, token, door)])
  expect(seen).toEqual([
    [-1000, 200],
    [-1, 200],
    [0, 401],
    [1, 401],
    [1000, 401],
    [-1, 200],
  ])
}

describe.each(['/authorize', '/through/the/proxy'])('at %s', (door) => {
  test('a token expires at its expires_at, and not a moment earlier', async () => {
    const token = await create('1h')
    expect(token.expires_at).toBe('2026-03-01T13:00:00Z')
    await expectEnd(token, `${token.expires_at}`, door)
  })

  test('a token that was made between two seconds lives as long as it should, and no shorter than it says', async () => {
    clock.set('2026-03-01T12:00:00.250Z')
    const token = await create('90m')
    expect(token.expires_at).toBe('2026-03-01T13:30:00Z')
    await expectEnd(token, '2026-03-01T13:30:00.250Z', door)
  })

  test('a token that was refreshed expires at its new expires_at', async () => {
    const token = await create('1h')
    clock.set('2026-03-01T12:59:59.999Z')
    const refreshed = await serviceTokens().refresh(token.id ?? '', account())
    expect(refreshed.expires_at).toBe('2026-03-01T13:59:59Z')
    await expectEnd(token, '2026-03-01T13:59:59.999Z', door)
  })

  test.each(['2026-03-01T14:00:00Z', '2026-03-01T14:00:00.123Z'])(
    'the previous secret ends at %s, and the new one goes on',
    async (end) => {
      const token = await create('24h')
      const rotated = await serviceTokens().rotate(token.id ?? '', { ...account(), previous_client_secret_expires_at: end })
      await expectEnd(token, end, door)
      expect(await statusAt(end, rotated as Issued, door)).toBe(200)
    },
  )

  test('the previous secret ends at once where no time is left to it', async () => {
    const token = await create('24h')
    const rotated = await serviceTokens().rotate(token.id ?? '', account())
    expect([await statusAt(noon, token, door), await statusAt(noon, rotated as Issued, door)]).toEqual([401, 200])
  })

  test('the previous secret ends with the token, if that is earlier', async () => {
    const token = await create('1h')
    await serviceTokens().rotate(token.id ?? '', { ...account(), previous_client_secret_expires_at: '2026-03-01T14:00:00Z' })
    await expectEnd(token, `${token.expires_at}`, door)
  })

  test('a grace period that is shortened ends at its new end', async () => {
    const token = await create('24h')
    await serviceTokens().rotate(token.id ?? '', { ...account(), previous_client_secret_expires_at: '2026-03-01T14:00:00Z' })
    const end = '2026-03-01T13:00:00.500Z'
    await serviceTokens().update(token.id ?? '', { ...account(), name: 'machine', previous_client_secret_expires_at: end })
    await expectEnd(token, end, door)
  })
})
