import { BlockList, isIP, isIPv6 } from 'node:net'

/** Addresses with the same first `prefix` bits: a CIDR range (RFC 4632), or one address with all its bits. */
export interface AddressRange {
  readonly address: string
  readonly prefix: number
}

/** Reads an IPv4 or IPv6 address or a CIDR range; `undefined` for anything else. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const [address = '', prefix, ...more] = text.split('/')
  const longest = isIP(address) === 6 ? 128 : 32
  if (isIP(address) === 0 || more.length > 0) return undefined
  if (prefix === undefined) return { address, prefix: longest }
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= longest ? { address, prefix: Number(prefix) } : undefined
}

/** Tells whether an address lies in one of the ranges. IPv4 in its plain form. */
export function createAddressSet(ranges: readonly AddressRange[]): (address: string) => boolean {
  const list = new BlockList()
  for (const { address, prefix } of ranges) list.addSubnet(address, prefix, familyOf(address))
  return (address) => isIP(address) !== 0 && list.check(address, familyOf(address))
}

/** Whether every address of `range` lies in `outer`. */
export function liesWithin(range: AddressRange, outer: AddressRange): boolean {
  return familyOf(range.address) === familyOf(outer.address) && range.prefix >= outer.prefix && createAddressSet([outer])(range.address)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
