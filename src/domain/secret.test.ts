import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { digestOf, newSecret, type RandomBytes, sameDigest } from './secret.ts'

/** Bytes that are the same on every run (mulberry32). */
function seededRandom(seed: number): RandomBytes {
  let state = seed
  const next = () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return (mixed ^ (mixed >>> 14)) & 0xff
  }
  return (size) => Uint8Array.from({ length: size }, next)
}

/** CRC-32 (ISO-HDLC) bit by bit, as in RFC 1952: written again here, to check the one in use. */
function crc32(text: string): string {
  let crc = 0xffffffff
  for (const byte of Buffer.from(text)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0)
  }
  return ((crc ^ 0xffffffff) >>> 0).toString(16).padStart(8, '0')
}

const always =
  (byte: number): RandomBytes =>
  (size) =>
    new Uint8Array(size).fill(byte)

test('a secret is its prefix, 40 alphanumerics and their CRC-32 in 8 lower-case hex digits', () => {
  expect(crc32('123456789')).toBe('cbf43926')
  const random = seededRandom(1)
  for (let count = 0; count < 2000; count++) {
    const secret = newSecret('pst_', random)
    expect(secret).toMatch(/^pst_[0-9A-Za-z]{40}[0-9a-f]{8}$/)
    expect(secret.slice(44)).toBe(crc32(secret.slice(4, 44)))
  }
})

test('a checksum that begins with zeros keeps them', () => {
  const random = seededRandom(2)
  const secrets = Array.from({ length: 2000 }, () => newSecret('pst_', random))
  expect(secrets.filter((secret) => secret[44] === '0').length).toBeGreaterThan(50)
})

test('the prefix says what the secret opens', () => {
  const random = always(0)
  expect(newSecret('pst_', random)).toBe(`pst_${'0'.repeat(40)}${crc32('0'.repeat(40))}`)
  expect(newSecret('psu_', random).slice(0, 4)).toBe('psu_')
  expect(newSecret('psk_', random).slice(0, 4)).toBe('psk_')
})

test('every character is as likely as any other, in every place', () => {
  const random = seededRandom(3)
  const secrets = Array.from({ length: 20_000 }, () => newSecret('pst_', random).slice(4, 44))
  const chiSquareOf = (text: string) => {
    const counts = new Map<string, number>()
    for (const character of text) counts.set(character, (counts.get(character) ?? 0) + 1)
    expect(counts.size).toBe(62)
    const expected = text.length / 62
    return [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0)
  }
  // 61 degrees of freedom: chance alone exceeds 118 once in 65,000 times. Taking all 256 bytes would give some 6,000 for the whole.
  expect(chiSquareOf(secrets.join(''))).toBeLessThan(118)
  for (let place = 0; place < 40; place++) expect(chiSquareOf(secrets.map((secret) => secret[place]).join(''))).toBeLessThan(118)
})

test('the bytes that would favour some characters are passed over', () => {
  const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)
  let from = 0
  const inOrder: RandomBytes = (size) => {
    const taken = Uint8Array.from({ length: size }, (_, index) => bytes[(from + index) % 256] ?? 0)
    from += size
    return taken
  }
  const bodies = Array.from({ length: 31 }, () => newSecret('pst_', inOrder).slice(4, 44)).join('')
  expect(bodies.startsWith('0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')).toBe(true)
  let calls = 0
  const mostlyTooLarge: RandomBytes = (size) => always(++calls < 10 ? 255 : 61)(size)
  expect(newSecret('pst_', mostlyTooLarge)).toBe(`pst_${'z'.repeat(40)}${crc32('z'.repeat(40))}`)
})

test('a digest is the SHA-256 of the UTF-8 text, 32 bytes', () => {
  expect(Buffer.from(digestOf('abc')).toString('hex')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), (text) => {
      expect(Buffer.from(digestOf(text))).toEqual(createHash('sha256').update(text, 'utf8').digest())
    }),
  )
})

test('digests are the same when all their bytes are, and only then', () => {
  const digest = digestOf('abc')
  expect(sameDigest(digest, digestOf('abc'))).toBe(true)
  for (let index = 0; index < 256; index++) {
    const flipped = Uint8Array.from(digest, (byte, at) => (at === index >> 3 ? byte ^ (1 << (index & 7)) : byte))
    expect(sameDigest(digest, flipped)).toBe(false)
  }
})
