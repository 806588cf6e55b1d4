import type { IncomingMessage } from 'node:http'
import { isIP, type Socket } from 'node:net'
import { type AddressRange, createAddressSet } from '../domain/address-range.ts'
import { createBoundedCache } from './bounded-cache.ts'
import type { Head } from './request-head.ts'

/** Tells whether an address belongs to a proxy whose `X-Forwarded-*` headers are believed. */
export type IsTrusted = (address: string) => boolean

/** Remembers who was trusted and who was not: peers are few, and looking an address up takes longer than the rest of a decision. */
export function createTrust(trusted: readonly AddressRange[]): IsTrusted {
  const isAmong = createAddressSet(trusted)
  const known = createBoundedCache<boolean>(10_000)
  return (address) => {
    const answer = known.get(address)
    if (answer !== undefined) return answer
    const found = isAmong(address)
    known.set(address, found)
    return found
  }
}

/** Who is at the other end of the connection; IPv4 in its plain form, and IPv6 without a zone. */
export function peerAddress({ socket }: { readonly socket: Socket }): string {
  return plain(socket.remoteAddress ?? '')
}

function plain(address: string): string {
  // A zone means something on one machine alone, and Node takes nearly any text for one.
  const zone = address.indexOf('%')
  const whole = zone === -1 ? address : address.slice(0, zone)
  return whole.startsWith('::') ? whole.replace(/^::ffff:(?=\d+\.)/i, '') : whole
}

/** Most requests are for the host of the one before, and comparing two names takes less than reading one. */
let lastHost = ''
let [lastNamed, lastName] = ['', '']

/** The name in a `Host` header: lower case, without port and without the dot that may end a full name, as it is the same host. */
export function hostName(header: string | undefined): string {
  if (header === undefined) return ''
  if (header !== lastNamed) {
    lastName = nameOfHost(header)
    lastNamed = header
  }
  return lastName
}

function nameOfHost(header: string): string {
  const host = header.toLowerCase()
  const port = host.startsWith('[') ? host.indexOf(':', host.indexOf(']')) : host.indexOf(':')
  const name = port === -1 ? host : host.slice(0, port)
  return name.endsWith('.') ? name.slice(0, -1) : name
}

const host = /^(?:[\w-]+(?:\.[\w-]+)*\.?|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/**
 * Whether a `Host` header names one host, and in one way only: no user before it, no escape in it, no second port behind it, as some origins would take
 * `a@team.example` for `team.example`. An empty one is HTTP/1.0's.
 */
export function isHost(header: string): boolean {
  if (header === '' || header === lastHost) return true
  const isOne = host.test(header)
  if (isOne) lastHost = header
  return isOne
}

/** Whether a request says once at most for which host it is (RFC 9112, section 3.2: refuse others). */
export function namesOneHost({ hosts, host = '' }: Head): boolean {
  return hosts <= 1 && isHost(host)
}

/** Addresses by how they were written: most clients come again and again. */
const addresses = createBoundedCache<string>(10_000)

/** An address in its one form; `undefined` for what is none. A copy: many remember addresses, and a part of a list would keep all of it in memory. */
function readAddress(text: string): string | undefined {
  const known = addresses.get(text)
  if (known !== undefined || isIP(text) === 0) return known
  const [written, address] = [copyOf(text), copyOf(plain(text))]
  addresses.set(written, address)
  return address
}

function copyOf(text: string): string {
  return Buffer.from(text, 'latin1').toString('latin1')
}

/** Proxies before one another that are looked past, at the most. */
const maxHops = 50

/**
 * The client's own address, of the peer and `X-Forwarded-For` of what it sent: past every trusted proxy that `X-Forwarded-For` names, counted from the near end. What is no address ends the list, as nothing
 * before it can be believed. Nothing is read of what nobody is trusted to say: the header may be long, and most of it the client's own.
 */
export function clientAddress(peer: string, list: string | undefined, isTrusted: IsTrusted): string {
  let address = peer
  if (list === undefined || !isTrusted(address)) return address
  let end = list.length
  for (let hops = 0; hops < maxHops && end >= 0; hops++) {
    const comma = end === 0 ? -1 : list.lastIndexOf(',', end - 1)
    const hop = readAddress(list.slice(comma + 1, end).trim())
    if (hop === undefined) break
    address = hop
    if (!isTrusted(address)) break
    end = comma
  }
  return address
}

/** The same for a request of which all headers are read anyway. */
export function addressOf(request: IncomingMessage, isTrusted: IsTrusted): string {
  return clientAddress(peerAddress(request), request.headers['x-forwarded-for'] as string | undefined, isTrusted)
}
