import type { IncomingMessage } from 'node:http'
import { createBoundedCache } from '../bounded-cache.ts'
import { clientAddress, type IsTrusted, peerAddress } from '../peer.ts'
import { joined } from '../request-head.ts'

/** What goes to the origin besides the request, and what must not. */
export interface HeaderTerms {
  readonly isTrusted: IsTrusted
  readonly ray: string
  /** What this gate is called among those that a request has come through. */
  readonly loopId: string
  /** Vouches for the caller to the origin, as `Cf-Access-Jwt-Assertion`; `null` for none. */
  readonly assertion: string | null
  /** The header in which this application takes credentials, in any letter case; `null` for none. */
  readonly withoutHeader: string | null
}

/** They concern one connection only (RFC 9110, section 7.6.1). `expect` is answered by the gate itself. */
const hopByHop = ['connection', 'keep-alive', 'proxy-connection', 'proxy-authenticate', 'proxy-authorization', 'te', 'trailer']
const perConnection: ReadonlySet<string> = new Set([...hopByHop, 'transfer-encoding', 'upgrade', 'expect'])

/** Whose name, address and way the request has: the origin hears of these from the gate alone. */
const ownedByGate: ReadonlySet<string> = new Set([
  ...['host', 'cf-ray', 'cf-connecting-ip', 'true-client-ip', 'x-real-ip', 'forwarded', 'x-host', 'x-rewrite-url', 'cdn-loop'],
])
/** Some origins take the path of the request from these, and would serve another one than was decided about. */
const prefixesOwnedByGate = ['cf-access-', 'x-forwarded-', 'x-original-']

/** The request's headers for the origin, as name-value pairs: no credentials, nothing that only the gate may say, and what the gate says. */
export function requestHeaders(request: IncomingMessage, { isTrusted, ray, loopId, assertion, withoutHeader }: HeaderTerms): string[] {
  const peer = peerAddress(request)
  const trusted = isTrusted(peer)
  const credential = withoutHeader === null ? null : spellingOf(withoutHeader)
  const { headers, host, before, protocols, loops } = takeApart(request.rawHeaders, credential)
  // The host that was decided about, whatever a proxy says: an origin that goes by X-Forwarded-Host would serve another one's pages.
  if (host !== undefined) headers.push('host', host, 'x-forwarded-host', host)
  headers.push('cf-ray', ray, 'cf-connecting-ip', before === undefined ? peer : clientAddress(peer, before, isTrusted))
  headers.push('x-forwarded-for', trusted && before !== undefined ? `${before}, ${peer}` : peer)
  // Of several, nobody can tell which one is the proxy's.
  const protocol = trusted && protocols.length === 1 ? protocols[0] : undefined
  headers.push('x-forwarded-proto', protocol || ('encrypted' in request.socket ? 'https' : 'http'))
  headers.push('cdn-loop', loops === undefined ? loopId : `${loops}, ${loopId}`)
  if (assertion !== null) headers.push('cf-access-jwt-assertion', assertion)
  return headers
}

/** A request's headers in one walk: those that the origin gets as they are, and what others of them say. Of a header with several lines, the values with commas between. */
interface Parts {
  readonly headers: string[]
  readonly protocols: string[]
  host: string | undefined
  before: string | undefined
  loops: string | undefined
}

function takeApart(raw: readonly string[], credential: string | null): Parts {
  const named = namedByConnection(raw)
  const parts: Parts = { headers: [], protocols: [], host: undefined, before: undefined, loops: undefined }
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const [text, value] = [raw[at] as string, raw[at + 1] as string]
    const name = nameOf(text)
    if (name.isOwnedByGate) note(parts, name.lower, value)
    if (isDropped(name, named) || name.isOwnedByGate || name.spelling === credential) continue
    const kept = name.lower === 'cookie' ? withoutSession(value) : value
    if (kept !== undefined) parts.headers.push(text, kept)
  }
  return parts
}

function note(parts: Parts, lower: string, value: string): void {
  if (lower === 'host') parts.host ??= value
  else if (lower === 'x-forwarded-for') parts.before = joined(parts.before, value)
  else if (lower === 'x-forwarded-proto') parts.protocols.push(value)
  else if (lower === 'cdn-loop') parts.loops = joined(parts.loops, value)
}

/** The answer's headers for the client, as name-value pairs, with a cookie beside those of the origin unless it is `null`. */
export function responseHeaders(raw: readonly string[], statusCode: number, ray: string, setCookie: string | null): string[] {
  const headers = endToEnd(raw, statusCode)
  headers.push('cf-ray', ray)
  if (setCookie !== null) headers.push('set-cookie', setCookie)
  return headers
}

/** Fails for an answer in another transfer coding than `chunked`: it is not undone here, and without the header nobody after the gate could undo it. */
export function requireKnownCoding(raw: readonly string[]): void {
  const codings = valuesOf(raw, 'transfer-encoding')
  if (codings.length > 0 && !/^\s*chunked\s*$/i.test(codings.join()))
    throw new Error('it answered in a transfer coding that is not known here')
}

/** Headers as undici has read them, as text: each byte a character, so that they are written as they were. */
export function textsOf(raw: readonly Buffer[]): string[] {
  return raw.map((bytes) => bytes.toString('latin1'))
}

/** Whether an answer with these name-value pairs is one that may stay open for good. */
export function isEventStream(headers: readonly string[]): boolean {
  return valuesOf(headers, 'content-type').some((type) => /^\s*text\/event-stream\b/i.test(type))
}

/** What a header's name tells, in any letter case. */
interface Name {
  readonly lower: string
  /** WSGI, CGI and their like cannot tell `_` from `-` in it. */
  readonly spelling: string
  readonly isPerConnection: boolean
  /** The credentials, which no origin ever sees, and every header by which an origin could take the caller for somebody else. */
  readonly isOwnedByGate: boolean
}

/** Clients send the same few names again and again. */
const names = createBoundedCache<Name>(2_000)
/** Beyond that, what a client makes up is read each time. */
const longestKept = 64

function nameOf(text: string): Name {
  return names.get(text) ?? readName(text)
}

function readName(text: string): Name {
  const lower = text.toLowerCase()
  const spelling = spellingOf(text)
  const isOwnedByGate = ownedByGate.has(spelling) || prefixesOwnedByGate.some((prefix) => spelling.startsWith(prefix))
  const name = { lower, spelling, isPerConnection: perConnection.has(lower), isOwnedByGate }
  if (text.length <= longestKept) names.set(text, name)
  return name
}

function spellingOf(name: string): string {
  return name.toLowerCase().replaceAll('_', '-')
}

/** The values of a header whose name is given in lower case, in the order of their lines. */
export function valuesOf(raw: readonly string[], lower: string): readonly string[] {
  const values: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    // Lengths first: nearly every other header differs in it, and is spared the lower-casing.
    if (raw[at]?.length === lower.length && raw[at]?.toLowerCase() === lower) values.push(raw[at + 1] ?? '')
  }
  return values
}

/**
 * An answer's name-value pairs without those for one connection, those that `Connection` names, and the ray, which is the gate's to say. Where the status
 * allows no body, a length must not be sent either (RFC 9110, section 8.6); a 304 may name that of what it stands for.
 */
export function endToEnd(raw: readonly string[], statusCode: number): string[] {
  const named = namedByConnection(raw)
  const hasLength = statusCode >= 200 && statusCode !== 204
  const kept: string[] = []
  for (let at = 0; at + 1 < raw.length; at += 2) {
    const name = nameOf(raw[at] as string)
    if (isDropped(name, named) || name.spelling === 'cf-ray' || (!hasLength && name.lower === 'content-length')) continue
    kept.push(raw[at] as string, raw[at + 1] as string)
  }
  return kept
}

function isDropped({ isPerConnection, lower }: Name, named: ReadonlySet<string> | undefined): boolean {
  return isPerConnection || named?.has(lower) === true
}

function namedByConnection(raw: readonly string[]): ReadonlySet<string> | undefined {
  let named: Set<string> | undefined
  for (const value of valuesOf(raw, 'connection')) {
    if (value === 'keep-alive' || value === 'close') continue
    named ??= new Set()
    for (const name of value.toLowerCase().split(',')) named.add(name.trim())
  }
  return named
}

/** Cookies without the one in which the gate keeps a session; `undefined` if there is no other. All others stay byte for byte. */
function withoutSession(cookies: string): string | undefined {
  if (!cookies.includes('CF_Authorization')) return cookies
  const pairs = cookies.split(';')
  const kept = pairs.filter((pair) => pair.split('=', 1)[0]?.trim() !== 'CF_Authorization')
  if (kept.length === 0) return undefined
  // The space that followed the removed cookie would otherwise begin the line.
  return kept[0] === pairs[0] ? kept.join(';') : kept.join(';').trimStart()
}
