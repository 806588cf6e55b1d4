import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SecretUse, SeenServiceToken, Store } from '../../src/authority/ports.ts'
import type { ServiceTokenOrder, ServiceTokenQuery } from '../../src/authority/queries.ts'
import { digestOf } from '../../src/domain/secret.ts'
import type { ServiceTokenStatus } from '../../src/domain/service-token-status.ts'
import { dayMs } from '../../src/domain/signing-key.ts'
import { aServiceToken, elsewhere, here, insert, noon, save, saveOwners, stored, uuid, write, zoneHere } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const scopes = [here, zoneHere, elsewhere] as const

/** When somebody last came with a token's secret before the last rotation. */
const previousSeenAt = new Map<string, number>()

/** What the statuses mean, in other words than the store's. */
const hasStatus: { readonly [S in ServiceTokenStatus]: (seen: SeenServiceToken) => boolean } = {
  active: ({ token }) => token.enabled && token.expiresAt > noon,
  disabled: ({ token }) => !token.enabled,
  expired: ({ token }) => token.enabled && token.expiresAt <= noon,
  in_grace: (seen) => hasStatus.active(seen) && (seen.token.previous?.until ?? 0) > noon,
  grace_unused: (seen) => hasStatus.in_grace(seen) && (previousSeenAt.get(seen.token.id) ?? 0) <= noon - dayMs,
  never_used: ({ lastSeenAt }) => lastSeenAt === null,
  unused: ({ token, lastSeenAt }) => (lastSeenAt ?? token.createdAt) <= noon - 90 * dayMs,
  expiring_7d: (seen) => hasStatus.active(seen) && seen.token.expiresAt <= noon + 7 * dayMs,
  expiring_30d: (seen) => hasStatus.active(seen) && seen.token.expiresAt <= noon + 30 * dayMs,
}
const statuses = Object.keys(hasStatus) as readonly ServiceTokenStatus[]

const keyOf: { readonly [O in ServiceTokenOrder]: (seen: SeenServiceToken) => number | string } = {
  created_at: ({ token }) => token.createdAt,
  name: ({ token }) => token.name.toLowerCase(),
  expires_at: ({ token }) => token.expiresAt,
  last_seen_at: ({ lastSeenAt }) => lastSeenAt ?? 0,
  updated_at: ({ token }) => token.updatedAt,
}
const orders = Object.keys(keyOf) as readonly ServiceTokenOrder[]

function inOrder(all: readonly SeenServiceToken[], { order = 'created_at', direction = 'desc' }: Partial<ServiceTokenQuery>) {
  const compare = (one: number | string, other: number | string) => (one < other ? -1 : one > other ? 1 : 0)
  const rising = all.toSorted(
    (one, other) =>
      compare(keyOf[order](one), keyOf[order](other)) ||
      compare(one.token.createdAt, other.token.createdAt) ||
      compare(other.token.id, one.token.id),
  )
  return direction === 'asc' ? rising : rising.toReversed()
}

/** Either side of the moments that decide about a status, and on them. */
const around = (...instants: readonly number[]) => fc.constantFrom(...instants.flatMap((instant) => [instant - 1, instant, instant + 1]))

const traits = fc.record({
  scope: fc.constantFrom(...scopes),
  // Alike in every collation; neither engine tells cases apart in the order.
  name: fc.constantFrom('alpha', 'Alpha', 'bravo', 'bravo 1', 'CHARLIE', 'delta'),
  enabled: fc.boolean(),
  createdAt: around(noon - 100 * dayMs, noon - 90 * dayMs, noon - dayMs),
  updatedAt: around(noon - 5, noon - 2),
  expiresAt: around(noon, noon + 7 * dayMs, noon + 30 * dayMs, noon + 300 * dayMs),
  graceUntil: fc.option(around(noon)),
  previousSeenAt: fc.option(around(noon - dayMs)),
  seenAfterMs: fc.option(fc.constantFrom(0, 1, 10 * dayMs, 10 * dayMs - 1, 99 * dayMs)),
})

type Traits = typeof traits extends fc.Arbitrary<infer Made> ? Made : never

/** Guarantees about lists that are narrowed to a status or shown in an order of their own, and about the counts that stand beside them. */
export function describeNarrowedLists(underTest: () => StoreUnderTest): void {
  let number = 0

  async function fill(store: Store, made: readonly Traits[]) {
    const all: SeenServiceToken[] = []
    const uses = new Map<string, number>()
    const secretUses: SecretUse[] = []
    for (const { scope, graceUntil, previousSeenAt: previousAt, seenAfterMs, ...fields } of made) {
      const previous = graceUntil === null ? null : { digest: digestOf('before'), until: graceUntil, version: 1 }
      const token = aServiceToken(++number, { ...scope, ...fields, previous, secretVersion: 2 })
      await save(store, insert('service_token', token))
      const lastSeenAt = seenAfterMs === null ? null : token.createdAt + seenAfterMs
      if (lastSeenAt !== null) uses.set(token.id, lastSeenAt)
      if (previousAt !== null && previous !== null) {
        previousSeenAt.set(token.id, previousAt)
        secretUses.push({ tokenId: token.id, secretVersion: 1, address: '10.0.0.4', at: previousAt })
        // Whoever comes with the present one says nothing about it.
        secretUses.push({ tokenId: token.id, secretVersion: 2, address: '10.0.0.4', at: noon })
      }
      all.push({ token: { ...token, revision: 1 }, lastSeenAt })
    }
    await store.recordUses('service_token', uses)
    await store.recordSecretUses(secretUses)
    return all
  }

  async function expectLists(store: Store, all: readonly SeenServiceToken[], narrowing: Partial<ServiceTokenQuery>): Promise<void> {
    const { status, name, search } = narrowing
    for (const scope of scopes) {
      const found = all.filter(
        (seen) =>
          seen.token.accountId === scope.accountId &&
          seen.token.zoneId === scope.zoneId &&
          (name === undefined || seen.token.name === name) &&
          (search === undefined || seen.token.name.toLowerCase().includes(search)) &&
          (status === undefined || hasStatus[status.is](seen)),
      )
      for (const order of orders) {
        for (const direction of ['asc', 'desc'] as const) {
          const listed = inOrder(found, { order, direction })
          for (const [page, perPage] of [
            [1, 100],
            [1, 3],
            [2, 3],
            [9, 100],
          ] as const) {
            const { items, total } = await store.listServiceTokens(scope, { ...narrowing, page, perPage, order, direction })
            const what = JSON.stringify({ narrowing, order, direction, page, perPage })
            expect([what, total, items]).toEqual([what, found.length, listed.slice((page - 1) * perPage, page * perPage)])
          }
        }
      }
    }
  }

  describe('a list of service tokens', () => {
    test('shows those of a status, in any order, in pages that know the total; and the overview counts the same', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await fc.assert(
        fc.asyncProperty(fc.array(traits, { minLength: 12, maxLength: 30 }), async (made) => {
          const all = await fill(store, made)
          for (const status of statuses) await expectLists(store, all, { status: { is: status, at: noon } })
          await expectLists(store, all, {})
          for (const scope of scopes) {
            const own = all.filter(({ token }) => token.accountId === scope.accountId && token.zoneId === scope.zoneId)
            const counts = statuses.map((status) => [status, own.filter(hasStatus[status]).length])
            expect(await store.serviceTokenOverview(scope, noon)).toEqual({ total: own.length, ...Object.fromEntries(counts) })
          }
          await save(store, ...all.map(({ token }) => write('service_token', token, null)))
        }),
        { numRuns: 3 },
      )
    })

    test('is narrowed by status, name and a search at once', async () => {
      const { store } = underTest()
      await saveOwners(store)
      const all = await fill(store, fc.sample(traits, { numRuns: 30, seed: 7 }))
      for (const is of ['active', 'never_used', 'unused'] as const) {
        const status = { is, at: noon }
        await expectLists(store, all, { status, name: 'alpha' })
        await expectLists(store, all, { status, search: 'a' })
        await expectLists(store, all, { status, name: 'bravo 1', search: 'vo' })
      }
      await expectLists(store, all, { search: 'bravo' })
      await expectLists(store, all, { name: 'CHARLIE' })
    })

    test('goes by what a token has become', async () => {
      const { store } = underTest()
      await saveOwners(store)
      await save(store, ...[1, 2, 3].map((one) => insert('service_token', aServiceToken(one, { createdAt: noon - one }))))
      const ids = async (query: Partial<ServiceTokenQuery>) =>
        (await store.listServiceTokens(here, { page: 1, perPage: 10, ...query })).items.map(({ token }) => token.id)
      const before = await stored(store, 'service_token', uuid(3))
      await save(store, write('service_token', before, { ...before, enabled: false, name: 'A', updatedAt: noon + 1 }))
      await store.recordUses('service_token', new Map([[uuid(2), noon]]))
      expect(await ids({ order: 'updated_at' })).toEqual([3, 1, 2].map(uuid))
      expect(await ids({ order: 'name', direction: 'asc' })).toEqual([3, 2, 1].map(uuid))
      expect(await ids({ order: 'last_seen_at' })).toEqual([2, 1, 3].map(uuid))
      expect(await ids({ status: { is: 'disabled', at: noon } })).toEqual([uuid(3)])
      expect(await ids({ status: { is: 'never_used', at: noon } })).toEqual([1, 3].map(uuid))
      await save(store, write('service_token', await stored(store, 'service_token', uuid(1)), null))
      expect(await ids({ status: { is: 'never_used', at: noon }, order: 'updated_at' })).toEqual([uuid(3)])
    })
  })
}
