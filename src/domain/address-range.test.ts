import { isIP } from 'node:net'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type AddressRange, createAddressSet, liesWithin, parseAddressRange } from './address-range.ts'

function range(text: string): AddressRange {
  const found = parseAddressRange(text)
  if (found === undefined) throw new Error(`not a range: ${text}`)
  return found
}

describe('a range is read', () => {
  test.each([
    ['10.0.0.1', '10.0.0.1', 32],
    ['10.0.0.0/8', '10.0.0.0', 8],
    ['10.1.2.3/8', '10.1.2.3', 8],
    ['0.0.0.0/0', '0.0.0.0', 0],
    ['255.255.255.255/32', '255.255.255.255', 32],
    ['::1', '::1', 128],
    ['::/0', '::', 0],
    ['2001:db8::/32', '2001:db8::', 32],
    ['2001:DB8:0:0:0:0:0:1/128', '2001:DB8:0:0:0:0:0:1', 128],
    ['::ffff:10.0.0.1', '10.0.0.1', 32],
    ['::FFFF:10.0.0.0/104', '10.0.0.0', 8],
    ['::ffff:10.0.0.0/95', '::ffff:10.0.0.0', 95],
  ])('%s', (text, address, prefix) => expect(parseAddressRange(text)).toEqual({ address, prefix }))

  test.each([
    ...['', ' ', '/', '/8', '*', 'localhost', '10', '10.0.0', '10.0.0.0.0', '256.0.0.1', '010.0.0.1', '0x0a.0.0.1', '1.2.3.4\0', '10.*'],
    ...[
      '/33',
      '/128',
      '/01',
      '/00',
      '/-1',
      '/+8',
      '/',
      '/8/8',
      '/8/',
      '/ 8',
      '/8 ',
      '/8\n',
      '/1e1',
      '/8.0',
      '/0x8',
      '/٨',
      '/255.0.0.0',
    ].map((tail) => `10.0.0.0${tail}`),
    ...['/129', '/1000', '/', '/-0', '/064'].map((tail) => `2001:db8::${tail}`),
    ...[' 10.0.0.1', '10.0.0.1 ', '10.0.0.1\n', '10.0.0.1,10.0.0.2', '10.0.0.1-10.0.0.2', '10.0.0.1:80', '１０.0.0.1'],
    ...[':', ':::', '[::1]', '[::]/0', '::1::', '12345::', 'g::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '::ffff:256.0.0.1', '::1\n'],
  ])('but not %j', (text) => expect(parseAddressRange(text)).toBeUndefined())
})

describe('a set of ranges', () => {
  test.each([
    [['10.0.0.0/8'], ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0', '::1', '::a00:1']],
    [['10.1.2.3/8'], ['10.0.0.0', '10.255.255.255'], ['9.255.255.255', '11.0.0.0']],
    [['10.0.0.7'], ['10.0.0.7'], ['10.0.0.6', '10.0.0.8']],
    [['10.0.0.6/31'], ['10.0.0.6', '10.0.0.7'], ['10.0.0.5', '10.0.0.8']],
    [['128.0.0.0/1'], ['128.0.0.0', '255.255.255.255'], ['127.255.255.255', '0.0.0.0']],
    [['0.0.0.0/0'], ['0.0.0.0', '127.0.0.1', '255.255.255.255'], ['::', '::1', '2001:db8::1']],
    [['1.2.3.4/0'], ['0.0.0.0', '255.255.255.255'], ['::102:304']],
    [['::/0'], ['::', '::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'], []],
    [['2001:db8::9/32'], ['2001:db8::', '2001:0DB8:ffff::'], ['2001:db7:ffff::', '2001:db9::', '32.1.13.184']],
    [['2001:db8::8000/113'], ['2001:db8::8000', '2001:db8::ffff'], ['2001:db8::7fff', '2001:db8::1:8000']],
    [
      ['10.0.0.0/8', '::1'],
      ['10.0.0.1', '::1', '0:0:0:0:0:0:0:1'],
      ['11.0.0.1', '::2'],
    ],
    [[], [], ['0.0.0.0', '10.0.0.1', '::', '::1']],
  ])('%j contains %j and not %j', (texts, members, others) => {
    const contains = createAddressSet(texts.map(range))
    for (const address of members) expect(contains(address), address).toBe(true)
    for (const address of others) expect(contains(address), address).toBe(false)
  })

  test('an IPv4 address that is written as an IPv6 one is the same address: nobody slips past a range in that dress', () => {
    const contains = createAddressSet([range('10.0.0.0/8')])
    for (const address of ['::ffff:10.1.2.3', '::FFFF:10.1.2.3', '::ffff:a01:203', '0:0:0:0:0:ffff:10.1.2.3']) {
      expect(contains(address), address).toBe(true)
    }
    for (const address of ['::ffff:11.1.2.3', '::10.1.2.3', '64:ff9b::10.1.2.3']) expect(contains(address), address).toBe(false)
  })

  test('nothing that is no address is in it, and asking does no harm', () => {
    const contains = createAddressSet(['0.0.0.0/0', '::/0'].map(range))
    const junk = ['', ' ', '*', 'localhost', '10', '10.0.0', '10.0.0.1 ', '10.0.0.1\n', '10.0.0.1\0', '10.0.0.1:80', '10.0.0.1/32', '[::1]']
    for (const text of [...junk, '::1/128', '010.0.0.1', '10.0.0.256', ':::', 'unknown', '_hidden'])
      expect(contains(text), text).toBe(false)
    const nearly = fc.string({ unit: fc.constantFrom('0', '1', '9', '.', ':', 'f', '/', '%', ' ', '\0') })
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' })), (text) => {
        expect(contains(text)).toBe(isIP(text) !== 0)
      }),
      { numRuns: 2000 },
    )
  })
})

describe('a range lies within', () => {
  test.each([
    ['10.0.0.0/8', '10.0.0.0/8', true],
    ['10.1.2.3/8', '10.9.9.9/8', true],
    ['10.1.0.0/16', '10.0.0.0/8', true],
    ['10.1.2.3', '10.0.0.0/8', true],
    ['0.0.0.0/0', '0.0.0.0/0', true],
    ['10.0.0.0/8', '0.0.0.0/0', true],
    ['2001:db8:1::/48', '2001:db8::/32', true],
    ['::1', '::/0', true],
    ['::ffff:10.0.0.1', '::ffff:10.0.0.0/104', true],
    ['10.0.0.0/7', '10.0.0.0/8', false],
    ['0.0.0.0/0', '10.0.0.0/8', false],
    ['0.0.0.0/0', '0.0.0.0/1', false],
    ['11.0.0.0/8', '10.0.0.0/8', false],
    ['11.1.2.3', '10.0.0.0/8', false],
    ['2001:db8::/31', '2001:db8::/32', false],
    ['2001:db9::/32', '2001:db8::/32', false],
    ['0.0.0.0/0', '::/0', false],
    ['::/0', '0.0.0.0/0', false],
    ['::/64', '0.0.0.0/0', false],
    ['::1', '0.0.0.1/32', false],
  ])('%s in %s: %s', (inner, outer, expected) => expect(liesWithin(range(inner), range(outer))).toBe(expected))
})

describe('ranges as arithmetic has them', () => {
  interface Bits {
    readonly width: 32 | 128
    readonly value: bigint
    readonly prefix: number
  }

  // Few distinct first bits, so that ranges meet; any prefix, most often a short one or one near the end.
  const bits = (width: 32 | 128) =>
    fc
      .tuple(fc.constantFrom(0n, 1n, 5n, 6n), fc.bigInt({ min: 0n, max: 2n ** BigInt(width) - 1n }), fc.nat({ max: width }), fc.boolean())
      .map(([top, noise, prefix, isShort]): Bits => {
        const tail = BigInt(width - 3)
        return { width, value: (top << tail) | (noise >> 3n), prefix: isShort ? prefix % 6 : prefix }
      })
  const pairs = fc.oneof(fc.tuple(bits(32), bits(32)), fc.tuple(bits(128), bits(128)), fc.tuple(bits(32), bits(128)))
  /** A range and another with the same first bits, longer or shorter. */
  const relatives = fc
    .tuple(fc.constantFrom<32 | 128>(32, 128).chain(bits), fc.nat(), fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }))
    .map(([one, other, noise]): [Bits, Bits] => [one, { ...one, value: sample(one, noise), prefix: other % (one.width + 1) }])

  function sample({ width, value, prefix }: Bits, noise: bigint): bigint {
    const rest = BigInt(width - prefix)
    return ((value >> rest) << rest) | (noise & ((1n << rest) - 1n))
  }

  function write(width: 32 | 128, value: bigint): string {
    if (width === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.')
    return Array.from({ length: 8 }, (_, index) => ((value >> BigInt(112 - 16 * index)) & 65535n).toString(16)).join(':')
  }

  const toRange = ({ width, value, prefix }: Bits) => range(`${write(width, value)}/${prefix}`)
  const start = ({ width, value }: Bits, prefix: number) => value >> BigInt(width - prefix)

  test('a range lies within another exactly if it has all its first bits, and then each of its addresses is in the set of the other', () => {
    const seen = { within: 0, not: 0 }
    fc.assert(
      fc.property(
        fc.oneof(pairs, relatives),
        fc.array(fc.bigInt({ min: 0n, max: 2n ** 128n - 1n }), { maxLength: 5 }),
        ([a, b], noises) => {
          const within = liesWithin(toRange(a), toRange(b))
          const shares = a.width === b.width && a.prefix >= b.prefix && start(a, b.prefix) === start(b, b.prefix)
          expect(within).toBe(shares)
          seen[within ? 'within' : 'not']++
          const [inner, outer] = [createAddressSet([toRange(a)]), createAddressSet([toRange(b)])]
          for (const noise of [0n, 2n ** 128n - 1n, ...noises]) {
            const address = write(a.width, sample(a, noise))
            expect(inner(address), address).toBe(true)
            if (within) expect(outer(address), address).toBe(true)
          }
        },
      ),
      { numRuns: 3000 },
    )
    expect(seen.within).toBeGreaterThan(300)
    expect(seen.not).toBeGreaterThan(300)
  })

  test('an address is in a set exactly if it shares the first bits of one of the ranges', () => {
    const family = fc.constantFrom<32 | 128>(32, 128)
    const cases = family.chain((width) => fc.tuple(fc.array(bits(width), { maxLength: 4 }), bits(width)))
    fc.assert(
      fc.property(cases, ([ranges, { width, value }]) => {
        const expected = ranges.some((one) => value >> BigInt(width - one.prefix) === start(one, one.prefix))
        expect(createAddressSet(ranges.map(toRange))(write(width, value))).toBe(expected)
      }),
      { numRuns: 3000 },
    )
  })
})
