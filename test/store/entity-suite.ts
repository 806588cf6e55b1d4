import { describe, expect, test } from 'vitest'
import type { Store, Write } from '../../src/authority/ports.ts'
import { endOfTime } from '../../src/domain/instant.ts'
import { accountResource } from '../../src/domain/permission.ts'
import type { RuleSet } from '../../src/domain/policy.ts'
import type { ApiToken } from '../../src/domain/principal.ts'
import { digestOf } from '../../src/domain/secret.ts'
import type { ServiceToken } from '../../src/domain/service-token.ts'
import {
  aGroup,
  anAccount,
  anAlertPolicy,
  anApiToken,
  anApplication,
  anOrganization,
  aPolicy,
  aServiceToken,
  aSigningKey,
  aUser,
  aWebhook,
  aZone,
  elsewhere,
  here,
  hexId,
  insert,
  itself,
  save,
  saveOwners,
  uuid,
  write,
  zoneHere,
} from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

const strange = `Ä ß ẞ İ ı 漢字 😀 e\u0301 ' '' " \\ \\' % _ ; -- /* */ $1 ? :a \${x} null \t\r\n\u2028 `
const last = endOfTime + 999
const bytes = (from: number) => Buffer.from(Array.from({ length: 32 }, (_, index) => (from + index) % 256))

const grants: ApiToken['grants'] = [
  { id: hexId(5), effect: 'allow', resources: [accountResource(hexId(1)), strange, '\u0000'], permissionGroups: [hexId(1)] },
  { id: strange, effect: 'deny', resources: [], permissionGroups: [] },
]
/** What the strangest of policies and groups name. */
const [token, group, policy] = [aServiceToken(90), aGroup(91), aPolicy(92)]
const rules: RuleSet = {
  include: [{ kind: 'service_token', tokenId: token.id }, { kind: 'everyone' }],
  require: [{ kind: 'any_valid_service_token' }, { kind: 'ip', range: strange }],
  exclude: [{ kind: 'group', groupId: group.id }],
}

/** One of each kind, as plain and as strange as it may be; each pair is one row's step from version to version. */
const steps: readonly (readonly [Write['kind'], Write, Write])[] = [
  both('account', anAccount(hexId(3)), anAccount(hexId(3), { name: strange, createdAt: last })),
  both(
    'zone',
    aZone({ accountId: hexId(1), zoneId: hexId(4) }),
    aZone({ accountId: hexId(2), zoneId: hexId(4) }, { name: strange, createdAt: 0, updatedAt: last }),
  ),
  both('user', aUser(1), aUser(1, { email: 'Ä’s+tag@EXAMPLE.org', keyDigest: bytes(0), createdAt: last })),
  both('api_token', anApiToken(2), {
    ...anApiToken(2, { name: strange, grants, digest: bytes(128), disabled: true }),
    ...{ owner: itself(elsewhere), location: { in: ['2001:db8::/32', strange], notIn: ['192.0.2.1', '\u0000'] } },
    ...{ notBefore: 0, expiresAt: last, createdAt: -62_167_219_200_000, updatedAt: last },
  }),
  both('service_token', aServiceToken(1), {
    ...aServiceToken(1, { ...zoneHere, name: strange, clientId: 'Ä.access', digest: bytes(224), enabled: false, duration: '１ µs μs' }),
    ...{ previous: { digest: Buffer.alloc(32), until: last, version: 7 }, secretVersion: Number.MAX_SAFE_INTEGER },
    ...({ createdAt: 0, updatedAt: last, expiresAt: last } satisfies Partial<ServiceToken>),
  }),
  both('service_token', aServiceToken(1, { previous: { digest: bytes(1), until: 0, version: 0 }, name: '' }), aServiceToken(1)),
  both('service_token', aServiceToken(1, { previous: { digest: null, until: last, version: 1 } }), aServiceToken(1)),
  both('application', anApplication(1), {
    ...anApplication(1, { ...zoneHere, name: strange, domain: '*.bücher.example', audience: strange, originUrl: 'http://[::1]:8080/ä?b' }),
    ...{ destinations: ['*.bücher.example', strange], sessionDuration: strange, asksForCredentials: true, tokenHeader: strange },
    ...{ policies: [{ policyId: policy.id, precedence: 7 }], createdAt: 0, updatedAt: last },
  }),
  both('policy', aPolicy(1), {
    ...aPolicy(1, { ...zoneHere, ...rules, name: strange, decision: 'bypass', sessionDuration: strange, createdAt: 0, updatedAt: last }),
    applicationId: uuid(93),
  }),
  both('group', aGroup(1), aGroup(1, { ...zoneHere, ...rules, name: strange, createdAt: 0, updatedAt: last })),
  both('organization', anOrganization(here), {
    ...anOrganization(here, { name: strange, authDomain: 'zugang.bücher.example', sessionDuration: '１ µs μs', isStrict: false }),
    ...{ inactivity: { isOn: true, afterDays: 0, action: 'delete' as const }, keyRotationDays: 36_500, createdAt: 0, updatedAt: last },
  }),
  both('signing_key', aSigningKey(1), {
    ...aSigningKey(1, { accountId: elsewhere.accountId, publicKey: strange, sealedPrivateKey: bytes(160) }),
    ...{ createdAt: 0, endsAt: last },
  }),
  both(
    'webhook',
    aWebhook(1),
    aWebhook(1, { accountId: elsewhere.accountId, name: strange, url: strange, sealedSecret: bytes(160), createdAt: 0, updatedAt: last }),
  ),
  both('alert_policy', anAlertPolicy(1, { webhookIds: [hexId(94)] }), {
    ...anAlertPolicy(1, { accountId: elsewhere.accountId, name: strange, description: strange, enabled: false, webhookIds: [] }),
    ...{ tokenIds: [strange, uuid(1)], createdAt: 0, updatedAt: last },
  }),
  both('signing_key', aSigningKey(2, { sealedPrivateKey: Buffer.alloc(3000, bytes(0)), endsAt: 0 }), aSigningKey(2)),
]

function both<K extends Write['kind']>(kind: K, plain: Parameters<typeof insert<K>>[1], other: Parameters<typeof insert<K>>[1]) {
  return [kind, insert(kind, plain), insert(kind, other)] as const
}

/** Guarantees about reading what was written. */
export function describeEntities(underTest: () => StoreUnderTest): void {
  async function withOwners(): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    // The owner of the API token above.
    await save(store, insert('user', aUser(2)))
    return store
  }

  describe('every entity', () => {
    test.each(steps)('reads back exactly as it was written, when it is new and when it has changed: %s', async (kind, plain, other) => {
      const store = await withOwners()
      const named = [insert('service_token', token), insert('group', group), insert('policy', policy)]
      await save(store, ...named, insert('application', anApplication(93)), insert('webhook', aWebhook(94)))
      for (const [from, to] of [
        [plain.after, other.after],
        [other.after, plain.after],
      ]) {
        if (!from || !to) throw new Error('nothing to write')
        await save(store, write(kind, null, from))
        expect(await store.find(kind, from.id)).toEqual({ ...from, revision: 1 })
        await save(store, write(kind, { ...from, revision: 1 }, to))
        expect(await store.find(kind, from.id)).toEqual({ ...to, revision: 2 })
        await save(store, write(kind, { ...to, revision: 2 }, null))
        expect(await store.find(kind, from.id)).toBeUndefined()
      }
    })

    test('is found by its whole id, among its own kind', async () => {
      const store = await withOwners()
      await save(store, insert('service_token', aServiceToken(1)))
      expect(await store.find('service_token', uuid(1))).toBeDefined()
      expect(await store.find('application', uuid(1))).toBeUndefined()
      for (const id of [uuid(2), '', '%', uuid(1).slice(0, -1), ` ${uuid(1)}`, `${uuid(1)}' or '1'='1`]) {
        expect(await store.find('service_token', id)).toBeUndefined()
      }
    })
  })

  describe('reading in pages', () => {
    const numbers = [9, 3, 17, 1, 12, 5, 250, 16, 15, 2, 11, 255, 4, 10, 256, 8, 6, 13, 7, 14]
    const ids = numbers.map(uuid).toSorted()

    test('shows each entity of a kind once, in the order of the ids', async () => {
      const store = await withOwners()
      await save(store, ...numbers.map((number) => insert('service_token', aServiceToken(number))))
      await save(store, insert('application', anApplication(18)))
      const read: string[] = []
      for (;;) {
        const page = await store.read('service_token', read.at(-1) ?? '', 7)
        expect(page.length).toBe(Math.min(7, ids.length - read.length))
        if (page.length === 0) break
        read.push(...page.map(({ id }) => id))
      }
      expect(read).toEqual(ids)
      expect(await store.read('service_token', '', 1)).toEqual([{ ...aServiceToken(1), revision: 1 }])
      expect(await store.read('service_token', uuid(9), 2)).toMatchObject([{ id: uuid(10) }, { id: uuid(11) }])
    })

    test('shows the change log from anywhere, oldest first', async () => {
      const store = await withOwners()
      await save(store, ...numbers.map((number) => insert('service_token', aServiceToken(number))))
      const all = (await store.changesSince(0, 1000)).changes
      expect(all.map(({ seq }) => seq)).toEqual(Array.from({ length: 5 + numbers.length }, (_, index) => index + 1))
      expect(all.slice(5).map(({ id }) => id)).toEqual(numbers.map(uuid))
      expect((await store.changesSince(5, 3)).changes).toEqual(all.slice(5, 8))
      expect((await store.changesSince(24, 3)).changes).toEqual(all.slice(24))
      expect((await store.changesSince(25, 3)).changes).toEqual([])
      expect((await store.changesSince(10_000, 3)).changes).toEqual([])
    })
  })

  describe('signing in', () => {
    test('finds an API token by its digest, and by no other', async () => {
      const store = await withOwners()
      await save(store, insert('user', aUser(1)), insert('api_token', anApiToken(1)), insert('api_token', anApiToken(2)))
      expect(await store.findApiToken(digestOf('psu_1'))).toEqual({ ...anApiToken(1), revision: 1 })
      expect(await store.findApiToken(new Uint8Array(digestOf('psu_2')))).toEqual({ ...anApiToken(2), revision: 1 })
      for (const digest of [digestOf('psu_3'), new Uint8Array(32), new Uint8Array(0), digestOf('psu_1').slice(0, 31)]) {
        expect(await store.findApiToken(digest)).toBeUndefined()
      }
    })

    test('finds a user by the e-mail address, letter for letter', async () => {
      const store = await withOwners()
      const user = aUser(1, { email: 'Ä’s+tag@example.org' })
      await save(store, insert('user', user))
      expect(await store.findUser(user.email)).toEqual({ ...user, revision: 1 })
      for (const email of ['ä’s+tag@example.org', '%', '', 'owner1@example.org', `${user.email} `]) {
        expect(await store.findUser(email)).toBeUndefined()
      }
    })
  })
}
