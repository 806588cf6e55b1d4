import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { newClientId } from '../domain/identifier.ts'
import { newSecret } from '../domain/secret.ts'
import { flawOf } from './diagnosis.ts'

const clientId = newClientId(randomBytes)
const secret = newSecret('pst_', randomBytes)
const otherLetter = secret[10] === 'a' ? 'b' : 'a'

test.each([
  ['a client id that nobody has', 'unknown_client_id', clientId, secret],
  ['the two in each other’s place', 'swapped', secret, clientId],
  ['a client id in quotes', 'stray_characters', `"${clientId}"`, secret],
  ['a client id with a line break spelt out', 'stray_characters', `${clientId}\\n`, secret],
  ['a name in place of the client id', 'malformed_client_id', 'ci-deploy', secret],
  ['a client id without its end', 'malformed_client_id', clientId.slice(0, 32), secret],
])('%s: %s', (_case, flaw, id, value) => {
  expect(flawOf(id, value, 'unknown_client_id')).toBe(flaw)
})

test.each([
  ['another secret of ours', 'wrong_secret', newSecret('pst_', randomBytes)],
  ['a secret that was not made here', 'wrong_secret', 'f'.repeat(64)],
  ['the beginning of a secret', 'truncated_secret', secret.slice(0, -1)],
  ['hardly any of it', 'truncated_secret', 'pst_'],
  ['a letter changed', 'damaged_secret', secret.slice(0, 10) + otherLetter + secret.slice(11)],
  ['a letter too many', 'damaged_secret', `${secret}0`],
  ['a line break at its end', 'stray_characters', `${secret}\n`],
  ['a line break spelt out', 'stray_characters', `${secret}\\n`],
  ['an encoded line break', 'stray_characters', `${secret}%0A`],
  ['quotes around it', 'stray_characters', `'${secret}'`],
])('%s: %s', (_case, flaw, value) => {
  expect(flawOf(clientId, value, 'wrong_secret')).toBe(flaw)
})

test.each(['previous_secret_ended', 'disabled', 'expired'] as const)('%s is what it is, whatever the secret looks like', (reason) => {
  expect(flawOf(clientId, 'x', reason)).toBe(reason)
})
