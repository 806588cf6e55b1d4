import { describe, expect, test } from 'vitest'
import type { Store } from '../../src/authority/ports.ts'
import { endOfTime } from '../../src/domain/instant.ts'
import { digestOf } from '../../src/domain/secret.ts'
import type { Credential, ServiceToken } from '../../src/domain/service-token.ts'
import { aServiceToken, elsewhere, insert, noon, save, saveOwners, stored, uuid, write, zoneHere } from './entities.ts'
import type { StoreUnderTest } from './store-under-test.ts'

/** Guarantees about reading what a gate needs of all service tokens. */
export function describeCredentials(underTest: () => StoreUnderTest): void {
  async function withTokens(...tokens: readonly ServiceToken[]): Promise<Store> {
    const { store } = underTest()
    await saveOwners(store)
    await save(store, ...tokens.map((token) => insert('service_token', token)))
    return store
  }

  const some = (count: number) => Array.from({ length: count }, (_, index) => aServiceToken(index + 1))

  async function credentialsOf(store: Store): Promise<readonly Credential[]> {
    const all: Credential[] = []
    for await (const page of store.credentials()) all.push(...page)
    return all.toSorted((one, other) => (one.id < other.id ? -1 : 1))
  }

  function credentialOf({ name, duration, createdAt, updatedAt, ...credential }: ServiceToken): Credential {
    return { ...credential, revision: 1 }
  }

  describe('the credentials', () => {
    test('say of every token what decides, and nothing else', async () => {
      const digest = digestOf('pst_before')
      const tokens = [
        aServiceToken(1),
        aServiceToken(2, { previous: { digest, until: noon + 1, version: 1 }, secretVersion: 2 }),
        aServiceToken(3, { previous: { digest: null, until: noon, version: 2_147_483_646 }, secretVersion: 2_147_483_647 }),
        aServiceToken(4, { enabled: false }),
        aServiceToken(5, { expiresAt: endOfTime }),
        aServiceToken(6, zoneHere),
        aServiceToken(7, elsewhere),
        aServiceToken(8, { clientId: '"\\ü😀\n.access' }),
        // Bytes that no text may have, and that end one elsewhere.
        aServiceToken(9, { digest: Buffer.alloc(32), previous: { digest: Buffer.alloc(32, 0xff), until: noon, version: 1 } }),
      ]
      expect(await credentialsOf(await withTokens(...tokens))).toEqual(tokens.map(credentialOf))
    })

    test.each([0, 1, 2, 3, 4, 6, 7])('of %d tokens come in pages of up to three, each token once', async (count) => {
      const tokens = some(count)
      const store = await withTokens(...tokens)
      const pages: number[] = []
      for await (const page of store.credentials()) pages.push(page.length)
      expect(pages).toEqual([...Array<number>(Math.floor(count / 3)).fill(3), ...(count % 3 > 0 ? [count % 3] : [])])
      expect((await credentialsOf(store)).map(({ id }) => id)).toEqual(tokens.map(({ id }) => id))
    })

    test('of tokens that nobody touches all come, whatever is created, changed and deleted between the pages', async () => {
      const store = await withTokens(...some(12))
      const deleted = [1, 5, 9, 12]
      const changed = [2, 6, 10]
      let created = 100
      const seen: string[] = []
      for await (const page of store.credentials()) {
        seen.push(...page.map(({ id }) => id))
        const [gone, renamed] = [deleted.pop(), changed.pop()].map((number) => (number === undefined ? undefined : uuid(number)))
        if (gone !== undefined) await save(store, write('service_token', await stored(store, 'service_token', gone), null))
        if (renamed !== undefined) {
          const before = await stored(store, 'service_token', renamed)
          await save(store, write('service_token', before, { ...before, name: 'changed' }))
        }
        await save(store, insert('service_token', aServiceToken(created++)))
        // Otherwise a reader that follows what is being written would never come to an end.
        expect(seen.length).toBeLessThan(100)
      }
      for (const untouched of [3, 4, 7, 8, 11]) expect(seen.filter((id) => id === uuid(untouched))).toHaveLength(1)
    })

    test('need not be read to the end: whoever reads them next gets all, as they are by then', async () => {
      const store = await withTokens(...some(7))
      for await (const page of store.credentials()) {
        expect(page).toHaveLength(3)
        break
      }
      await save(store, insert('service_token', aServiceToken(8)))
      expect(await credentialsOf(store)).toHaveLength(8)
      expect(
        (await store.listServiceTokens({ accountId: aServiceToken(1).accountId, zoneId: null }, { page: 1, perPage: 10, search: 'ci' }))
          .total,
      ).toBe(8)
    })
  })
}
