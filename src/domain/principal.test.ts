import { expect, test } from 'vitest'
import { type ApiToken, isActive } from './principal.ts'
import { digestOf } from './secret.ts'

const noon = Date.parse('2026-01-01T12:00:00Z')

function anApiToken(traits: Partial<ApiToken> = {}): ApiToken {
  return {
    ...{ id: '1', userId: '2', name: 'CI', digest: digestOf('psu_'), grants: [], disabled: false },
    ...{ notBefore: null, expiresAt: null, createdAt: 0, revision: 1, ...traits },
  }
}

test('an API token without limits is always active', () => {
  expect(isActive(anApiToken(), 0)).toBe(true)
  expect(isActive(anApiToken(), noon)).toBe(true)
})

test('an API token is active from its first instant on', () => {
  expect(isActive(anApiToken({ notBefore: noon }), noon - 1)).toBe(false)
  expect(isActive(anApiToken({ notBefore: noon }), noon)).toBe(true)
})

test('an API token is active until it expires, and not a moment longer', () => {
  expect(isActive(anApiToken({ expiresAt: noon }), noon - 1)).toBe(true)
  expect(isActive(anApiToken({ expiresAt: noon }), noon)).toBe(false)
})

test('limits at the beginning of time are limits too', () => {
  expect(isActive(anApiToken({ expiresAt: 0 }), noon)).toBe(false)
  expect(isActive(anApiToken({ notBefore: 0 }), -1)).toBe(false)
})

test('a disabled API token is never active', () => {
  expect(isActive(anApiToken({ disabled: true }), noon)).toBe(false)
  expect(isActive(anApiToken({ disabled: true, notBefore: noon - 1, expiresAt: noon + 1 }), noon)).toBe(false)
})
