import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anApplication, aPolicy, aToken, uses } from '../../test/gate-fixtures.ts'
import { createAddressSet, parseAddressRange } from './address-range.ts'
import { compile, explain } from './admission.ts'
import { type Application, belongsTo } from './application.ts'
import type { Decision, Group, Policy, Rule, RuleSet } from './policy.ts'
import type { ServiceToken } from './service-token.ts'

const everyone: Rule = { kind: 'everyone' }
const anyToken: Rule = { kind: 'any_valid_service_token' }
const thisToken: Rule = { kind: 'service_token', tokenId: 'this' }
const thatToken: Rule = { kind: 'service_token', tokenId: 'that' }
const here: Rule = { kind: 'ip', range: '10.0.0.0/8' }
const there: Rule = { kind: 'ip', range: '192.0.2.1' }
const inGroup = (groupId: string): Rule => ({ kind: 'group', groupId })

const address = '10.1.2.3'

function aGroup(id: string, rules: Partial<RuleSet>): Group {
  const { name, accountId, zoneId, createdAt, updatedAt, revision } = aPolicy()
  return { id, name, accountId, zoneId, createdAt, updatedAt, revision, include: [], require: [], exclude: [], ...rules }
}

const byId = <Entity extends { readonly id: string }>(entities: readonly Entity[]) => new Map(entities.map((entity) => [entity.id, entity]))

/** What an application with these policies, in this order, says. */
function judged(
  policies: readonly Policy[],
  token: ServiceToken | null,
  options: { groups?: readonly Group[]; application?: Application; from?: string } = {},
) {
  const { groups = [], application = anApplication({ policies: uses(...policies) }), from = address } = options
  return compile(application, byId(policies), byId(groups))(token, from)
}

const admits = (policies: readonly Policy[], token: ServiceToken | null, groups: readonly Group[] = []) =>
  judged(policies, token, { groups }).admitted

describe('whom one include rule lets in', () => {
  // [decision, rule, with the token `this`, without a token]
  const table: readonly (readonly [Decision, Rule, boolean, boolean])[] = [
    ['non_identity', everyone, true, false],
    ['non_identity', anyToken, true, false],
    ['non_identity', thisToken, true, false],
    ['non_identity', thatToken, false, false],
    ['non_identity', here, true, false],
    ['non_identity', there, false, false],
    ['bypass', everyone, true, true],
    ['bypass', anyToken, false, false],
    ['bypass', thisToken, false, false],
    ['bypass', thatToken, false, false],
    ['bypass', here, true, true],
    ['bypass', there, false, false],
    ...(['allow', 'deny'] as const).flatMap((decision) =>
      [everyone, anyToken, thisToken, thatToken, here, there].map((rule) => [decision, rule, false, false] as const),
    ),
  ]

  test('every decision meets every rule', () =>
    expect(new Set(table.map(([decision, rule]) => decision + JSON.stringify(rule))).size).toBe(24))

  test.each(table)('%s on %j: %j with a token, %j without', (decision, rule, withToken, without) => {
    expect(admits([aPolicy({ decision, include: [rule] })], aToken({ id: 'this' }))).toBe(withToken)
    expect(admits([aPolicy({ decision, include: [rule] })], null)).toBe(without)
    // A group changes nothing about what its rules say.
    const groups = [aGroup('inner', { include: [rule] }), aGroup('outer', { include: [inGroup('inner')] })]
    expect(admits([aPolicy({ decision, include: [inGroup('outer')] })], aToken({ id: 'this' }), groups)).toBe(withToken)
    expect(admits([aPolicy({ decision, include: [inGroup('outer')] })], null, groups)).toBe(without)
  })
})

describe('a policy', () => {
  const admitsThis = (rules: Partial<RuleSet>) => admits([aPolicy({ include: [], ...rules })], aToken({ id: 'this' }))

  test('applies when one of its includes matches', () => {
    expect(admitsThis({ include: [thatToken, thisToken] })).toBe(true)
    expect(admitsThis({ include: [thatToken] })).toBe(false)
    expect(admitsThis({})).toBe(false)
  })

  test('applies only when all of its requires match', () => {
    expect(admitsThis({ include: [anyToken], require: [thisToken, here] })).toBe(true)
    expect(admitsThis({ include: [anyToken], require: [thisToken, there] })).toBe(false)
  })

  test('does not apply when one of its excludes matches', () => {
    expect(admitsThis({ include: [anyToken], exclude: [thatToken, there] })).toBe(true)
    expect(admitsThis({ include: [anyToken], exclude: [thatToken, here] })).toBe(false)
  })

  test.each([
    ['names a group that is not there', [inGroup('nobody')], []],
    [
      'names a group that contains itself',
      [inGroup('a')],
      [aGroup('a', { include: [inGroup('b'), everyone] }), aGroup('b', { include: [inGroup('a')] })],
    ],
    ['asks for an address that is none', [{ kind: 'ip', range: 'everywhere' } as const], []],
  ])('that %s lets nobody in, whether it includes or excludes that', (_case, rules, groups) => {
    const token = aToken({ id: 'this' })
    expect(admits([aPolicy({ include: [anyToken, ...rules] })], token, groups)).toBe(false)
    expect(admits([aPolicy({ include: [anyToken], exclude: rules })], token, groups)).toBe(false)
  })
})

describe('the order of policies', () => {
  const bypass = aPolicy({ id: 'bypass', decision: 'bypass', include: [here] })
  const serviceAuth = aPolicy({ id: 'service auth' })
  const deny = aPolicy({ id: 'deny', decision: 'deny', include: [everyone] })

  test('the first that applies is the one that counts, by precedence and not by place in the list', () => {
    const application = anApplication({
      policies: [
        { policyId: 'bypass', precedence: 2 },
        { policyId: 'service auth', precedence: 1 },
      ],
    })
    expect(judged([bypass, serviceAuth], aToken(), { application })).toEqual({ admitted: true, policy: serviceAuth })
    expect(judged([bypass, serviceAuth], null, { application })).toEqual({ admitted: true, policy: bypass })
  })

  test('Service Auth and bypass come before deny, whatever the precedence', () => {
    expect(judged([deny, serviceAuth], aToken())).toEqual({ admitted: true, policy: serviceAuth })
    expect(judged([deny, serviceAuth], null)).toEqual({ admitted: false, reason: 'denied', policy: deny })
  })

  test('what a policy refuses is named: nothing applies, something denies, or only people are meant', () => {
    const people = aPolicy({ id: 'people', decision: 'allow', include: [everyone] })
    expect(judged([], aToken())).toEqual({ admitted: false, reason: 'no_policy', policy: null })
    expect(judged([people, deny], aToken())).toEqual({ admitted: false, reason: 'no_policy', policy: people })
    expect(judged([deny, people], aToken())).toEqual({ admitted: false, reason: 'denied', policy: deny })
  })
})

describe('a token of another scope', () => {
  const zoned = anApplication({ zoneId: 'zone', policies: uses(aPolicy()) })
  test.each([
    ['of the account opens an application of its zone', {}, zoned, true],
    ['of the zone opens an application of the zone', { zoneId: 'zone' }, zoned, true],
    ['of another zone does not', { zoneId: 'other' }, zoned, false],
    ['of a zone does not open an application of the account', { zoneId: 'zone' }, anApplication({}), false],
    ['of another account opens nothing', { accountId: 'other' }, anApplication({}), false],
  ])('%s', (_case, scope, application, admitted) => {
    const judgement = judged([aPolicy()], aToken(scope), { application })
    expect(judgement.admitted).toBe(admitted)
    if (!judgement.admitted) expect(judgement.reason).toBe('wrong_scope')
  })

  test('counts as none at all: bypass lets it in, deny does not hide whose it is', () => {
    const foreign = aToken({ accountId: 'other' })
    expect(judged([aPolicy({ decision: 'bypass', include: [everyone] })], foreign).admitted).toBe(true)
    expect(judged([aPolicy({ decision: 'deny', include: [everyone] })], foreign)).toMatchObject({ reason: 'wrong_scope' })
  })
})

describe('the explanation of a decision', () => {
  const found = (rules: Partial<Policy>, token: ServiceToken | null = aToken({ id: 'this' }), groups: readonly Group[] = []) => {
    const policy = aPolicy({ include: [anyToken], ...rules })
    return explain(anApplication({ policies: uses(policy) }), byId([policy]), byId(groups), token, address)[0]?.because
  }

  test.each([
    ['applies', {}, 'applies'],
    ['includes nothing of this request', { include: [thatToken, there] }, 'nothing_included'],
    ['requires what is not so', { require: [here, thatToken] }, { part: 'require', rule: thatToken }],
    ['excludes what is so', { exclude: [there, here] }, { part: 'exclude', rule: here }],
    ['names a group that is not there', { exclude: [inGroup('nobody')] }, 'unclear'],
  ] as const)('says of a policy that it %s', (_case, rules, because) => {
    expect(found(rules)).toEqual(because)
  })

  test('says that Service Auth needs a token of the application’s own account', () => {
    expect(found({ include: [everyone] }, null)).toBe('needs_token')
    expect(found({ include: [everyone] }, aToken({ accountId: 'other' }))).toBe('needs_token')
  })

  test('comes in the order in which policies are asked', () => {
    const policies = [aPolicy({ id: 'deny', decision: 'deny' }), aPolicy({ id: 'bypass', decision: 'bypass' })]
    const findings = explain(anApplication({ policies: uses(...policies) }), byId(policies), byId([]), null, address)
    expect(findings.map(({ policy }) => policy.id)).toEqual(['bypass', 'deny'])
  })
})

// The semantics as the contract states them, word for word and with no thought of speed.
describe('the compiled decision', () => {
  const matches = (
    rule: Rule,
    isServiceAuth: boolean,
    token: ServiceToken | null,
    from: string,
    groups: ReadonlyMap<string, Group>,
  ): boolean => {
    switch (rule.kind) {
      case 'everyone':
        return true
      case 'any_valid_service_token':
        return isServiceAuth && token !== null
      case 'service_token':
        return isServiceAuth && token?.id === rule.tokenId
      case 'ip': {
        const range = parseAddressRange(rule.range)
        return range !== undefined && createAddressSet([range])(from)
      }
      case 'group': {
        const group = groups.get(rule.groupId)
        return group !== undefined && meets(group, isServiceAuth, token, from, groups)
      }
    }
  }
  const meets = (
    { include, require, exclude }: RuleSet,
    ...asked: [boolean, ServiceToken | null, string, ReadonlyMap<string, Group>]
  ): boolean =>
    include.some((rule) => matches(rule, ...asked)) &&
    require.every((rule) => matches(rule, ...asked)) &&
    !exclude.some((rule) => matches(rule, ...asked))

  function interpreted(
    application: Application,
    policies: readonly Policy[],
    groups: readonly Group[],
    proved: ServiceToken | null,
    from: string,
  ) {
    const token = proved !== null && belongsTo(proved, application) ? proved : null
    const ordered = [...application.policies]
      .sort((one, other) => one.precedence - other.precedence)
      .map(({ policyId }) => byId(policies).get(policyId))
    for (const policy of ordered) {
      if (policy === undefined || (policy.decision !== 'non_identity' && policy.decision !== 'bypass')) continue
      const isServiceAuth = policy.decision === 'non_identity'
      if (isServiceAuth && token === null) continue
      if (meets(policy, isServiceAuth, token, from, byId(groups))) return policy.id
    }
    return undefined
  }

  const groupCount = 5
  /** Rules that name only groups of a lower number, so that there are no circles. */
  const rule = (groups: number): fc.Arbitrary<Rule> =>
    fc.oneof(
      fc.constantFrom(everyone, anyToken, thisToken, thatToken, here, there, { kind: 'ip' as const, range: '2001:db8::/32' }),
      ...(groups === 0 ? [] : [fc.nat(groups - 1).map((number) => inGroup(`group ${number}`))]),
    )
  const ruleSet = (groups: number): fc.Arbitrary<RuleSet> =>
    fc.record({
      include: fc.array(rule(groups), { maxLength: 4 }),
      require: fc.array(rule(groups), { maxLength: 2 }),
      exclude: fc.array(rule(groups), { maxLength: 2 }),
    })
  const allGroups = fc
    .tuple(...Array.from({ length: groupCount }, (_, number) => ruleSet(number)))
    .map((sets) => sets.map((rules, number) => aGroup(`group ${number}`, rules)))
  const somePolicies = fc
    .array(fc.record({ decision: fc.constantFrom<Decision>('non_identity', 'bypass', 'allow', 'deny'), rules: ruleSet(groupCount) }), {
      maxLength: 6,
    })
    .map((drafts) => drafts.map(({ decision, rules }, number) => aPolicy({ id: `policy ${number}`, decision, ...rules })))
  const scopes = fc.record({
    accountId: fc.constantFrom('a'.repeat(32), 'b'.repeat(32)),
    zoneId: fc.constantFrom(null, 'zone', 'other zone'),
  })
  const token = fc.option(fc.tuple(fc.constantFrom('this', 'that', 'third'), scopes).map(([id, scope]) => aToken({ id, ...scope })))

  test('equals a naive interpreter of the documented semantics', () => {
    let admitted = 0
    fc.assert(
      fc.property(
        fc.record({
          groups: allGroups,
          policies: somePolicies,
          token,
          scope: scopes,
          precedences: fc.infiniteStream(fc.integer({ min: 1, max: 9 })),
        }),
        fc.constantFrom(address, '192.0.2.1', '2001:db8::1', '203.0.113.9', 'nowhere'),
        ({ groups, policies, token: presented, scope, precedences }, from) => {
          const order = policies.map(({ id }) => ({ policyId: id, precedence: precedences.next().value }))
          const application = anApplication({ ...scope, policies: order })
          const judgement = judged(policies, presented, { groups, application, from })
          if (judgement.admitted) admitted++
          const first = explain(application, byId(policies), byId(groups), presented, from).find(({ applies }) => applies)?.policy ?? null
          if (judgement.admitted || judgement.reason !== 'wrong_scope') expect(first).toBe(judgement.policy)
          expect(judgement.admitted ? judgement.policy.id : undefined).toBe(interpreted(application, policies, groups, presented, from))
        },
      ),
      { numRuns: 3000 },
    )
    // Were nobody ever let in, the two would agree on nothing of interest.
    expect(admitted).toBeGreaterThan(100)
  })
})
