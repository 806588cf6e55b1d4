import { isHost } from './peer.ts'
import { type Head, isNamed, readHead } from './request-head.ts'

/** A proxy's question of which nothing is in doubt: it came whole and alone, and has no body. */
export interface PlainQuestion {
  readonly method: 'GET'
  readonly url: string
  /** Names and values in turn, as Node would show them. They are parts of the whole packet's text, and keep it in memory: who remembers one copies it. */
  readonly rawHeaders: readonly string[]
  readonly head: Head
}

/** How proxies ask. Caddy adds the query of the request that it asks about. */
const [method, path, version] = ['GET', '/authorize', ' HTTP/1.1\r\n'] as const
const beginning = `${method} ${path}`
const emptyLine = '\r\n'
/** Longer ones are rare, and have limits that Node keeps. */
const mostBytes = 8_192
const mostHeaders = 100

/** The bytes of a query, and some that no query should have: none of them ends a request target. */
const inQuery = bytesOf(/[\x21-\x7e]/)
/** The bytes of a field name (RFC 9110, section 5.6.2). */
const inName = bytesOf(/[!#$%&'*+.^_`|~\w-]/)
/** The bytes of a field value (RFC 9110, section 5.5). */
const inValue = bytesOf(/[\t\x20-\x7e\x80-\xff]/)

function bytesOf(pattern: RegExp): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, byte) => Number(pattern.test(String.fromCharCode(byte))))
}

const [question, colon, space, tab, carriageReturn, lineFeed] = [0x3f, 0x3a, 0x20, 0x09, 0x0d, 0x0a]

/**
 * Reads a packet as a plain question; `undefined` for whatever is not one beyond doubt, which Node's parser is there for. So all that two parsers could read in
 * different ways is read by that one: bodies, codings, upgrades, several requests or parts of one, folded lines, other versions.
 */
export function readPlainQuestion(packet: Buffer): PlainQuestion | undefined {
  if (packet.length > mostBytes) return undefined
  const text = packet.toString('latin1')
  if (!text.startsWith(beginning)) return undefined
  const hasQuery = packet[beginning.length] === question
  const urlEnd = hasQuery ? endOf(inQuery, packet, beginning.length) : beginning.length
  if (!text.startsWith(version, urlEnd)) return undefined
  const rawHeaders: string[] = []
  const end = text.length - emptyLine.length
  let at = urlEnd + version.length
  while (at < end) {
    const nameEnd = endOf(inName, packet, at)
    if (nameEnd === at || packet[nameEnd] !== colon) return undefined
    const from = pastSpaces(packet, nameEnd + 1)
    const to = endOf(inValue, packet, from)
    if (packet[to] !== carriageReturn || packet[to + 1] !== lineFeed) return undefined
    // Node takes blanks off both ends of a value. Only spaces before it are usual.
    if (isBlank(packet[from]) || isBlank(packet[to - 1])) return undefined
    const name = text.slice(at, nameEnd)
    const value = text.slice(from, to)
    if (changesMeaning(name, value)) return undefined
    rawHeaders.push(name, value)
    at = to + emptyLine.length
  }
  if (at !== end || !text.endsWith(emptyLine) || rawHeaders.length > 2 * mostHeaders) return undefined
  const head = readHead(rawHeaders)
  if (head.hosts !== 1 || head.host === undefined || !isHost(head.host)) return undefined
  return { method, url: hasQuery ? text.slice(method.length + 1, urlEnd) : path, rawHeaders, head }
}

function endOf(bytes: Uint8Array, packet: Buffer, from: number): number {
  let at = from
  while (at < packet.length && bytes[packet[at] as number] === 1) at++
  return at
}

function pastSpaces(packet: Buffer, from: number): number {
  let at = from
  while (packet[at] === space) at++
  return at
}

function isBlank(code: number | undefined): boolean {
  return code === space || code === tab
}

/** Headers that say where a request ends, or what becomes of its connection. */
function changesMeaning(name: string, value: string): boolean {
  switch (name.length) {
    case 6:
      return isNamed(name, 'expect')
    case 7:
      return isNamed(name, 'upgrade') || isNamed(name, 'trailer')
    case 10:
      return isNamed(name, 'connection') && value.toLowerCase() !== 'keep-alive'
    case 14:
      return isNamed(name, 'content-length') || isNamed(name, 'http2-settings')
    case 16:
      return isNamed(name, 'proxy-connection')
    case 17:
      return isNamed(name, 'transfer-encoding')
    default:
      return false
  }
}
