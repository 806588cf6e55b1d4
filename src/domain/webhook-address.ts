import { isIP } from 'node:net'
import { type AddressRange, createAddressSet, parseAddressRange } from './address-range.ts'

// Where messages may be sent to. Their URLs are chosen by tenants, who must not reach by them what only this machine can: so what an address is decides, whatever
// its name was.

export type AddressKind = 'public' | 'private' | 'loopback' | 'special'

function among(...ranges: readonly string[]): (address: string) => boolean {
  return createAddressSet(
    ranges.map((text) => {
      const range = parseAddressRange(text)
      if (range === undefined) throw new Error(`not a range: ${text}`)
      return range
    }),
  )
}

const isLoopback = among('127.0.0.0/8', '::1')
/** Where clouds tell their machines secrets, in the midst of other ranges. */
const isMetadata = among('100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::/32', 'fd20:ce::254')
const isPrivate = among('10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', 'fc00::/7')
/** What is no host's (RFC 6890), link-local addresses, and IPv6 addresses that lead to IPv4 ones. */
const isSpecial = among(
  ...['0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '198.18.0.0/15', '198.51.100.0/24', '203.0.113.0/24'],
  ...['192.88.99.0/24', '224.0.0.0/4', '240.0.0.0/4', '::/96', '64:ff9b::/96', '64:ff9b:1::/48', '100::/64', '2001::/23'],
  ...['2001:db8::/32', '2002::/16', 'fe80::/10', 'fec0::/10', 'ff00::/8', '::ffff:0:0:0/96', '100:0:0:1::/64', '3fff::/20', '5f00::/16'],
)

function kindOf(address: string): AddressKind {
  if (isIP(address) === 0 || address.includes('%')) return 'special'
  if (isLoopback(address)) return 'loopback'
  if (isMetadata(address)) return 'special'
  if (isPrivate(address)) return 'private'
  return isSpecial(address) ? 'special' : 'public'
}

/** Which addresses messages may go to: all of these kinds, and those in these ranges whatever they are. */
export interface Reach {
  readonly kinds: readonly AddressKind[]
  readonly ranges: readonly AddressRange[]
}

export function createReach({ kinds, ranges }: Reach): (address: string) => boolean {
  const isNamed = createAddressSet(ranges)
  return (address) => isNamed(address) || kinds.includes(kindOf(address))
}

/** What is wrong with a URL, as the end of the sentence "url …"; `undefined` where it may be sent to, as far as it tells by itself. */
export function flawOf(url: string, isWithinReach: (address: string) => boolean): string | undefined {
  // What URLs may hold beside this (spaces, line breaks, letters beyond ASCII) becomes something else on the way.
  if (!/^https?:\/\/[!-~]+$/i.test(url) || !URL.canParse(url))
    return 'must be an http or https URL in ASCII, such as https://alerts.example.com/postern'
  const { username, password, hash, hostname } = new URL(url)
  if (username !== '' || password !== '') return 'must have no user and no password in it: a secret is a field of its own'
  if (hash !== '') return 'must have no fragment: it would not be sent'
  const address = addressIn(hostname)
  if (address === undefined || isWithinReach(address)) return undefined
  return `must lead to an address that alerts may be sent to: ${hostname} is not one, as POSTERN_ALERT_ADDRESSES is set`
}

/** The address that a host of a URL is; `undefined` for a name that has to be looked up. */
function addressIn(hostname: string): string | undefined {
  const bare = hostname.replace(/^\[|\]$/g, '')
  if (isIP(bare) !== 0) return bare
  // RFC 6761, section 6.3.
  return /(^|\.)localhost\.?$/i.test(hostname) ? '127.0.0.1' : undefined
}
