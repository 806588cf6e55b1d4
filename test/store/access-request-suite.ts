import { describe, expect, test } from 'vitest'
import type { AccessRequest, AccessRequestQuery, LogFilter } from '../../src/authority/queries.ts'
import { anAccessRequest, elsewhere, here, noon, uuid } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const strange = `Ä 漢 😀 ' '' " \\ % _ ; -- /* $1 ? :a \u2028`
const everything: AccessRequestQuery = { accountId: here.accountId, page: 1, perPage: 1000, filters: [], direction: 'asc' }

/** Guarantees about the log of requests at the gate. */
export function describeAccessRequests(underTest: () => StoreUnderTest): void {
  const list = (query: Partial<AccessRequestQuery> = {}) => underTest().store.listAccessRequests({ ...everything, ...query })
  const ids = async (query: Partial<AccessRequestQuery> = {}) => (await list(query)).map(({ id }) => Number.parseInt(id.slice(-12), 16))
  const record = (...requests: readonly Partial<AccessRequest>[]) =>
    underTest().store.recordAccessRequests(requests.map((request, index) => anAccessRequest(index + 1, request)))

  describe('the log of requests at the gate', () => {
    test('shows every request exactly as it was recorded', async () => {
      const requests = [
        anAccessRequest(1),
        anAccessRequest(2, { serviceTokenId: null, serviceTokenName: null, allowed: false, reason: 'no_credentials' }),
        anAccessRequest(3, { applicationName: strange, applicationDomain: '*.bücher.example', serviceTokenName: strange, reason: strange }),
        anAccessRequest(4, { at: Number.MAX_SAFE_INTEGER, sourceIp: '', rayId: '', applicationId: '' }),
      ]
      await underTest().store.recordAccessRequests(requests)
      expect(await list()).toEqual(requests)
    })

    test('takes more requests at once than fit into one statement, and none at all', async () => {
      await record(...Array.from({ length: 1203 }, (_, index) => ({ at: index })))
      await record()
      expect(await ids({ perPage: 5000 })).toEqual(Array.from({ length: 1203 }, (_, index) => index + 1))
    })

    test('is shown from `since` to `until`, both included, either way', async () => {
      await record(...[-2, -1, 0, 0, 1, 2].map((age) => ({ at: noon + age })))
      expect(await ids({ since: noon - 1, until: noon + 1 })).toEqual([2, 3, 4, 5])
      expect(await ids({ since: noon - 1, until: noon + 1, direction: 'desc' })).toEqual([5, 4, 3, 2])
      expect(await ids({ since: noon })).toEqual([3, 4, 5, 6])
      expect(await ids({ until: noon })).toEqual([1, 2, 3, 4])
      expect(await ids({ since: noon + 3 })).toEqual([])
    })

    test.each(['asc', 'desc'] as const)('comes %s in pages, and every request exactly once, with equal instants too', async (direction) => {
      await record(...Array.from({ length: 30 }, (_, index) => ({ at: noon + ((index * 5) % 7) })))
      const whole = await list({ direction })
      const sign = direction === 'asc' ? 1 : -1
      expect(whole).toHaveLength(30)
      expect(whole).toEqual(whole.toSorted((one, other) => sign * (one.at - other.at || (one.id < other.id ? -1 : 1))))
      const pages = await Promise.all([1, 2, 3, 4, 5].map((page) => list({ direction, page, perPage: 8 })))
      expect(pages.map((page) => page.length)).toEqual([8, 8, 8, 6, 0])
      expect(pages.flat()).toEqual(whole)
    })

    test('is an account’s own', async () => {
      await record({}, { accountId: elsewhere.accountId }, { accountId: '*' }, {})
      expect(await ids()).toEqual([1, 4])
      expect(await ids({ accountId: elsewhere.accountId })).toEqual([2])
      expect(await ids({ accountId: '%' })).toEqual([])
    })
  })

  test('requests at the gate are forgotten from before an instant, the oldest first, no more at once than the limit, and counted', async () => {
    const { store } = underTest()
    await record(...[2, -1, -3, 0, -2].map((age) => ({ at: noon + age })), { at: noon - 4, accountId: elsewhere.accountId })
    expect(await store.forgetAccessRequests(noon - 4, 10)).toBe(0)
    expect(await store.forgetAccessRequests(noon, 2)).toBe(2)
    expect(await ids()).toEqual([5, 2, 4, 1])
    expect(await ids({ accountId: elsewhere.accountId })).toEqual([])
    expect(await store.forgetAccessRequests(noon, 10)).toBe(2)
    expect(await store.forgetAccessRequests(noon, 10)).toBe(0)
    expect(await ids()).toEqual([4, 1])
  })

  test('are trimmed to so many, the oldest first and a few at a time', async () => {
    const { store } = underTest()
    const numbers = Array.from({ length: 7 }, (_, index) => index + 1)
    await store.recordAccessRequests(numbers.map((number) => anAccessRequest(number, { at: noon + number })))
    expect(await store.trimAccessRequests(7, 10)).toBe(0)
    expect(await store.trimAccessRequests(3, 3)).toBe(3)
    expect(await store.trimAccessRequests(3, 3)).toBe(1)
    expect(await store.trimAccessRequests(3, 3)).toBe(0)
    const rows = await underTest().rows.selectFrom('access_request').select('at').orderBy('at').execute()
    expect(rows.map(({ at }) => at - noon)).toEqual([5, 6, 7])
  })

  describe('a filter of the log of requests', () => {
    const filter =
      (isNegated: boolean) =>
      (field: string, ...values: readonly string[]): LogFilter => ({ field, values, isNegated })
    const [is, isNot] = [filter(false), filter(true)]

    const filtered: readonly (readonly [what: string, filters: readonly LogFilter[], found: readonly number[]])[] = [
      ['one value', [is('app_uid', uuid(1))], [1, 2]],
      ['one of several values', [is('service_token_id', uuid(2), uuid(1))], [1, 3]],
      ['none of the values, where there may be nothing at all', [isNot('service_token_id', uuid(1))], [2, 3]],
      ['a ray id', [is('ray_id', 'ray 3')], [3]],
      ['what was let in', [is('allowed', 'true')], [1]],
      ['what was not', [isNot('allowed', 'true')], [2, 3]],
      ['several fields at once', [is('allowed', 'false'), isNot('app_uid', uuid(1))], [3]],
      ['quotes and wildcards, which stand for themselves', [is('reason', '%', '_', strange, "' or '1'='1")], [3]],
      ['not quotes and wildcards', [isNot('reason', '%', strange)], [1, 2]],
      ['no value at all', [is('reason')], []],
      ['anything but no value at all', [isNot('reason')], [1, 2, 3]],
    ]

    test('finds what it says, in pages and either way', async () => {
      await record(
        {},
        { serviceTokenId: null, serviceTokenName: null, allowed: false, reason: 'no_credentials' },
        { serviceTokenId: uuid(2), applicationId: uuid(2), allowed: false, reason: strange, rayId: 'ray 3' },
        { accountId: elsewhere.accountId },
      )
      for (const [what, filters, found] of filtered) {
        expect(await ids({ filters }), what).toEqual(found)
        expect(await ids({ filters, direction: 'desc' }), what).toEqual(found.toReversed())
        expect(await ids({ filters, page: 2, perPage: 1 }), what).toEqual(found.slice(1, 2))
      }
    })
  })
}
