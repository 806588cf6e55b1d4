import type { clientFor, MovableClock } from '../fixtures.ts'

/** Makes a token of a long life, of which so many hours are left: it is one to tell of at once. */
export async function anEndingToken(
  client: ReturnType<typeof clientFor>,
  clock: MovableClock,
  traits: { readonly name: string } & ({ readonly account_id: string } | { readonly zone_id: string }),
  hours: number,
) {
  const lifetime = 8000
  const now = new Date(clock.now()).toISOString()
  clock.set(new Date(clock.now() - (lifetime - hours) * 3_600_000).toISOString())
  try {
    return await client.zeroTrust.access.serviceTokens.create({ ...traits, duration: `${lifetime}h` })
  } finally {
    clock.set(now)
  }
}
