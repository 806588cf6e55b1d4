import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type ApiToken, allowsLocation, isActive, isExpired, isNoWider, type LocationCondition } from './principal.ts'
import { digestOf } from './secret.ts'

const noon = Date.parse('2026-01-01T12:00:00Z')
const anywhere: LocationCondition = { in: [], notIn: [] }

function anApiToken(traits: Partial<ApiToken> = {}): ApiToken {
  return {
    ...{ id: '1', owner: { userId: '2', accountId: null }, name: 'CI', digest: digestOf('psu_'), grants: [], location: anywhere },
    ...{ disabled: false, notBefore: null, expiresAt: null, createdAt: 0, updatedAt: 0, revision: 1, ...traits },
  }
}

test('an API token without limits is always active, whoever owns it', () => {
  for (const token of [anApiToken(), anApiToken({ owner: { userId: null, accountId: '3' } })]) {
    expect(isActive(token, 0)).toBe(true)
    expect(isActive(token, noon)).toBe(true)
  }
})

test('an API token is active from its first instant on', () => {
  expect(isActive(anApiToken({ notBefore: noon }), noon - 1)).toBe(false)
  expect(isActive(anApiToken({ notBefore: noon }), noon)).toBe(true)
})

test('an API token is active until it expires, and not a moment longer', () => {
  expect(isActive(anApiToken({ expiresAt: noon }), noon - 1)).toBe(true)
  expect(isActive(anApiToken({ expiresAt: noon }), noon)).toBe(false)
})

test('limits at the beginning of time are limits too', () => {
  expect(isActive(anApiToken({ expiresAt: 0 }), noon)).toBe(false)
  expect(isActive(anApiToken({ notBefore: 0 }), -1)).toBe(false)
})

test('an API token whose end lies before its beginning is never active', () => {
  for (const now of [noon - 2, noon - 1, noon, noon + 1]) {
    expect(isActive(anApiToken({ notBefore: noon, expiresAt: noon - 1 }), now)).toBe(false)
    expect(isActive(anApiToken({ notBefore: noon, expiresAt: noon }), now)).toBe(false)
  }
})

test('a disabled API token is never active', () => {
  expect(isActive(anApiToken({ disabled: true }), noon)).toBe(false)
  expect(isActive(anApiToken({ disabled: true, notBefore: noon - 1, expiresAt: noon + 1 }), noon)).toBe(false)
})

test('only an end makes an API token expire: neither a beginning nor being disabled does', () => {
  expect(isExpired(anApiToken({ disabled: true, notBefore: noon + 1 }), noon)).toBe(false)
  expect(isExpired(anApiToken({ expiresAt: noon }), noon - 1)).toBe(false)
  expect(isExpired(anApiToken({ disabled: true, expiresAt: noon }), noon)).toBe(true)
})

describe('a credential may be used', () => {
  test.each<[string, LocationCondition, readonly string[], readonly string[]]>([
    ['everywhere, without a condition', anywhere, ['10.0.0.1', '::1'], []],
    ['where it is allowed, and nowhere else', { in: ['10.0.0.0/8', '::1'], notIn: [] }, ['10.0.0.1', '::1'], ['11.0.0.1', '::2', '', 'x']],
    ['everywhere but where it is denied', { in: [], notIn: ['10.0.0.0/8'] }, ['11.0.0.1', '::1'], ['10.0.0.1', '::ffff:10.0.0.1']],
    ['where it is allowed and not denied', { in: ['10.0.0.0/8'], notIn: ['10.1.0.0/16'] }, ['10.2.0.1'], ['10.1.0.1', '11.0.0.1']],
    ['nowhere, if all that is allowed is denied', { in: ['10.0.0.1'], notIn: ['10.0.0.0/8'] }, [], ['10.0.0.1', '10.0.0.2']],
    ['nowhere in a family that is not named', { in: ['0.0.0.0/0'], notIn: [] }, ['10.0.0.1'], ['::1', '2001:db8::1']],
  ])('%s', (_what, location, allowed, refused) => {
    for (const address of allowed) expect(allowsLocation(location, address), address).toBe(true)
    for (const address of refused) expect(allowsLocation(location, address), address).toBe(false)
  })

  test('nowhere, rather than everywhere, if a range cannot be read', () => {
    expect(() => allowsLocation({ in: ['10.0.0.0/33'], notIn: [] }, '10.0.0.1')).toThrow('not an address range: 10.0.0.0/33')
    expect(() => allowsLocation({ in: [], notIn: [''] }, '10.0.0.1')).toThrow('not an address range')
  })
})

describe('a condition is no wider than another', () => {
  const part: LocationCondition = { in: ['10.0.0.0/8'], notIn: ['10.1.0.0/16'] }

  test.each<[string, LocationCondition, LocationCondition, boolean]>([
    ['anything, beside none', part, anywhere, true],
    ['none, beside itself', anywhere, anywhere, true],
    ['itself', part, part, true],
    ['a part of its ranges', { in: ['10.2.0.0/16', '10.3.0.1'], notIn: ['10.1.0.0/16'] }, part, true],
    ['more of it denied', { in: ['10.0.0.0/8'], notIn: ['10.0.0.0/15', '10.9.0.0/16'] }, part, true],
    ['none, beside a condition', anywhere, part, false],
    ['no allowance, beside one', { in: [], notIn: ['10.1.0.0/16'] }, part, false],
    ['no denial, beside one', { in: ['10.0.0.0/8'], notIn: [] }, part, false],
    ['less of it denied', { in: ['10.0.0.0/8'], notIn: ['10.1.0.0/17'] }, part, false],
    ['a range more', { in: ['10.0.0.0/8', '11.0.0.1'], notIn: ['10.1.0.0/16'] }, part, false],
    ['a wider range', { in: ['10.0.0.0/7'], notIn: ['10.1.0.0/16'] }, part, false],
    ['the other family', { in: ['::/0'], notIn: ['10.1.0.0/16'] }, { in: ['0.0.0.0/0'], notIn: [] }, false],
    ['a denial that the other has as an allowance', { in: [], notIn: ['10.0.0.0/8'] }, { in: ['10.0.0.0/8'], notIn: [] }, false],
  ])('%s', (_what, inner, outer, expected) => expect(isNoWider(inner, outer)).toBe(expected))

  // All of 10.0.0.0/29 and fd00::/126, what lies next to them, IPv4 in IPv6 dress, and what is far away.
  const addresses = [
    ...Array.from({ length: 9 }, (_, last) => `10.0.0.${last}`),
    ...Array.from({ length: 5 }, (_, last) => `fd00::${last}`),
    ...['9.255.255.255', '11.0.0.0', '::', '::1', '::ffff:10.0.0.3', '::ffff:10.0.0.6', 'fd01::'],
  ]
  const ranges = fc.oneof(
    {
      weight: 6,
      arbitrary: fc.tuple(fc.nat({ max: 7 }), fc.integer({ min: 28, max: 32 })).map(([last, prefix]) => `10.0.0.${last}/${prefix}`),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(fc.nat({ max: 3 }), fc.integer({ min: 125, max: 128 })).map(([last, prefix]) => `fd00::${last}/${prefix}`),
    },
    { weight: 1, arbitrary: fc.constantFrom('0.0.0.0/0', '::/0', '10.0.0.5', 'fd00::1', '::ffff:10.0.0.0/126', '::/80') },
  )
  const conditions = fc.record({ in: fc.array(ranges, { maxLength: 3 }), notIn: fc.array(ranges, { maxLength: 3 }) })
  /** Two conditions; often the one was made from the other. */
  const pairs = fc
    .tuple(conditions, conditions)
    .chain(([one, other]) =>
      fc.constantFrom<[LocationCondition, LocationCondition]>(
        [one, other],
        [{ in: one.in, notIn: [...one.notIn, ...other.notIn] }, one],
        [{ in: one.in.slice(1), notIn: one.notIn }, one],
        [one, { in: one.in, notIn: one.notIn.slice(1) }],
        [one, { in: [...one.in, ...other.in], notIn: [] }],
      ),
    )

  test('only if no address is allowed by it and not by the other', () => {
    const seen = { noWider: 0, wider: 0 }
    fc.assert(
      fc.property(pairs, ([inner, outer]) => {
        const noWider = isNoWider(inner, outer)
        if (outer.in.length + outer.notIn.length > 0) seen[noWider ? 'noWider' : 'wider']++
        if (!noWider) return
        const beyond = addresses.filter((address) => allowsLocation(inner, address) && !allowsLocation(outer, address))
        expect(beyond).toEqual([])
      }),
      { numRuns: 1000 },
    )
    expect(seen.noWider).toBeGreaterThan(100)
    expect(seen.wider).toBeGreaterThan(100)
  })

  test('always, if it is the same or the other has no condition', () => {
    fc.assert(
      fc.property(conditions, (condition) => {
        expect(isNoWider(condition, condition)).toBe(true)
        expect(isNoWider(condition, anywhere)).toBe(true)
      }),
    )
  })
})
