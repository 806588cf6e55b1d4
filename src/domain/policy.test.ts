import { expect, test } from 'vitest'
import { aPolicy } from '../../test/gate-fixtures.ts'
import { type Group, groupsNamedBy, isCircular, type Rule, tokensNamedBy } from './policy.ts'

const inGroup = (groupId: string): Rule => ({ kind: 'group', groupId })
const aGroup = (id: string, ...named: string[]): Group => ({ ...aPolicy({ include: named.map(inGroup) }), id })
const byId = (...groups: readonly Group[]) => new Map(groups.map((group) => [group.id, group]))

test('what rules name is found wherever it stands, and once', () => {
  const rules = aPolicy({
    include: [inGroup('a'), { kind: 'service_token', tokenId: 'x' }, { kind: 'everyone' }],
    require: [inGroup('b'), { kind: 'service_token', tokenId: 'y' }],
    exclude: [inGroup('a'), { kind: 'service_token', tokenId: 'x' }, { kind: 'ip', range: '::1' }],
  })
  expect([...groupsNamedBy(rules)]).toEqual(['a', 'b'])
  expect([...tokensNamedBy(rules)]).toEqual(['x', 'y'])
})

test.each([
  ['names itself', aGroup('a', 'a'), byId(), true],
  ['names one that names it', aGroup('a', 'b'), byId(aGroup('b', 'a')), true],
  ['names one that names one that names it', aGroup('a', 'x', 'b'), byId(aGroup('b', 'c'), aGroup('c', 'a'), aGroup('x')), true],
  ['did so before this change', aGroup('a', 'b'), byId(aGroup('a', 'a'), aGroup('b')), false],
  ['names one that others name too', aGroup('a', 'b', 'c'), byId(aGroup('b', 'd'), aGroup('c', 'd'), aGroup('d')), false],
  ['names a circle that it is no part of', aGroup('a', 'b'), byId(aGroup('b', 'c'), aGroup('c', 'b')), false],
  ['names one that is not there', aGroup('a', 'b'), byId(), false],
])('a group that %s: circular %#', (_case, group, groups, expected) => {
  expect(isCircular(group, groups)).toBe(expected)
})
