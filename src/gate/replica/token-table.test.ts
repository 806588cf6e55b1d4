import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { aToken, clientIdOf, tokenIdOf } from '../../../test/gate-fixtures.ts'
import { endOfTime } from '../../domain/instant.ts'
import { digestOf } from '../../domain/secret.ts'
import type { Credential } from '../../domain/service-token.ts'
import { createTokenTable, type TokenTable } from './token-table.ts'

const here = clientIdOf('one')

function tableOf(...tokens: readonly Credential[]): TokenTable {
  const table = createTokenTable()
  for (const token of tokens) table.put(token)
  return table
}

describe('a token in the table', () => {
  const instants = [0, 1, 2 ** 32 - 1, 2 ** 32, Date.parse('2026-01-01T00:00:00.123Z'), endOfTime]

  test.each(instants)('says what was put in, until %d', (instant) => {
    const previous = { digest: digestOf('before'), until: instant, version: 41 }
    const token = aToken({ name: 'one', zoneId: 'zone', enabled: false, expiresAt: instant, previous, secretVersion: 42 })
    expect(tableOf(aToken(), token).find(here)).toMatchObject({
      ...{ id: token.id, clientId: token.clientId, accountId: token.accountId, zoneId: 'zone', enabled: false, expiresAt: instant },
      ...{ secretVersion: 42, previousUntil: instant, previousVersion: 41 },
    })
  })

  test('that ended before 1970 has ended', () => {
    const previous = { digest: null, until: Date.UTC(1, 0), version: 1 }
    const known = tableOf(aToken({ name: 'one', expiresAt: -1, previous })).find(here)
    expect([known?.expiresAt, known?.previousUntil]).toEqual([0, 0])
  })

  test('is told by the digests of its secrets, and by nothing else', () => {
    const ended = { digest: null, until: 5, version: 1 }
    const grace = { digest: digestOf('before'), until: 5, version: 1 }
    const matched = (previous: Credential['previous'], secret: string) => {
      const table = tableOf(aToken(), aToken({ name: 'one', previous }, 'now'))
      return table.match(table.find(here), digestOf(secret))
    }
    expect(['now', 'before', 'secret'].map((secret) => matched(grace, secret))).toEqual(['current', 'previous', 'none'])
    expect(['now', 'before', 'secret'].map((secret) => matched(ended, secret))).toEqual(['current', 'none', 'none'])
    expect(['now', 'before', 'secret'].map((secret) => matched(null, secret))).toEqual(['current', 'none', 'none'])
  })

  test('matches no digest of zeros, nor does one that nobody has', () => {
    const table = tableOf(aToken({ name: 'one' }))
    for (const token of [table.find(here), undefined]) expect(table.match(token, new Uint8Array(32))).toBe('none')
  })

  test('that ended its grace period with a command keeps nothing of the old secret, even where a longer one was before', () => {
    const table = tableOf(aToken({ name: 'one', previous: { digest: digestOf('before'), until: 5, version: 1 } }))
    table.put(aToken({ name: 'one', previous: { digest: null, until: 3, version: 1 } }))
    expect(table.match(table.find(here), digestOf('before'))).toBe('none')
  })

  test('is the same object until it changes', () => {
    const table = tableOf(aToken({ name: 'one' }))
    const before = table.find(here)
    expect(table.find(here)).toBe(before)
    table.put(aToken({ name: 'one', enabled: false }))
    expect([before?.enabled, table.find(here)?.enabled]).toEqual([true, false])
    expect(table.match(before, digestOf('secret'))).toBe('none')
  })

  test('that is gone opens nothing, nor does the next one in its place', () => {
    const table = tableOf(aToken({ name: 'one' }))
    const before = table.find(here)
    table.remove(tokenIdOf('one'))
    table.put(aToken({ name: 'two' }, 'other'))
    expect(table.match(before, digestOf('secret'))).toBe('none')
    expect(table.match(before, digestOf('other'))).toBe('none')
    table.beginRound()
    table.endRound()
    expect(table.match(before, digestOf('secret'))).toBe('none')
  })

  test('may come with another client id: then the old one is nobody’s', () => {
    const table = tableOf(aToken({ name: 'one' }))
    table.put(aToken({ name: 'one', clientId: clientIdOf('new') }))
    expect([table.find(here), table.find(clientIdOf('new'))?.id, table.size]).toEqual([undefined, tokenIdOf('one'), 1])
    table.put(aToken({ name: 'one', clientId: 'made elsewhere' }))
    expect([table.find(clientIdOf('new')), table.size]).toEqual([undefined, 0])
  })
})

test.each([
  ['in capitals', here.toUpperCase().replace('.ACCESS', '.access')],
  ['with another ending', here.replace('.access', '.Access')],
  ['without its ending', here.replace('.access', '')],
  ['a digit short', here.slice(1)],
  ['a digit long', `0${here}`],
  ['with a digit that is none', `g${here.slice(1)}`],
  ['with a letter that has a digit’s lower byte', `\u0130${here.slice(1)}`],
  ['with a letter of another script', `а${here.slice(1)}`],
  ['empty', ''],
])('a client id %s is nobody’s', (_what, clientId) => {
  expect(tableOf(aToken({ name: 'one' })).find(clientId)).toBeUndefined()
})

test.each([
  ['id', { id: 'one' }],
  ['id', { id: `${tokenIdOf('one').slice(0, -1)}G` }],
  ['id', { id: tokenIdOf('one').replaceAll('-', '_') }],
  ['client id', { clientId: 'one.access' }],
])('a token whose %s was not made here is not known, and harms nobody', (_what, fields) => {
  const table = tableOf(aToken(), aToken({ name: 'one', ...fields }), aToken({ name: 'two' }))
  expect([table.size, table.find(here)]).toEqual([2, undefined])
  expect([clientIdOf('token'), clientIdOf('two')].map((clientId) => table.find(clientId)?.clientId)).not.toContain(undefined)
})

test('holds just what was put in and not taken out, nor left out when everything was read anew, whatever the order', () => {
  const names = Array.from({ length: 40 }, (_, number) => `token ${number}`)
  const step = fc.oneof(
    { weight: 60, arbitrary: fc.record({ put: fc.constantFrom(...names), version: fc.nat(1000) }) },
    { weight: 40, arbitrary: fc.record({ remove: fc.constantFrom(...names) }) },
    { weight: 2, arbitrary: fc.constantFrom('begin' as const, 'end' as const) },
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const [table, model, sinceBegin] = [createTokenTable(), new Map<string, number>(), new Set<string>()]
      for (const each of steps) {
        if (each === 'begin') {
          table.beginRound()
          sinceBegin.clear()
        } else if (each === 'end') {
          table.endRound()
          for (const name of model.keys()) if (!sinceBegin.has(name)) model.delete(name)
        } else if ('put' in each) {
          table.put(aToken({ name: each.put, secretVersion: each.version }))
          model.set(each.put, each.version)
          sinceBegin.add(each.put)
        } else {
          table.remove(tokenIdOf(each.remove))
          model.delete(each.remove)
        }
      }
      expect(table.size).toBe(model.size)
      for (const name of names) expect(table.find(clientIdOf(name))?.secretVersion).toBe(model.get(name))
    }),
    { numRuns: 100 },
  )
})

test('finds each of many, after many others have come and gone', () => {
  const table = createTokenTable()
  const digest = digestOf('secret')
  const hex = (number: number) => (Math.imul(number, 0x9e3779b1) >>> 0).toString(16).padStart(8, '0')
  const idOf = (number: number) => `${hex(number)}-0000-4000-8000-0000${hex(number * 7 + 1)}`
  const clientId = (number: number) => `${hex(number)}${hex(number + 1)}${hex(number + 2)}${hex(number * 5 + 3)}.access`
  const base = aToken({}, 'secret')
  const total = 60_000
  for (let number = 0; number < total; number++) table.put({ ...base, id: idOf(number), clientId: clientId(number), digest })
  for (let number = 0; number < total; number += 2) table.remove(idOf(number))
  for (let number = total; number < 1.5 * total; number++) table.put({ ...base, id: idOf(number), clientId: clientId(number), digest })
  expect(table.size).toBe(total)
  for (let number = 0; number < 1.5 * total; number++) {
    const isThere = number >= total || number % 2 === 1
    if ((table.find(clientId(number))?.id === idOf(number)) !== isThere)
      throw new Error(`token ${number} ${isThere ? 'is missing' : 'is still there'}`)
  }
})
