import { createHash, randomBytes } from 'node:crypto'

/** As many secrets of 256 bits. @param {number} count */
export function newSecrets(count) {
  return Array.from({ length: count }, () => randomBytes(32).toString('base64url'))
}

/** @param {string} secret */
export function digestOf(secret) {
  return createHash('sha256').update(secret).digest()
}
