import { BlockList, isIP, isIPv6 } from 'node:net'

/** Addresses with the same first `prefix` bits: a CIDR range (RFC 4632), or one address with all its bits. */
export interface AddressRange {
  readonly address: string
  readonly prefix: number
}

/** Reads an IPv4 or IPv6 address or a CIDR range; `undefined` for anything else. IPv6 that stands for IPv4 (`::ffff:10.0.0.0/104`) is read as that. */
export function parseAddressRange(text: string): AddressRange | undefined {
  const range = parsePlainRange(text)
  const [, mapped] = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(range?.address ?? '') ?? []
  return range !== undefined && mapped !== undefined && range.prefix >= 96 ? { address: mapped, prefix: range.prefix - 96 } : range
}

function parsePlainRange(text: string): AddressRange | undefined {
  const [address = '', prefix, ...more] = text.split('/')
  const longest = isIP(address) === 6 ? 128 : 32
  // A zone id ("fe80::1%eth0") means something on one machine only.
  if (isIP(address) === 0 || address.includes('%') || more.length > 0) return undefined
  if (prefix === undefined) return { address, prefix: longest }
  return /^(0|[1-9]\d{0,2})$/.test(prefix) && Number(prefix) <= longest ? { address, prefix: Number(prefix) } : undefined
}

/** Tells whether an address lies in one of the ranges. IPv4 in its plain form, or as an IPv6 address that stands for it (`::ffff:10.0.0.1`). */
export function createAddressSet(ranges: readonly AddressRange[]): (address: string) => boolean {
  // One list a family: Node looks an IPv4 address up as ::ffff:a.b.c.d too, and every wide IPv6 range would hold it.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() }
  for (const { address, prefix } of ranges) lists[familyOf(address)].addSubnet(address, prefix, familyOf(address))
  return (address) => {
    const family = isIP(address)
    if (family === 0) return false
    if (family === 4) return lists.ipv4.check(address, 'ipv4')
    return lists.ipv6.check(address, 'ipv6') || lists.ipv4.check(address, 'ipv6')
  }
}

/** Whether every address of `range` lies in `outer`. */
export function liesWithin(range: AddressRange, outer: AddressRange): boolean {
  return familyOf(range.address) === familyOf(outer.address) && range.prefix >= outer.prefix && createAddressSet([outer])(range.address)
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIPv6(address) ? 'ipv6' : 'ipv4'
}
