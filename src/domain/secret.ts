import { hash, timingSafeEqual } from 'node:crypto'
import { crc32 } from 'node:zlib'

/** Bytes from a cryptographically secure source. */
export type RandomBytes = (size: number) => Uint8Array

/** SHA-256 of a secret, 32 bytes: all that is ever stored of it. */
export type Digest = Uint8Array

/** What a secret opens, readable from its first letters: a service token's secret, a user's API token, an account's API token, a user's API key. */
export type SecretPrefix = 'pst_' | 'psu_' | 'psa_' | 'psk_'

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const bodyLength = 40

/** A new secret: prefix, 40 random alphanumerics (238 bits), and their CRC-32 in hex, so that scanners can recognise a leaked one. */
export function newSecret(prefix: SecretPrefix, random: RandomBytes): string {
  let body = ''
  while (body.length < bodyLength) {
    for (const byte of random(bodyLength)) {
      // 248 is the largest multiple of 62 in a byte: taking more would favour the first letters.
      if (byte < 248 && body.length < bodyLength) body += alphabet[byte % 62]
    }
  }
  return `${prefix}${body}${crc32(body).toString(16).padStart(8, '0')}`
}

/** The entropy of a secret makes a slow hash pointless, so one SHA-256 is enough. */
export function digestOf(secret: string): Digest {
  return hash('sha256', secret, 'buffer')
}

/** As `digestOf`, written into the same bytes each time: for whoever compares at once and keeps nothing. Asking for bytes takes the hash twice as long. */
export function createDigester(): (secret: string) => Digest {
  const bytes = Buffer.alloc(32)
  return (secret) => {
    bytes.write(hash('sha256', secret, 'binary'), 'latin1')
    return bytes
  }
}

/** Compares in a time that does not depend on where the digests differ. */
export function sameDigest(one: Digest, other: Digest): boolean {
  return timingSafeEqual(one, other)
}

/** What a secret looks like: one of ours, unharmed; the beginning of one; one with a slip in it; or nothing that was made here. */
export type SecretForm = 'whole' | 'truncated' | 'damaged' | 'foreign'

const beginning = /^ps[tuak]_/
const wholeLength = 4 + bodyLength + 8

/** Tells by prefix, length and checksum. For diagnoses only: a secret is proved by its digest. */
export function formOf(secret: string): SecretForm {
  if (!beginning.test(secret)) return 'foreign'
  if (secret.length < wholeLength) return 'truncated'
  const checksum = crc32(secret.slice(4, 4 + bodyLength))
    .toString(16)
    .padStart(8, '0')
  return secret.slice(4 + bodyLength) === checksum ? 'whole' : 'damaged'
}
