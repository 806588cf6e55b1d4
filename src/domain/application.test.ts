import { describe, expect, test } from 'vitest'
import { type Application, admits, belongsTo, type Decision, type Policy, type Rule } from './application.ts'
import { digestOf } from './secret.ts'
import { issue, type Scope, type ServiceToken } from './service-token.ts'

const [account, otherAccount, zone, otherZone] = ['account', 'other account', 'zone', 'other zone']
const everyone: Rule = { kind: 'everyone' }
const anyToken: Rule = { kind: 'any_valid_service_token' }
const thisToken: Rule = { kind: 'service_token', tokenId: 'this' }
const thatToken: Rule = { kind: 'service_token', tokenId: 'that' }

function aToken(id: string, scope: Scope = { accountId: account, zoneId: null }): ServiceToken {
  const rest = { clientId: `${id}.access`, digest: digestOf(id), name: id, duration: '1h', enabled: true, secretVersion: 1 }
  return issue({ id, ...scope, ...rest }, 0)
}

function aPolicy(decision: Decision, include: readonly Rule[], rules: Partial<Pick<Policy, 'require' | 'exclude'>> = {}): Policy {
  return { id: 'policy', name: 'policy', decision, include, require: [], exclude: [], ...rules }
}

function anApplication(policies: readonly Policy[], scope: Scope = { accountId: account, zoneId: null }): Application {
  const rest = { domain: '*', audience: 'a'.repeat(64), originUrl: null, createdAt: 0, updatedAt: 0, revision: 1 }
  return { id: 'application', name: 'application', policies, ...rest, ...scope }
}

describe('whom one include rule lets in', () => {
  // [decision, rule, with the token `this`, without a token]
  const table: readonly (readonly [Decision, Rule, boolean, boolean])[] = [
    ['non_identity', everyone, true, false],
    ['non_identity', anyToken, true, false],
    ['non_identity', thisToken, true, false],
    ['non_identity', thatToken, false, false],
    ['bypass', everyone, true, true],
    ['bypass', anyToken, false, false],
    ['bypass', thisToken, false, false],
    ['bypass', thatToken, false, false],
    ['allow', everyone, false, false],
    ['allow', anyToken, false, false],
    ['allow', thisToken, false, false],
    ['allow', thatToken, false, false],
    ['deny', everyone, false, false],
    ['deny', anyToken, false, false],
    ['deny', thisToken, false, false],
    ['deny', thatToken, false, false],
  ]

  test('every decision meets every rule', () =>
    expect(new Set(table.map(([decision, rule]) => decision + JSON.stringify(rule))).size).toBe(16))

  test.each(table)('%s on %j: %j with a token, %j without', (decision, rule, withToken, without) => {
    const application = anApplication([aPolicy(decision, [rule])])
    expect(admits(application, aToken('this'))).toBe(withToken)
    expect(admits(application, null)).toBe(without)
  })
})

describe('a policy', () => {
  const admitsThis = (policy: Policy) => admits(anApplication([policy]), aToken('this'))

  test('applies when one of its includes matches', () => {
    expect(admitsThis(aPolicy('non_identity', [thatToken, thisToken]))).toBe(true)
    expect(admitsThis(aPolicy('non_identity', []))).toBe(false)
  })

  test('applies only when all that it requires match', () => {
    expect(admitsThis(aPolicy('non_identity', [anyToken], { require: [thisToken, everyone] }))).toBe(true)
    expect(admitsThis(aPolicy('non_identity', [anyToken], { require: [thisToken, thatToken] }))).toBe(false)
  })

  test('does not apply when anything that it excludes matches', () => {
    expect(admitsThis(aPolicy('non_identity', [anyToken], { exclude: [thatToken] }))).toBe(true)
    expect(admitsThis(aPolicy('non_identity', [anyToken], { exclude: [thatToken, thisToken] }))).toBe(false)
    expect(admitsThis(aPolicy('bypass', [everyone], { exclude: [everyone] }))).toBe(false)
  })
})

describe('an application', () => {
  test('without policies lets nobody in', () => {
    expect(admits(anApplication([]), aToken('this'))).toBe(false)
    expect(admits(anApplication([]), null)).toBe(false)
  })

  test('lets in whom any of its policies lets in, wherever that stands', () => {
    const letsIn = aPolicy('non_identity', [thisToken])
    const others = [aPolicy('deny', [everyone]), aPolicy('allow', [everyone]), aPolicy('non_identity', [thatToken])]
    expect(admits(anApplication([...others, letsIn]), aToken('this'))).toBe(true)
    expect(admits(anApplication([letsIn, ...others]), aToken('this'))).toBe(true)
    expect(admits(anApplication(others), aToken('this'))).toBe(false)
  })

  test('treats a token from elsewhere as none', () => {
    const stranger = aToken('this', { accountId: otherAccount, zoneId: null })
    expect(admits(anApplication([aPolicy('non_identity', [everyone, anyToken, thisToken])]), stranger)).toBe(false)
    expect(admits(anApplication([aPolicy('bypass', [everyone])]), stranger)).toBe(true)
  })
})

describe('a token belongs', () => {
  test.each([
    ['of the account, to the account’s applications', [account, null], [account, null], true],
    ['of the account, to its zones’ applications', [account, null], [account, zone], true],
    ['of a zone, to that zone’s applications', [account, zone], [account, zone], true],
    ['of a zone, not to the account’s applications', [account, zone], [account, null], false],
    ['of a zone, not to another zone’s applications', [account, zone], [account, otherZone], false],
    ['of an account, not to another account', [account, null], [otherAccount, null], false],
    ['of a zone, not to a zone of that id elsewhere', [account, zone], [otherAccount, zone], false],
  ] as const)('%s', (_what, [tokenAccount, tokenZone], [applicationAccount, applicationZone], belongs) => {
    const token = { accountId: tokenAccount, zoneId: tokenZone }
    expect(belongsTo(token, { accountId: applicationAccount, zoneId: applicationZone })).toBe(belongs)
  })
})
