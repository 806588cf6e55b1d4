import { isIP } from 'node:net'
import { type AddressRange, parseAddressRange } from '../domain/address-range.ts'
import { parseDuration } from '../domain/duration.ts'
import type { AddressKind, Reach } from '../domain/webhook-address.ts'

// Readers of single values. Each answers with the value, or throws an error whose message ends the sentence "<name> must be …".

export interface ListenAddress {
  readonly host: string
  readonly port: number
}

export type DatabaseUrl = { readonly engine: 'sqlite'; readonly path: string } | { readonly engine: 'postgres'; readonly url: string }

export function databaseUrl(text: string): DatabaseUrl {
  if (/^postgres(ql)?:\/\//.test(text) && URL.canParse(text)) return { engine: 'postgres', url: text }
  if (text.startsWith('sqlite:') && text.length > 'sqlite:'.length) return { engine: 'sqlite', path: text.slice('sqlite:'.length) }
  throw new Error('sqlite:<path> or postgres://user:password@host/database')
}

export function postgresUrl(text: string): string {
  const url = databaseUrl(text)
  if (url.engine !== 'postgres') throw new Error('postgres://user:password@host/database')
  return url.url
}

export function listenAddress(text: string): ListenAddress {
  const [, bracketed, plain, port = ''] = /^(?:\[([^\]]+)\]|([^:\s]+)):(\d{1,5})$/.exec(text) ?? []
  const host = bracketed ?? plain
  if (host === undefined || Number(port) > 65_535 || (bracketed !== undefined && isIP(bracketed) !== 6)) {
    throw new Error('an address and a port, such as 127.0.0.1:7400 or [::1]:7400')
  }
  return { host, port: Number(port) }
}

const loopback: readonly AddressRange[] = [
  { address: '127.0.0.0', prefix: 8 },
  { address: '::1', prefix: 128 },
]

export function addressRanges(text: string): readonly AddressRange[] {
  if (text === 'none') return []
  return text.split(',').flatMap((entry) => (entry.trim() === 'loopback' ? loopback : [addressRange(entry.trim())]))
}

const kinds: readonly AddressKind[] = ['public', 'private', 'loopback']

/** Kinds of addresses, and single ranges. */
export function addressReach(text: string): Reach {
  if (text === 'none') return { kinds: [], ranges: [] }
  const entries = text.split(',').map((entry) => entry.trim())
  const named = kinds.filter((kind) => entries.includes(kind))
  const ranges = entries.filter((entry) => !named.some((kind) => kind === entry)).map(parseAddressRange)
  const known = ranges.flatMap((range) => range ?? [])
  if (known.length < ranges.length)
    throw new Error('public, private, loopback or CIDR ranges, separated by commas, such as public,10.1.0.0/16, or "none"')
  return { kinds: named, ranges: known }
}

function addressRange(text: string): AddressRange {
  const range = parseAddressRange(text)
  if (range !== undefined) return range
  throw new Error('addresses or CIDR ranges separated by commas, such as 10.0.0.0/8,192.168.1.5, or "loopback", or "none"')
}

/** Origins as browsers send them (RFC 6454, section 6.2): scheme, name in lower case, and the port unless it is the usual one. */
export function origins(text: string): readonly string[] {
  if (text === 'none') return []
  return text.split(',').map((entry) => origin(entry.trim()))
}

function origin(text: string): string {
  if (text.includes('*')) throw new Error('named origins, each in full: with "*", websites that nobody has thought of could use the API')
  if (/^https?:/.test(text) && URL.canParse(text) && new URL(text).origin === text) return text
  throw new Error('exact origins separated by commas, such as https://console.example.com, without a path or a "/" at the end, or "none"')
}

/** 32 bytes, as 64 hex digits or 43 letters of base64. */
export function key256(text: string): Uint8Array {
  const bytes = Buffer.from(text, /^[0-9a-f]{64}$/i.test(text) ? 'hex' : 'base64')
  if (bytes.length !== 32 || !/^([0-9a-f]{64}|[\w+/-]{43}=?)$/i.test(text))
    throw new Error('32 random bytes in hex or base64; make one with: openssl rand -hex 32')
  return bytes
}

export function originUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username !== '' || url.search !== '' || url.hash !== '') {
    throw new Error('an http or https URL without user, query and fragment, such as http://127.0.0.1:3000')
  }
  return text
}

export function filePath(text: string): string {
  if (text.trim() === '' || text.includes('\0')) throw new Error('the path of a file')
  return text
}

/** A Go duration above zero, in whole milliseconds. */
export function milliseconds(text: string): number {
  const nanoseconds = parseDuration(text) ?? 0n
  // Node's timers end at 2^31 - 1 milliseconds.
  if (nanoseconds < 1_000_000n || nanoseconds >= 2n ** 31n * 1_000_000n)
    throw new Error('a duration from 1ms to 596h, such as 200ms, 30s or 1m')
  return Number(nanoseconds / 1_000_000n)
}

/** A Go duration above zero of any length, in milliseconds. */
export function lifetime(text: string): number {
  const nanoseconds = parseDuration(text) ?? 0n
  if (nanoseconds < 1_000_000n) throw new Error('a duration of at least 1ms, such as 720h or 90m')
  return Number(nanoseconds / 1_000_000n)
}

export function wholeNumber(text: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error('a whole number')
  return Number(text)
}

/** A whole number between two others, which are among those that may be. */
export function between(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN
    if (number >= least && number <= most) return number
    throw new Error(`a whole number from ${least} to ${most}`)
  }
}

/** `{ oneIn: 100 }` for `1/100`. */
export function accessLogMode(text: string): 'off' | 'all' | 'refused' | { readonly oneIn: number } {
  const [, oneIn] = /^1\/([1-9]\d{0,8})$/.exec(text) ?? []
  if (oneIn !== undefined) return { oneIn: Number(oneIn) }
  if (text === 'off' || text === 'all' || text === 'refused') return text
  throw new Error('off, all, refused, or a part such as 1/100')
}

export function oneOf<const Name extends string>(...names: readonly Name[]): (text: string) => Name {
  return (text) => {
    const found = names.find((name) => name === text)
    if (found === undefined) throw new Error(`one of ${names.join(', ')}`)
    return found
  }
}

export function matching(pattern: RegExp, what: string): (text: string) => string {
  return (text) => {
    if (!pattern.test(text)) throw new Error(what)
    return text
  }
}

export const hexId = matching(/^[0-9a-f]{32}$/, '32 hex digits in lower case')
