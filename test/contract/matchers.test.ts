import { crc32 } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { violations } from './matchers.ts'
import { createMemory } from './memory.ts'

const memory = createMemory(() => Date.parse('2026-03-01T12:00:00Z'))
memory.note('token', { id: 'one', list: [1, 2] })

const body = 'a'.repeat(40)
const secret = `pst_${body}${crc32(body).toString(16).padStart(8, '0')}`
const uuid = '3537a672-e4d8-4d89-aab9-26cb622918a1'

const right: readonly (readonly [expected: unknown, actual: unknown])[] = [
  ...([
    [1, 1],
    [null, null],
    ['a', 'a'],
    [[], []],
    [{}, {}],
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
  ] as const),
  ...([
    ['{token.id}', 'one'],
    [{ '{token.id}': 1 }, { one: 1 }],
    ['is {now+1h}', 'is 2026-03-01T13:00:00Z'],
  ] as const),
  ...([
    [{ $match: 'a+' }, 'aaa'],
    [{ $match: '{token.id}!' }, 'one!'],
    [{ $same: 'token.list' }, [1, 2]],
    [{ $differs: 'token.id' }, 'two'],
  ] as const),
  ...([
    [{ $uuid: true }, uuid],
    [{ $hex: 4 }, '0a9f'],
    [{ $instant: 'now' }, '2026-03-01T12:00:00Z'],
  ] as const),
  ...([
    [{ $instant: 'now-1s' }, '2026-03-01T11:59:59Z'],
    [{ $instant: 'now+8760h' }, '2027-03-01T12:00:00Z'],
  ] as const),
  ...([
    [{ $secret: 'pst_' }, secret],
    [{ $length: 2 }, [1, 2]],
    [{ $length: 3 }, 'abc'],
    [{ $any: true }, null],
  ] as const),
  ...([
    [{ a: { $absent: true } }, {}],
    [{ a: { $optional: 1 } }, {}],
    [{ a: { $optional: 1 } }, { a: 1 }],
    [{ $each: { $hex: 1 } }, ['a', 'b']],
  ] as const),
  [{ $secret: 'pst_', $differs: 'token.id' }, secret],
]

const wrong: readonly (readonly [what: string, expected: unknown, actual: unknown])[] = [
  ['another number', 1, 2],
  ['a text for a number', 1, '1'],
  ['null for nothing', {}, null],
  ['false for null', null, false],
  ['a field that nobody named', {}, { a: 1 }],
  ['a field that nobody named, further down', { a: [{}] }, { a: [{ b: undefined }] }],
  ['a field that is missing', { a: 1 }, {}],
  ['a field that is missing, whatever it is', { a: { $any: true } }, {}],
  ['a list that is longer', [1], [1, 2]],
  ['a list that is shorter', [1, 2], [1]],
  ['a list in another order', [1, 2], [2, 1]],
  ['an object for a list', [], {}],
  ['a list for an object', {}, []],
  ['a name that was filled in otherwise', '{token.id}', 'two'],
  ['a text that matches in part', { $match: 'a+' }, 'aaab'],
  ['a number for a pattern', { $match: '1' }, 1],
  ['another than before', { $same: 'token.id' }, 'two'],
  ['the same as before', { $differs: 'token.id' }, 'one'],
  ['a UUID in capitals', { $uuid: true }, uuid.toUpperCase()],
  ['a UUID with something after it', { $uuid: true }, `${uuid}\n`],
  ['too few digits', { $hex: 4 }, 'abc'],
  ['digits that are not hex', { $hex: 4 }, 'abcg'],
  ['a moment too late', { $instant: 'now' }, '2026-03-01T12:00:01Z'],
  ['a moment in another form', { $instant: 'now' }, '2026-03-01T12:00:00.000Z'],
  ['a moment in another zone', { $instant: 'now' }, '2026-03-01T13:00:00+01:00'],
  ['a secret with another prefix', { $secret: 'psu_' }, secret],
  ['a secret with a wrong checksum', { $secret: 'pst_' }, `${secret.slice(0, -1)}x`],
  ['a secret whose checksum is of other letters', { $secret: 'pst_' }, secret.replace('a', 'b')],
  ['a secret that is too short', { $secret: 'pst_' }, secret.slice(0, -1)],
  ['a list of another length', { $length: 2 }, [1]],
  ['nothing that has a length', { $length: 0 }, null],
  ['what should be absent', { a: { $absent: true } }, { a: null }],
  ['what is there and should be otherwise', { a: { $optional: 1 } }, { a: 2 }],
  ['one item that does not match', { $each: { $hex: 1 } }, ['a', 'g']],
  ['no list of items', { $each: { $any: true } }, {}],
  ['one of two matchers', { $secret: 'pst_', $match: 'x' }, secret],
]

test.each(right)('%j is what %j is', (expected, actual) => expect(violations(expected, actual, memory)).toEqual([]))

test.each(wrong)('%s is told', (_what, expected, actual) => expect(violations(expected, actual, memory)).not.toEqual([]))

test('every difference is told, with its place', () => {
  const found = violations({ a: 1, b: { c: [1, { d: 2 }] }, e: 3 }, { a: 2, b: { c: [1, { d: 3, f: 4 }] } }, memory, 'body')
  expect(found).toEqual(['body/a is not 1: 2', 'body/b/c/1/d is not 2: 3', 'body/b/c/1/f was not expected: 4', 'body/e is missing'])
})

describe('a name that stands for nothing', () => {
  test.each(['{nothing}', '{token.nothing}', '{token.id.nothing}', '{now+1day}'])('%s is an error', (text) => {
    expect(() => violations(text, text, memory)).toThrow()
  })
})
