import fc from 'fast-check'
import { describe, expect, expectTypeOf, test } from 'vitest'
import {
  accountResource,
  type Grant,
  type Permission,
  type Place,
  parseResource,
  permissionGroup,
  permissionGroups,
  permits,
  userResource,
  zoneResource,
} from './permission.ts'

const everyPermission = [
  ...(['service_tokens:read', 'service_tokens:write', 'apps:read', 'apps:write', 'organization:read', 'organization:write'] as const),
  ...(['notifications:read', 'notifications:write'] as const),
  ...(['account_tokens:read', 'account_tokens:write', 'accounts:read', 'accounts:write', 'zones:read', 'zones:write'] as const),
  ...(['user_tokens:read', 'user_tokens:write', 'audit_logs:read', 'user:read'] as const),
]

const hex = (digit: string) => digit.repeat(32)
const [here, elsewhere, shop, blog, foreign, ann, bob] = [hex('a'), hex('b'), hex('1'), hex('2'), hex('3'), hex('c'), hex('d')]
const places = {
  here: { accountId: here, zoneId: null },
  shop: { accountId: here, zoneId: shop },
  blog: { accountId: here, zoneId: blog },
  elsewhere: { accountId: elsewhere, zoneId: null },
  foreign: { accountId: elsewhere, zoneId: foreign },
  ann: { userId: ann },
  bob: { userId: bob },
} satisfies Record<string, Place>
const read = '91f7ce32fa614d73b7e1fc8f0e78582b'
const write = 'a1c0fec57cf94af79479a6d827fa518c'

function grant(effect: Grant['effect'], groups: readonly string[], resources: readonly string[] = [accountResource(here)]): Grant {
  return { id: hex('e'), effect, resources, permissionGroups: groups }
}

/** The places above where the grants permit it. */
function permitted(grants: readonly Grant[], permission: Permission = 'service_tokens:read'): readonly string[] {
  return Object.entries(places).flatMap(([name, place]) => (permits(grants, permission, place) ? [name] : []))
}

test('an owner may do everything, everywhere', () => {
  for (const permission of everyPermission) {
    for (const place of Object.values(places)) expect(permits('everything', permission, place)).toBe(true)
  }
})

test('without a grant nothing is permitted', () => {
  for (const permission of everyPermission) expect(permitted([], permission)).toEqual([])
})

test('the right to write includes the right to read, and not the other way round', () => {
  expect(permits([grant('allow', [write])], 'service_tokens:read', places.here)).toBe(true)
  expect(permits([grant('allow', [write])], 'service_tokens:write', places.here)).toBe(true)
  expect(permits([grant('allow', [read])], 'service_tokens:read', places.here)).toBe(true)
  expect(permits([grant('allow', [read])], 'service_tokens:write', places.here)).toBe(false)
})

const coverage: readonly (readonly [what: string, resource: string, covered: readonly string[]])[] = [
  ['an account: itself and its zones', accountResource(here), ['here', 'shop', 'blog']],
  ['every account: all of them and all zones, but no user', accountResource('*'), ['here', 'shop', 'blog', 'elsewhere', 'foreign']],
  ['a zone: itself', zoneResource(shop), ['shop']],
  ['a zone of its account: itself', zoneResource(shop, here), ['shop']],
  ['a zone of whichever account: itself', zoneResource(shop, '*'), ['shop']],
  ['a zone of an account that is not its own: nothing', zoneResource(shop, elsewhere), []],
  ['every zone: all of them, but no account', zoneResource('*'), ['shop', 'blog', 'foreign']],
  ['every zone of an account: those', zoneResource('*', here), ['shop', 'blog']],
  ['every zone of every account: all of them, but no account', zoneResource('*', '*'), ['shop', 'blog', 'foreign']],
  ['a user: themselves', userResource(ann), ['ann']],
  ['every user, which does not exist: nothing', userResource('*'), []],
  ['part of an id: nothing', accountResource(here.slice(1)), []],
  ['an id in upper case: nothing', accountResource(here.toUpperCase()), []],
  ['a zone in the place of an account: nothing', accountResource(shop), []],
  ['an account in the place of a zone: nothing', zoneResource(here), []],
  ['an account in the place of a user: nothing', userResource(here), []],
  ['an id without the name of the resource: nothing', here, []],
  ['a star alone: nothing', '*', []],
  ['an empty text: nothing', '', []],
]

describe('a grant covers', () => {
  test.each(coverage)('%s', (_what, resource, covered) => expect(permitted([grant('allow', [read], [resource])])).toEqual(covered))

  test('all the resources that it names, and nothing when it names none', () => {
    expect(permitted([grant('allow', [read], [zoneResource(blog), userResource(bob)])])).toEqual(['blog', 'bob'])
    expect(permitted([grant('allow', [read], [])])).toEqual([])
  })
})

describe('a denial takes away exactly what the same allowance gives', () => {
  const everywhere = grant('allow', [write], [accountResource('*'), userResource(ann), userResource(bob)])

  test.each(coverage)('%s', (_what, resource, covered) => {
    const rest = Object.keys(places).filter((name) => !covered.includes(name))
    const denial = grant('deny', [read], [resource])
    expect(permitted([everywhere, denial])).toEqual(rest)
    expect(permitted([denial, everywhere])).toEqual(rest)
    expect(permitted([everywhere, denial], 'service_tokens:write')).toEqual(Object.keys(places))
  })
})

describe('a denial beats every allowance', () => {
  const allowed = grant('allow', [write], [accountResource('*')])

  test.each([
    ['of the same permission', grant('deny', [write]), false, false],
    ['of reading, which leaves writing', grant('deny', [read]), false, true],
    ['on every account', grant('deny', [write], [accountResource('*')]), false, false],
    ['on another account, which is none here', grant('deny', [write], [accountResource(elsewhere)]), true, true],
    ['of a group that is unknown, which is none', grant('deny', [hex('f')]), true, true],
  ])('%s', (_what, denial, mayRead, mayWrite) => {
    for (const grants of [
      [allowed, denial],
      [denial, allowed],
      [allowed, denial, allowed],
    ]) {
      expect(permits(grants, 'service_tokens:read', places.here)).toBe(mayRead)
      expect(permits(grants, 'service_tokens:write', places.here)).toBe(mayWrite)
    }
  })

  test('on one zone against its account, where the rest stays allowed', () => {
    expect(permitted([grant('allow', [read]), grant('deny', [read], [zoneResource(shop)])])).toEqual(['here', 'blog'])
  })

  test('on an account against its zone, however narrowly that was allowed', () => {
    for (const zone of [zoneResource(shop), zoneResource(shop, here), zoneResource('*', here)]) {
      expect(permitted([grant('deny', [read]), grant('allow', [read], [zone])])).toEqual([])
    }
  })

  test('alone it permits nothing', () => expect(permitted([grant('deny', [read])], 'service_tokens:write')).toEqual([]))
})

test('a group that is unknown permits nothing', () => {
  for (const permission of everyPermission) expect(permitted([grant('allow', [hex('f'), '', '__proto__'])], permission)).toEqual([])
})

describe('permission groups', () => {
  test('each has an id of its own, 32 hex digits, and is found by it', () => {
    const ids = permissionGroups.map(({ id }) => id)
    expect(new Set(ids).size).toBe(ids.length)
    for (const group of permissionGroups) {
      expect(group.id).toMatch(/^[0-9a-f]{32}$/)
      expect(permissionGroup(group.id)).toBe(group)
    }
    expect(permissionGroup(hex('f'))).toBeUndefined()
  })

  test('each has a name of its own among those of its scope', () => {
    expect(new Set(permissionGroups.map(({ name, scope }) => `${scope} ${name}`)).size).toBe(permissionGroups.length)
  })

  test('whoever may write may read as well, and a name says which of the two it is', () => {
    for (const { name, permissions } of permissionGroups) {
      const [subject] = (permissions[0] ?? '').split(':')
      expect(permissions).toEqual(name.endsWith(' Write') ? [`${subject}:read`, `${subject}:write`] : [`${subject}:read`])
      expect(name).toMatch(/ (Read|Write)$/)
    }
  })

  test('every permission is in one, and there are no others', () => {
    expectTypeOf<(typeof everyPermission)[number]>().toEqualTypeOf<Permission>()
    expect([...new Set(permissionGroups.flatMap(({ permissions }) => permissions))].sort()).toEqual([...everyPermission].sort())
  })
})

describe('a resource', () => {
  const zone = 'com.cloudflare.api.account.zone'

  test.each([
    [accountResource(here), { kind: 'account', id: here }],
    [accountResource('*'), { kind: 'account', id: '*' }],
    [zoneResource(shop), { kind: 'zone', id: shop, accountId: null }],
    [zoneResource('*'), { kind: 'zone', id: '*', accountId: null }],
    [zoneResource(shop, here), { kind: 'zone', id: shop, accountId: here }],
    [zoneResource(shop, '*'), { kind: 'zone', id: shop, accountId: '*' }],
    [zoneResource('*', here), { kind: 'zone', id: '*', accountId: here }],
    [zoneResource('*', '*'), { kind: 'zone', id: '*', accountId: '*' }],
    [userResource(ann), { kind: 'user', id: ann }],
  ])('%s is read back as what it was made of', (text, resource) => expect(parseResource(text)).toEqual(resource))

  test.each([
    ...['', '*', here, 'com.cloudflare.api.account', 'com.cloudflare.api.account.', 'com.cloudflare.api.user.*', 'com.cloudflare.api.*'],
    ...[accountResource(''), accountResource('**'), accountResource(`${here}*`), accountResource(`*${here}`), userResource('')],
    ...[accountResource(here.toUpperCase()), zoneResource(shop, here.toUpperCase()), userResource(ann.toUpperCase())],
    ...[31, 33].flatMap((length) => [
      accountResource('a'.repeat(length)),
      zoneResource('a'.repeat(length)),
      userResource('a'.repeat(length)),
    ]),
    ...[31, 33].flatMap((length) => [zoneResource('a'.repeat(length), here), zoneResource(shop, 'a'.repeat(length))]),
    ...[accountResource(hex('g')), accountResource(hex('٣')), accountResource(hex('ａ'))],
    ...['\n', '\r\n', '\u2028', ' ', '\0', '/', '.', '.*', '/*'].flatMap((tail) => [
      ...[accountResource(here + tail), accountResource(`*${tail}`), zoneResource(shop + tail), zoneResource(shop + tail, here)],
      ...[userResource(ann + tail), tail + accountResource(here), zoneResource(shop, here + tail)],
    ]),
    ...[`${accountResource(here)}\n${accountResource('*')}`, `${accountResource(here)}/${zoneResource(shop, here)}`],
    ...[`${zoneResource(shop)}/${accountResource(here)}`, `${accountResource(here)}/${zone}`, `${accountResource(here)}/${zone}.`],
    ...[`/${zone}.${shop}`, `${accountResource(here)}/${userResource(ann)}`, `${accountResource(here)}/${shop}`],
    ...[accountResource(here).toUpperCase(), accountResource(here).replaceAll('.', 'x'), 'com.cloudflare.edge.r2.bucket.a_b_c'],
  ])('%j is none', (text) => expect(parseResource(text)).toBeUndefined())

  test('nothing is read that could not be made again from what was read', () => {
    const part = fc.constantFrom('com.cloudflare.api.', 'account.', 'zone.', 'user.', 'account', '/', here, shop, '*', '\n', 'A', '.')
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(part, { maxLength: 9 }).map((parts) => parts.join('')),
          fc.string({ unit: 'binary' }),
        ),
        (text) => {
          const found = parseResource(text)
          if (found === undefined) return
          const { kind, id } = found
          if (kind === 'zone') expect(zoneResource(id, found.accountId ?? undefined)).toBe(text)
          else expect(kind === 'user' ? userResource(id) : accountResource(id)).toBe(text)
          expect([kind === 'user' ? '' : '*', here, shop]).toContain(id)
        },
      ),
      { numRuns: 2000 },
    )
  })
})
