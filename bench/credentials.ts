import { randomFillSync } from 'node:crypto'
import { digestOf } from '../src/domain/secret.ts'
import type { Credential } from '../src/domain/service-token.ts'

export const accountId = 'a'.repeat(32)
const expiresAt = Date.UTC(2999, 0)

/** Random bytes, many at a time: asking for a few at a time takes longer than what is measured. */
const pool = Buffer.alloc(1 << 20)
let used = pool.length

function randomHex(bytes: number): string {
  if (used + bytes > pool.length) {
    randomFillSync(pool)
    used = 0
  }
  used += bytes
  return pool.toString('hex', used - bytes, used)
}

/** The id and the client id of the token with this number: the same each time, so that nobody has to keep them. */
export function idsOf(number: number): { readonly id: string; readonly clientId: string } {
  for (let index = 0; index < 8; index++) words.writeUInt32BE(mixed(number * 8 + index), index * 4)
  return { id: uuidOf(words.toString('hex', 0, 16)), clientId: `${words.toString('hex', 16)}.access` }
}

const words = Buffer.alloc(32)

/** 32 bits that look random, another number for each number. */
function mixed(number: number): number {
  let bits = Math.imul(number ^ (number >>> 16), 0x21f0aaad)
  bits = Math.imul(bits ^ (bits >>> 15), 0x735a2d97)
  return (bits ^ (bits >>> 15)) >>> 0
}

function uuidOf(hex: string): string {
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20)}`
}

/** A token as the store hands it to a gate, with ids as Postern makes them. */
export function aCredential(digest: Uint8Array, ids = { id: uuidOf(randomHex(16)), clientId: `${randomHex(16)}.access` }): Credential {
  // Spelt out: a spread takes longer than everything else about it, and there are ten million of them.
  return {
    id: ids.id,
    clientId: ids.clientId,
    accountId,
    zoneId: null,
    digest,
    previous: null,
    secretVersion: 1,
    enabled: true,
    expiresAt,
    revision: 1,
  }
}

/** The same with a secret of its own. */
export function withSecret(): { readonly token: Credential; readonly secret: string } {
  const secret = `pst_${randomHex(24)}`
  return { token: aCredential(digestOf(secret)), secret }
}
