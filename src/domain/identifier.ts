import type { RandomBytes } from './secret.ts'

/** 32 hex digits: accounts, zones, users, API tokens, and the first part of a client id. */
export function newHexId(random: RandomBytes): string {
  return Buffer.from(random(16)).toString('hex')
}

/** A random UUID (RFC 9562, version 4): service tokens, applications, policies. */
export function newUuid(random: RandomBytes): string {
  const bytes = Buffer.from(random(16))
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x40
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80
  const hex = bytes.toString('hex')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

/** `<32 hex>.access`, the form in which clients send it. */
export function newClientId(random: RandomBytes): string {
  return `${newHexId(random)}.access`
}

/** The audience tag of an application: 64 hex digits. */
export function newAudience(random: RandomBytes): string {
  return Buffer.from(random(32)).toString('hex')
}

const lastDigits = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'))

/** Numbers requests (`cf-ray`): unique in this process by the count, across processes by the random half. */
export function createRayIds(random: RandomBytes): () => string {
  const process = Buffer.from(random(4)).toString('hex')
  let count = 0
  let most = ''
  return () => {
    count = (count + 1) >>> 0
    // All digits but the last two change with every 256th only.
    if (most === '' || (count & 255) === 0) most = process + (count >>> 8).toString(16).padStart(6, '0')
    return most + lastDigits[count & 255]
  }
}
