import { describe, expect, test } from 'vitest'
import { type AuditEntry, installationTrail, type Store } from '../../src/authority/ports.ts'
import type { AuditQuery, LogFilter } from '../../src/authority/queries.ts'
import { anActor, anAuditEntry, aRequest, elsewhere, here, hexId, noon, uuid } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const strange = `Ä 漢 😀 ' '' " \\ % _ ; -- /* $1 ? :a \u2028`
const everything: AuditQuery = {
  ...{ accountId: here.accountId, withInstallation: true, since: 0, before: Number.MAX_SAFE_INTEGER, filters: [] },
  ...{ direction: 'asc', limit: 1000 },
}

/** Guarantees about the audit trail: what was recorded is shown, to whom it belongs, and once. */
export function describeAudit(underTest: () => StoreUnderTest): void {
  const list = (query: Partial<AuditQuery> = {}) => underTest().store.listAudit({ ...everything, ...query })
  const ids = async (query: Partial<AuditQuery> = {}) => (await list(query)).map(({ id }) => Number.parseInt(id.slice(-12), 16))

  async function recorded(...entries: readonly Partial<AuditEntry>[]): Promise<Store> {
    const { store } = underTest()
    await store.recordAudit(entries.map((entry, index) => anAuditEntry({ id: uuid(index + 1), ...entry })))
    return store
  }

  describe('the audit trail', () => {
    test('shows every entry exactly as it was recorded', async () => {
      const entries = [
        anAuditEntry({ resourceKind: null, resourceId: null }),
        anAuditEntry({ succeeded: false, resourceKind: 'signing_key', resourceId: strange, zoneId: hexId(11), action: strange }),
        anAuditEntry({ at: 0, actor: anActor({ kind: 'nobody', id: '', email: null }) }),
        anAuditEntry({ at: noon + 1, before: {}, after: { name: null, deep: [1, { [strange]: strange }], nul: '\u0000' } }),
        anAuditEntry({
          accountId: installationTrail,
          actor: anActor({
            kind: 'api_token',
            email: strange,
            tokenId: hexId(7),
            tokenName: strange,
            request: { ...aRequest, userAgent: '' },
          }),
        }),
        anAuditEntry({
          actor: anActor({ request: { ...aRequest, path: strange, userAgent: strange, method: 'X', status: 599, sourceIp: '' } }),
        }),
      ]
      await underTest().store.recordAudit(entries)
      const byAge = (one: AuditEntry, other: AuditEntry) => one.at - other.at || (one.id < other.id ? -1 : 1)
      expect(await list()).toEqual(entries.toSorted(byAge))
    })

    test('takes more entries at once than fit into one statement, and none at all', async () => {
      const store = await recorded(...Array.from({ length: 1203 }, (_, index) => ({ at: index })))
      await store.recordAudit([])
      expect(await ids({ limit: 5000 })).toEqual(Array.from({ length: 1203 }, (_, index) => index + 1))
    })

    test('is shown from `since` up to and without `before`, either way, and no more of it than was asked for', async () => {
      await recorded(...[-2, -1, 0, 0, 1, 2].map((age) => ({ at: noon + age })))
      expect(await ids({ since: noon - 1, before: noon + 1 })).toEqual([2, 3, 4])
      expect(await ids({ since: noon - 1, before: noon + 1, direction: 'desc' })).toEqual([4, 3, 2])
      expect(await ids({ since: noon, before: noon })).toEqual([])
      expect(await ids({ limit: 2 })).toEqual([1, 2])
      expect(await ids({ limit: 2, direction: 'desc' })).toEqual([6, 5])
      expect(await ids({ limit: 2, direction: 'desc', before: noon + 1 })).toEqual([4, 3])
    })

    test('is an account’s own, with the installation’s if that is wanted, and never another account’s', async () => {
      const trails = [here.accountId, elsewhere.accountId, installationTrail, here.accountId]
      await recorded(...trails.map((accountId) => ({ accountId })))
      expect(await ids()).toEqual([1, 3, 4])
      expect(await ids({ withInstallation: false })).toEqual([1, 4])
      expect(await ids({ accountId: elsewhere.accountId })).toEqual([2, 3])
      expect(await ids({ accountId: elsewhere.accountId, withInstallation: false })).toEqual([2])
      expect(await ids({ accountId: hexId(404) })).toEqual([3])
      expect(await ids({ accountId: '%', withInstallation: false })).toEqual([])
    })

    test.each([
      ['asc', 1],
      ['asc', 7],
      ['desc', 1],
      ['desc', 7],
      ['desc', 60],
    ] as const)(
      'is walked %s by %i, and every entry met exactly once, with equal instants and both trails mixed',
      async (direction, limit) => {
        const trails = [here.accountId, installationTrail, elsewhere.accountId]
        // Seven instants, and ids in another order than the instants.
        const spread = Array.from({ length: 60 }, (_, index) => ({ at: noon + ((index * 5) % 7), accountId: trails[index % 3] as string }))
        await recorded(...spread)
        const query = { direction, since: noon + 1, before: noon + 6 }
        const expected = await list(query)
        expect(expected).toHaveLength(
          spread.filter(({ at, accountId }) => at > noon && at < noon + 6 && accountId !== elsewhere.accountId).length,
        )
        const sign = direction === 'asc' ? 1 : -1
        const inOrder = expected.toSorted((one, other) => sign * (one.at - other.at || (one.id < other.id ? -1 : 1)))
        expect(expected).toEqual(inOrder)

        const walked: AuditEntry[] = []
        for (;;) {
          const page = await list({ ...query, limit, after: walked.at(-1) })
          expect(page.length).toBe(Math.min(limit, expected.length - walked.length))
          if (page.length === 0) break
          walked.push(...page)
        }
        expect(walked).toEqual(expected)
      },
    )

    test('can be walked on from an entry that the filters leave out, and while newer entries are added', async () => {
      const store = await recorded(...[0, 1, 2, 3, 4].map((age) => ({ at: noon + age, action: age === 2 ? 'other' : 'test' })))
      const filters = [{ field: 'action', values: ['test'], isNegated: false }]
      expect(await ids({ filters, after: { at: noon + 2, id: uuid(3) } })).toEqual([4, 5])
      await store.recordAudit([anAuditEntry({ id: uuid(6), at: noon + 5 })])
      expect(await ids({ filters, direction: 'desc', after: { at: noon + 3, id: uuid(4) } })).toEqual([2, 1])
    })
  })

  describe('a filter of the audit trail', () => {
    const is = (field: string, ...values: readonly string[]): LogFilter => ({ field, values, isNegated: false })
    const isNot = (field: string, ...values: readonly string[]): LogFilter => ({ field, values, isNegated: true })

    const entries: readonly Partial<AuditEntry>[] = [
      { action: 'a', actor: anActor(), zoneId: hexId(11) },
      { action: 'b', actor: anActor({ email: null, request: null }), succeeded: false },
      {
        action: 'b',
        actor: anActor({ email: 'other@example.org', request: { ...aRequest, status: 403 } }),
        resourceKind: null,
        resourceId: null,
      },
      {
        action: 'B',
        actor: anActor({ email: '%', request: { ...aRequest, status: 2000, userAgent: strange } }),
        accountId: installationTrail,
      },
    ]

    const filtered: readonly (readonly [what: string, filters: readonly LogFilter[], found: readonly number[]])[] = [
      ['one value', [is('action', 'b')], [2, 3]],
      ['one of several values', [is('action', 'a', 'B', 'c')], [1, 4]],
      ['several fields at once', [is('action', 'b', 'B'), is('actor_email', '%', 'other@example.org')], [3, 4]],
      ['one field twice', [is('action', 'a', 'b'), isNot('action', 'a')], [2, 3]],
      ['none of the values, where there may be nothing at all', [isNot('actor_email', 'owner1@example.org', '%')], [2, 3]],
      ['not a value, in a column that is mostly empty', [isNot('zone_id', hexId(11))], [2, 3, 4]],
      ['a value, in a column that is mostly empty', [is('zone_id', hexId(11))], [1]],
      ['not the kind of thing', [isNot('resource_kind', 'service_token')], [3]],
      ['a number', [is('status', '200')], [1]],
      ['several numbers', [is('status', '403', '2000')], [3, 4]],
      ['not a number', [isNot('status', '200', '403')], [2, 4]],
      ['what is no number, where numbers are', [is('status', '200 or 1=1', '0200', '200.0', '', 'null')], []],
      ['success', [is('succeeded', '1')], [1, 3, 4]],
      ['failure', [isNot('succeeded', '1')], [2]],
      ['a percent sign, which stands for itself', [is('actor_email', '%')], [4]],
      ['wildcards, which stand for themselves', [is('actor_email', 'o%', '_', '*', 'owner_@example.org')], []],
      ['quotes and all the rest, which stand for themselves', [is('user_agent', strange, "' or '1'='1")], [4]],
      ['not quotes and all the rest', [isNot('user_agent', strange, "') or ('1'='1")], [1, 2, 3]],
      ['no value at all', [is('action')], []],
      ['anything but no value at all', [isNot('action')], [1, 2, 3, 4]],
    ]

    test('finds what it says, in whichever trail and direction', async () => {
      await recorded(...entries)
      for (const [what, filters, found] of filtered) {
        expect(await ids({ filters }), what).toEqual(found)
        expect(await ids({ filters, direction: 'desc' }), what).toEqual(found.toReversed())
        expect(await ids({ filters, withInstallation: false }), what).toEqual(found.filter((id) => id !== 4))
        expect(await ids({ filters, accountId: elsewhere.accountId, withInstallation: false }), what).toEqual([])
      }
    })
  })
}
