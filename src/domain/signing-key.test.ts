import { describe, expect, test } from 'vitest'
import { isHonoured, keyOverlapMs, type SigningKey, signingKeyAt, surelyHonouredUntil } from './signing-key.ts'

const headStartMs = 90_000
const at = Date.parse('2026-03-01T12:00:00Z')

function aKey(id: string, createdAt: number, endsAt: number | null = null): SigningKey {
  return { id, accountId: 'a'.repeat(32), publicKey: '', sealedPrivateKey: new Uint8Array(), createdAt, endsAt, revision: 1 }
}

const signer = (keys: readonly SigningKey[], now: number) => signingKeyAt(keys, now, headStartMs)?.id

describe('of the keys of an account', () => {
  test('the first signs at once', () => {
    expect(signer([aKey('first', at)], at)).toBe('first')
  })

  test('a new one signs when its head start is over, and not a millisecond before', () => {
    const keys = [aKey('new', at), aKey('old', at - 1e9, at + keyOverlapMs)]
    expect(signer(keys, at)).toBe('old')
    expect(signer(keys, at + headStartMs - 1)).toBe('old')
    expect(signer(keys, at + headStartMs)).toBe('new')
  })

  test('each waits for its own head start, however quickly they were rotated', () => {
    const keys = [aKey('c', at + 10), aKey('b', at, at + 10 + keyOverlapMs), aKey('a', at - 1e9, at + keyOverlapMs)]
    expect(signer(keys, at + headStartMs - 1)).toBe('a')
    expect(signer(keys, at + headStartMs + 9)).toBe('b')
    expect(signer(keys, at + headStartMs + 10)).toBe('c')
  })

  test('a first key that is replaced at once signs until the head start of the next is over', () => {
    const keys = [aKey('second', at + 5), aKey('first', at, at + 5 + keyOverlapMs)]
    expect(signer(keys, at + 6)).toBe('first')
    expect(signer(keys, at + headStartMs + 4)).toBe('first')
    expect(signer(keys, at + headStartMs + 5)).toBe('second')
  })

  test('one that has ended never signs, and where there is none, none signs', () => {
    const ended = aKey('ended', at - 1e9, at)
    expect(signer([aKey('new', at - 1), ended], at)).toBe('new')
    expect(signer([ended], at)).toBeUndefined()
    expect(signer([], at)).toBeUndefined()
  })
})

test('a key is honoured until it ends, and not a millisecond longer', () => {
  expect(isHonoured(aKey('old', 0, at), at - 1)).toBe(true)
  expect(isHonoured(aKey('old', 0, at), at)).toBe(false)
  expect(isHonoured(aKey('newest', 0), Number.MAX_SAFE_INTEGER)).toBe(true)
})

test('however soon a key is rotated, it is honoured for as long as was foreseen', () => {
  const unawareMs = 30_000
  const key = aKey('newest', 0)
  const foreseen = surelyHonouredUntil(key, at, unawareMs)
  // Rotated just before, which is not known yet, or any time later.
  for (const rotatedAt of [at - unawareMs, at, at + 1e6])
    expect(isHonoured({ ...key, endsAt: rotatedAt + keyOverlapMs }, foreseen - 1)).toBe(true)
  expect(surelyHonouredUntil(aKey('old', 0, at + 5), at, unawareMs)).toBe(at + 5)
})
