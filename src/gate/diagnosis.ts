import { formOf } from '../domain/secret.ts'
import type { Verification } from '../domain/service-token.ts'

type Refusal = Extract<Verification, { ok: false }>['reason']

/** Why credentials are wrong, as precisely as their look allows. */
export type Flaw = Refusal | 'swapped' | 'malformed_client_id' | 'truncated_secret' | 'damaged_secret' | 'stray_characters'

const clientIdForm = /^[0-9a-f]{32}\.access(\.|$)/

/** Guesses at the slip behind wrong credentials: for the operator only, and it never changes what the client is answered. */
export function flawOf(clientId: string, secret: string, reason: Refusal): Flaw {
  if (reason === 'unknown_client_id') return flawOfClientId(clientId, secret)
  if (reason !== 'wrong_secret') return reason
  if (hasStrayCharacters(secret)) return 'stray_characters'
  const form = formOf(secret)
  if (form === 'truncated') return 'truncated_secret'
  return form === 'damaged' ? 'damaged_secret' : reason
}

function flawOfClientId(clientId: string, secret: string): Flaw {
  if (clientIdForm.test(clientId)) return 'unknown_client_id'
  if (clientIdForm.test(secret)) return 'swapped'
  return hasStrayCharacters(clientId) ? 'stray_characters' : 'malformed_client_id'
}

/** Quotes, white space or a line break (as such, or spelt `\n`) around the value: a file was read whole, or a variable quoted twice. */
function hasStrayCharacters(value: string): boolean {
  return /^["'\s]|["'\s]$|\\[nr]$|%0[ad]$/i.test(value)
}
