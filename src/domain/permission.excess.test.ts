import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  accountResource,
  excess,
  type Grant,
  type Permission,
  type Place,
  permissionGroup,
  permissionGroups,
  permits,
  userResource,
  zoneResource,
} from './permission.ts'

const hex = (digits: string) => digits.padEnd(32, '0')
// No grant ever names `south` (though one of its zones) or `west`, nor the last zone of each account.
const [north, east, south, west] = [hex('a1'), hex('a2'), hex('a3'), hex('a4')]
const accountOfZone = new Map([
  ...['b11', 'b12', 'b19'].map((id) => [hex(id), north] as const),
  ...['b21', 'b22', 'b29'].map((id) => [hex(id), east] as const),
  ...['b31', 'b39'].map((id) => [hex(id), south] as const),
  [hex('b49'), west] as const,
])
const namedZones = [...accountOfZone.keys()].filter((id) => !id.startsWith('9', 2))
const [goneZone, goneAccount] = [hex('bff'), hex('aff')]
const users = [hex('c1'), hex('c2'), hex('c9')]
const accountOf = (zoneId: string) => accountOfZone.get(zoneId)

const world: readonly Place[] = [
  ...[north, east, south, west].map((accountId) => ({ accountId, zoneId: null })),
  ...[...accountOfZone].map(([zoneId, accountId]) => ({ accountId, zoneId })),
  ...users.map((userId) => ({ userId })),
]
const everyPermission = [...new Set(permissionGroups.flatMap(({ permissions }) => permissions))]

/** A resource, with what it covers told in another way than by its text. */
interface Area {
  readonly text: string
  covers(place: Place): boolean
}

function accountArea(id: string): Area {
  return { text: accountResource(id), covers: (place) => 'accountId' in place && (id === '*' || place.accountId === id) }
}

function zoneArea(id: string, accountId?: string): Area {
  return {
    text: zoneResource(id, accountId),
    covers(place) {
      if ('userId' in place || place.zoneId === null) return false
      const isInAccount = accountId === undefined || accountId === '*' || place.accountId === accountId
      return isInAccount && (id === '*' || place.zoneId === id)
    },
  }
}

function userArea(id: string): Area {
  return { text: userResource(id), covers: (place) => 'userId' in place && place.userId === id }
}

interface Rule {
  readonly grant: Grant
  readonly areas: readonly Area[]
}

/** The rule in its plainest words: somebody allows it, and nobody denies it. */
function mayDo(rules: readonly Rule[], permission: Permission, place: Place): boolean {
  const applies = ({ grant, areas }: Rule) =>
    areas.some((area) => area.covers(place)) && grant.permissionGroups.some((id) => permissionGroup(id)?.permissions.includes(permission))
  const effects = new Set(rules.filter(applies).map(({ grant }) => grant.effect))
  return effects.has('allow') && !effects.has('deny')
}

/** Where in the world `wanted` goes beyond `held`. */
function overreach(held: readonly Rule[], wanted: readonly Rule[]): readonly (readonly [Permission, Place])[] {
  return world.flatMap((place) =>
    everyPermission.flatMap((one) => (mayDo(wanted, one, place) && !mayDo(held, one, place) ? [[one, place] as const] : [])),
  )
}

const accounts = fc.constantFrom(north, east, '*')
const zones = fc.constantFrom(...namedZones, '*')
const none = fc.constantFrom('', '*', north, `${accountResource(north)}\n`, userResource('*'), accountResource(north).toUpperCase())
const area = fc.oneof(
  { weight: 4, arbitrary: accounts.map(accountArea) },
  { weight: 3, arbitrary: zones.map((id) => zoneArea(id)) },
  // Some of these name a zone of another account: they cover nothing.
  { weight: 4, arbitrary: fc.tuple(zones, accounts).map(([id, accountId]) => zoneArea(id, accountId)) },
  { weight: 1, arbitrary: fc.constantFrom(hex('c1'), hex('c2')).map(userArea) },
  { weight: 1, arbitrary: none.map((text) => ({ text, covers: () => false })) },
)
const goneArea = fc.constantFrom(
  ...[zoneArea(goneZone), zoneArea(goneZone, north), zoneArea(goneZone, east), zoneArea(goneZone, '*'), zoneArea(goneZone, goneAccount)],
  ...[accountArea(goneAccount), zoneArea('*', goneAccount), zoneArea(hex('b11'), goneAccount)],
)

/** Both sides draw on a few groups, or they would seldom have to do with each other. */
function someRules(areas: fc.Arbitrary<Area>): fc.Arbitrary<readonly [held: readonly Rule[], wanted: readonly Rule[]]> {
  const group = fc.constantFrom(...permissionGroups.map(({ id }) => id), hex('f'))
  return fc.uniqueArray(group, { minLength: 1, maxLength: 3 }).chain((pool) => {
    const rule = fc
      .record({
        effect: fc.constantFrom('allow', 'allow', 'deny'),
        areas: fc.array(areas, { maxLength: 4 }),
        permissionGroups: fc.array(fc.constantFrom(...pool), { minLength: 1, maxLength: 3 }),
      })
      .map(({ areas: its, ...rest }) => ({ areas: its, grant: { id: hex('e'), ...rest, resources: its.map(({ text }) => text) } as Grant }))
    const rules = fc.array(rule, { maxLength: 4 })
    // Often one side is the other with something added, as requests are that go only a little too far.
    return fc.oneof(
      fc.tuple(rules, rules),
      fc.tuple(rules, rules).map(([one, more]) => [[...one, ...more], one] as const),
      fc.tuple(rules, rules).map(([one, more]) => [one, [...one, ...more]] as const),
    )
  })
}

const grantsOf = (rules: readonly Rule[]) => rules.map(({ grant }) => grant)

test('in a small world, what is permitted is what somebody allows and nobody denies', () => {
  fc.assert(
    fc.property(someRules(area), ([rules]) => {
      const differs = (one: Permission, place: Place) => permits(grantsOf(rules), one, place) !== mayDo(rules, one, place)
      expect(world.flatMap((place) => everyPermission.flatMap((one) => (differs(one, place) ? [[one, place]] : [])))).toEqual([])
    }),
    { numRuns: 500 },
  )
})

describe('what one set of grants permits beyond another', () => {
  test('is found exactly if there is such a thing somewhere in the world', () => {
    const answers = { beyond: 0, within: 0 }
    fc.assert(
      fc.property(someRules(area), ([held, wanted]) => {
        const found = excess(grantsOf(held), grantsOf(wanted), accountOf)
        const expected = overreach(held, wanted)
        expect(found !== undefined, JSON.stringify({ found, expected: expected.slice(0, 3) })).toBe(expected.length > 0)
        if (found !== undefined) {
          expect(mayDo(wanted, found.permission, found.place)).toBe(true)
          expect(mayDo(held, found.permission, found.place)).toBe(false)
        }
        // Wanting nothing at all says nothing: those that do not count.
        if (world.some((place) => everyPermission.some((one) => mayDo(wanted, one, place)))) answers[found ? 'beyond' : 'within']++
      }),
      { numRuns: 3000 },
    )
    expect(answers.beyond).toBeGreaterThan(300)
    expect(answers.within).toBeGreaterThan(300)
  })

  test('is never overlooked because the grants also name zones and accounts that are gone', () => {
    fc.assert(
      fc.property(someRules(fc.oneof(area, goneArea)), ([held, wanted]) => {
        const found = excess(grantsOf(held), grantsOf(wanted), accountOf)
        if (overreach(held, wanted).length > 0) expect(found).toBeDefined()
        if (found === undefined) return
        expect(mayDo(wanted, found.permission, found.place)).toBe(true)
        expect(mayDo(held, found.permission, found.place)).toBe(false)
      }),
      { numRuns: 2000 },
    )
  })

  test('is nothing for someone who may do everything', () => {
    fc.assert(
      fc.property(someRules(area), ([, wanted]) => {
        expect(excess('everything', grantsOf(wanted), accountOf)).toBeUndefined()
      }),
    )
  })
})

describe('nobody hands on more than they hold', () => {
  const [shop, blog] = [hex('b11'), hex('b12')]
  const read = '91f7ce32fa614d73b7e1fc8f0e78582b'
  const write = 'a1c0fec57cf94af79479a6d827fa518c'
  const on = (effect: Grant['effect'], group: string, ...resources: string[]): Grant => ({
    ...{ id: hex('e'), effect, resources, permissionGroups: [group] },
  })
  const account = on('allow', write, accountResource(north))

  test.each<[string, readonly Grant[], readonly Grant[]]>([
    ['writing, by someone who reads', [on('allow', read, accountResource(north))], [account]],
    ['every account, by someone with one', [account], [on('allow', write, accountResource('*'))]],
    ['every zone, by someone with one account', [account], [on('allow', write, zoneResource('*'))]],
    ['an account, by someone with all its zones', [on('allow', write, zoneResource('*', north))], [account]],
    ['an account, by someone with a zone of it', [on('allow', write, zoneResource(shop))], [account]],
    ['every zone of an account, by someone with some', [on('allow', write, ...namedZones.map((id) => zoneResource(id)))], [account]],
    ['another zone', [on('allow', write, zoneResource(shop))], [on('allow', write, zoneResource(blog))]],
    ['a zone of another account', [account], [on('allow', write, zoneResource(hex('b21')))]],
    ['an account without the denial on one of its zones', [account, on('deny', read, zoneResource(shop))], [account]],
    [
      'a zone that is denied with its account',
      [account, on('deny', write, accountResource('*'))],
      [on('allow', write, zoneResource(shop))],
    ],
    ['another user', [on('allow', read, userResource(hex('c1')))], [on('allow', read, userResource(hex('c2')))]],
    ['anything, by someone who may do nothing', [], [on('allow', read, zoneResource(shop, north))]],
  ])('not %s', (_what, held, wanted) => expect(excess(held, wanted, accountOf)).toBeDefined())

  test.each<[string, readonly Grant[], readonly Grant[]]>([
    ['the very same', [account], [account]],
    ['reading, from writing', [account], [on('allow', read, accountResource(north))]],
    ['a zone, from its account, by its plain name', [account], [on('allow', write, zoneResource(shop))]],
    ['every zone of an account, from the account', [account], [on('allow', write, zoneResource('*', north))]],
    ['what is denied, with the denial', [account, on('deny', read, zoneResource(shop))], [account, on('deny', write, zoneResource('*'))]],
    ['what covers nothing, being named under another account', [], [on('allow', write, zoneResource(shop, east))]],
    ['denials only', [], [on('deny', write, accountResource('*'))]],
    ['nothing', [], []],
  ])('but %s', (_what, held, wanted) => expect(excess(held, wanted, accountOf)).toBeUndefined())
})
