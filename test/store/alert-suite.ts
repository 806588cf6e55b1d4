import { describe, expect, test } from 'vitest'
import type { Delivery } from '../../src/authority/deliveries.ts'
import type { Store } from '../../src/authority/ports.ts'
import type { ServiceToken } from '../../src/domain/service-token.ts'
import {
  aDelivery,
  anAlertPolicy,
  aServiceToken,
  aWebhook,
  elsewhere,
  here,
  hexId,
  insert,
  noon,
  otherZoneHere,
  save,
  saveOwners,
  stored,
  uuid,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const hour = 3_600_000

const numberOf = (id: string) => Number.parseInt(id.slice(-12), 16)

export function describeAlerts(underTest: () => StoreUnderTest): void {
  async function withTokens(...tokens: readonly ServiceToken[]): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    if (tokens.length > 0) await save(store, ...tokens.map((token) => insert('service_token', token)))
    return store
  }

  const untold = async (store: Store, tokenIds: readonly string[] | null = null, limit = 100, webhooks: readonly number[] = [1]) =>
    (await store.listUntold({ accountId: here.accountId, webhookIds: webhooks.map(hexId), tokenIds }, noon, limit)).map(({ id }) =>
      numberOf(id),
    )

  describe('tokens to tell of', () => {
    const ending = (number: number, inMs: number, more: Partial<ServiceToken> = {}) =>
      aServiceToken(number, { createdAt: noon + inMs - 8760 * hour, expiresAt: noon + inMs, ...more })

    test('are those of the account and its zones that work and expire within a week', async () => {
      const store = await withTokens(
        ...[
          ending(1, 0),
          ending(2, 1),
          ending(3, 168 * hour),
          ending(4, 168 * hour + 1),
          ending(5, 5, { enabled: false }),
          ending(6, 5, elsewhere),
        ],
        ...[ending(7, 5, zoneHere), ending(8, 4, otherZoneHere), ending(9, 169 * hour, zoneHere)],
      )
      expect((await untold(store)).toSorted()).toEqual([2, 3, 7, 8])
      expect(await untold(store, null, 1)).toEqual([2])
      expect(await untold(store, null, 3)).toHaveLength(3)
    })

    test('are of those that are named, in the account alone', async () => {
      const store = await withTokens(ending(1, 1), ending(2, 2), ending(3, 3, zoneHere), ending(4, 4, elsewhere), ending(5, 169 * hour))
      expect(await untold(store, [uuid(2), uuid(3), uuid(4), uuid(5), uuid(404)])).toEqual([2, 3])
    })

    test('are those in the last quarter of their lifetime, however many others expire before them, and were refreshed', async () => {
      const lasting = (number: number, leftMs: number, createdAt: number) =>
        aServiceToken(number, { duration: '4h', createdAt, expiresAt: noon + leftMs })
      const young = Array.from({ length: 600 }, (_, index) => lasting(index + 10, hour + 1 + index, noon - 4000 * hour))
      const store = await withTokens(
        lasting(1, hour, noon - 3 * hour),
        lasting(2, hour + 1, noon - 3 * hour + 1),
        ...young,
        ending(3, 2 * hour),
      )
      expect(await untold(store, null, 2)).toEqual([1, 3])
      expect(await untold(store, [...young.map(({ id }) => id), uuid(3)], 2)).toEqual([3])
    })

    test('are those of which not every webhook was told for this expiry, for whichever policy', async () => {
      const store = await withTokens(ending(1, 1), ending(2, 2), ending(3, 3))
      const told = (number: number, traits: Partial<Delivery>) =>
        aDelivery(number, { tokenId: uuid(number), tokenExpiresAt: noon + number, ...traits })
      await store.queueDeliveries([told(1, {}), told(2, { policyId: hexId(9) }), told(3, { tokenExpiresAt: noon + 2 })])
      expect(await untold(store)).toEqual([3])
      await store.noteSent(hexId(1), noon)
      expect(await untold(store)).toEqual([3])
      expect(await untold(store, null, 9, [1, 2])).toEqual([1, 2, 3])
      await store.queueDeliveries([told(4, { tokenId: uuid(1), tokenExpiresAt: noon + 1, webhookId: hexId(2) })])
      expect(await untold(store, null, 9, [1, 2])).toEqual([2, 3])
      await store.dropDelivery(hexId(1))
      expect(await untold(store)).toEqual([1, 3])
    })
  })

  describe('what is to be sent', () => {
    test('is noted once, however often and from however many nodes', async () => {
      const [{ store, otherNode }] = [underTest()]
      const same = [aDelivery(1), aDelivery(2)]
      await Promise.all([store, otherNode, store, otherNode].map((node) => node.queueDeliveries(same)))
      await store.noteSent(hexId(1), noon)
      await otherNode.queueDeliveries(same.map((delivery) => ({ ...delivery, body: 'another' })))
      expect(await store.deliveriesDue(hexId(1), noon, 10)).toEqual([aDelivery(2)])
      await store.queueDeliveries(Array.from({ length: 250 }, (_, index) => aDelivery(index)))
      expect(await store.deliveriesDue(hexId(1), noon, 1000)).toHaveLength(249)
    })

    test('is noted a hundred at a time, between which the process sees to others', async () => {
      const { store } = underTest()
      let [turns, isOver] = [0, false]
      const turn = () => {
        turns += 1
        if (!isOver) setImmediate(turn)
      }
      turn()
      const before = turns
      await store.queueDeliveries(Array.from({ length: 1000 }, (_, index) => aDelivery(index)))
      isOver = true
      expect(turns - before).toBeGreaterThanOrEqual(10)
      expect(await store.deliveriesDue(hexId(1), noon, 2000)).toHaveLength(1000)
    })

    test('is due at once, to those first that have waited longest', async () => {
      const { store } = underTest()
      expect(await store.webhooksDue(noon, 10)).toEqual([])
      const to = (number: number, webhook: number, at: number) => aDelivery(number, { webhookId: hexId(webhook), createdAt: noon + at })
      await store.queueDeliveries([to(1, 1, 5), to(2, 2, 3), to(3, 2, 9), to(4, 3, 4), to(5, 1, 1)])
      expect(await store.webhooksDue(noon + 4, 10)).toEqual([1, 2, 3].map(hexId))
      expect(await store.webhooksDue(noon + 9, 2)).toEqual([1, 2].map(hexId))
      expect((await store.deliveriesDue(hexId(1), noon + 9, 10)).map(({ id }) => id)).toEqual([5, 1].map(hexId))
      expect(await store.deliveriesDue(hexId(1), noon + 4, 10)).toHaveLength(1)
    })

    test('after an attempt in vain is due when it is said, what was tried after what was not; and never again once given up', async () => {
      const { store } = underTest()
      await store.queueDeliveries([aDelivery(1), aDelivery(2), aDelivery(3)])
      const [one, two] = [hexId(1), hexId(2)]
      await store.noteUnsent(
        [
          { id: one, dueAt: noon + 5 },
          { id: two, dueAt: noon + 5 },
          { id: hexId(3), dueAt: null },
        ],
        noon,
      )
      expect(await store.deliveriesDue(one, noon + 4, 10)).toEqual([])
      expect((await store.deliveriesDue(one, noon + 5, 10)).map(({ id }) => id)).toEqual([two, one])
      expect(await store.outcomesOf([one, two])).toEqual(new Map([[one, { lastSuccessAt: null, lastFailureAt: noon }]]))
      await store.noteSent(two, noon + 6)
      expect(await store.outcomesOf([one])).toEqual(new Map([[one, { lastSuccessAt: noon + 6, lastFailureAt: noon }]]))
      await store.noteUnsent([], noon)
    })
  })

  describe('what was sent', () => {
    test('is listed with the newest first, by account and time, a page at a time', async () => {
      const { store } = underTest()
      const deliveries = [1, 2, 3, 4].map((number) => aDelivery(number))
      await store.queueDeliveries([...deliveries, aDelivery(5, elsewhere), aDelivery(6)])
      for (const number of [1, 2, 3, 4, 5]) await store.noteSent(hexId(number), noon + number)
      const list = async (more: object = {}) => {
        const { items, total } = await store.listSent({ accountId: here.accountId, page: 1, perPage: 3, ...more })
        return [items.map(({ id }) => numberOf(id)), total]
      }
      expect(await list()).toEqual([[4, 3, 2], 4])
      expect(await list({ page: 2 })).toEqual([[1], 4])
      expect(await list({ page: 3 })).toEqual([[], 4])
      expect(await list({ since: noon + 1, before: noon + 4 })).toEqual([[3, 2], 2])
      const { items } = await store.listSent({ accountId: here.accountId, page: 1, perPage: 1 })
      expect(items).toEqual([{ ...aDelivery(4), sentAt: noon + 4 }])
    })

    test('is forgotten with its age, so many at a time', async () => {
      const { store } = underTest()
      await store.queueDeliveries([1, 2, 3, 4].map((number) => aDelivery(number, { createdAt: noon + number })))
      expect([await store.forgetDeliveries(noon + 4, 2), await store.forgetDeliveries(noon + 4, 2)]).toEqual([2, 1])
      expect(await store.deliveriesDue(hexId(1), noon + 9, 10)).toHaveLength(1)
    })
  })

  describe('webhooks and policies', () => {
    test('are listed by account, newest first', async () => {
      const store = await withTokens()
      const webhooks = [aWebhook(1), aWebhook(2, { createdAt: noon + 1 }), aWebhook(3, elsewhere), aWebhook(4)]
      await save(store, ...webhooks.map((webhook) => insert('webhook', webhook)))
      await save(store, ...[anAlertPolicy(1), anAlertPolicy(2, { createdAt: noon + 1 })].map((policy) => insert('alert_policy', policy)))
      expect((await store.listWebhooks(here.accountId)).map(({ id }) => numberOf(id))).toEqual([2, 1, 4])
      expect((await store.listAlertPolicies(here.accountId)).map(({ id }) => numberOf(id))).toEqual([2, 1])
      expect(await store.listAlertPolicies(elsewhere.accountId)).toEqual([])
    })

    test('a webhook is not deleted while a policy names it, and a policy names none that is not there', async () => {
      const store = await withTokens()
      await save(store, insert('webhook', aWebhook(1)), insert('alert_policy', anAlertPolicy(1)))
      const webhook = await stored(store, 'webhook', hexId(1))
      await expect(save(store, write('webhook', webhook, null))).rejects.toThrow()
      await expect(save(store, insert('alert_policy', anAlertPolicy(2)))).rejects.toThrow()
      expect(await store.referencesTo('webhook', hexId(1), 9)).toEqual([{ kind: 'alert_policy', id: hexId(1) }])
      await save(store, write('alert_policy', await stored(store, 'alert_policy', hexId(1)), null))
      await save(store, write('webhook', webhook, null))
    })
  })
}
