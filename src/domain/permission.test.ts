import { describe, expect, test } from 'vitest'
import { accountResource, type Grant, permissionGroups, permits } from './permission.ts'

const [here, elsewhere] = ['a'.repeat(32), 'b'.repeat(32)]
const read = '91f7ce32fa614d73b7e1fc8f0e78582b'
const write = 'a1c0fec57cf94af79479a6d827fa518c'

function grant(effect: Grant['effect'], groups: readonly string[], accounts: readonly string[] = [here]): Grant {
  return { effect, resources: accounts.map(accountResource), permissionGroups: groups }
}

test('an owner may do everything, everywhere', () => {
  for (const permission of permissionGroups.flatMap((group) => group.permissions)) {
    expect(permits('everything', permission, here)).toBe(true)
    expect(permits('everything', permission, elsewhere)).toBe(true)
  }
})

test('without a grant nothing is permitted', () => {
  expect(permits([], 'service_tokens:read', here)).toBe(false)
  expect(permits([], 'service_tokens:write', here)).toBe(false)
})

test('the right to write includes the right to read, and not the other way round', () => {
  expect(permits([grant('allow', [write])], 'service_tokens:read', here)).toBe(true)
  expect(permits([grant('allow', [write])], 'service_tokens:write', here)).toBe(true)
  expect(permits([grant('allow', [read])], 'service_tokens:read', here)).toBe(true)
  expect(permits([grant('allow', [read])], 'service_tokens:write', here)).toBe(false)
})

describe('a grant covers the accounts that it names', () => {
  test.each([
    ['the account itself', [here], true],
    ['another account', [elsewhere], false],
    ['both', [elsewhere, here], true],
    ['every account', ['*'], true],
    ['none', [], false],
    ['part of its id', [here.slice(0, 31)], false],
  ])('%s', (_what, accounts, permitted) => {
    expect(permits([grant('allow', [read], accounts)], 'service_tokens:read', here)).toBe(permitted)
  })

  test('an id without the name of the resource covers nothing', () => {
    expect(permits([{ ...grant('allow', [read]), resources: [here, '*', ''] }], 'service_tokens:read', here)).toBe(false)
  })
})

describe('a denial beats every allowance', () => {
  const allowed = grant('allow', [write], ['*'])

  test.each([
    ['of the same permission', grant('deny', [write]), false, false],
    ['of reading, which leaves writing', grant('deny', [read]), false, true],
    ['on every account', grant('deny', [write], ['*']), false, false],
    ['on another account, which is none here', grant('deny', [write], [elsewhere]), true, true],
    ['of a group that is unknown, which is none', grant('deny', ['f'.repeat(32)]), true, true],
  ])('%s', (_what, denial, mayRead, mayWrite) => {
    for (const grants of [
      [allowed, denial],
      [denial, allowed],
    ]) {
      expect(permits(grants, 'service_tokens:read', here)).toBe(mayRead)
      expect(permits(grants, 'service_tokens:write', here)).toBe(mayWrite)
    }
  })

  test('alone it permits nothing', () => expect(permits([grant('deny', [read])], 'service_tokens:write', here)).toBe(false))
})

test('a group that is unknown permits nothing', () => {
  expect(permits([grant('allow', ['f'.repeat(32), ''])], 'service_tokens:read', here)).toBe(false)
})

test('every group has an id of its own, 32 hex digits', () => {
  const ids = permissionGroups.map(({ id }) => id)
  expect(new Set(ids).size).toBe(ids.length)
  for (const id of ids) expect(id).toMatch(/^[0-9a-f]{32}$/)
})
