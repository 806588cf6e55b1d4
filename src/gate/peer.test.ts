import type { IncomingMessage } from 'node:http'
import { describe, expect, test } from 'vitest'
import { addressRanges } from '../config/values.ts'
import { createAddressSet } from '../domain/address-range.ts'
import { clientAddress, hostName, isHost, peerAddress } from './peer.ts'

/** The part of a request that says who sent it. */
function requestFrom(remoteAddress: string | undefined): IncomingMessage {
  return { socket: { remoteAddress } } as unknown as IncomingMessage
}

describe('the host name', () => {
  test.each([
    ['api.example.com', 'api.example.com'],
    ['API.Example.COM', 'api.example.com'],
    ['api.example.com:8080', 'api.example.com'],
    ['api.example.com.', 'api.example.com'],
    ['api.example.com.:443', 'api.example.com'],
    ['192.0.2.1:80', '192.0.2.1'],
    ['[2001:DB8::1]', '[2001:db8::1]'],
    ['[2001:db8::1]:8443', '[2001:db8::1]'],
    [undefined, ''],
    ['', ''],
    [':80', ''],
  ])('of %j is %j', (header, name) => {
    expect(hostName(header)).toBe(name)
  })
})

describe('a Host header names one host, and in one way only:', () => {
  test.each([
    ...[
      ['', true],
      ['api.example.com', true],
      ['API.example.com.:443', true],
      ['localhost', true],
      ['my_host-1.internal:8080', true],
    ],
    ...[
      ['192.0.2.1', true],
      ['[2001:db8::1]:8443', true],
      ['api.example.com:', true],
    ],
    ...[
      ['a@api.example.com', false],
      ['api%2eexample.com', false],
      ['a.example,b.example', false],
      ['a.example b.example', false],
    ],
    ...[
      ['a.example:80:81', false],
      ['a.example:x', false],
      ['a.example/b', false],
      ['a.example\\b', false],
      ['a..example', false],
    ],
    ...[
      ['.example', false],
      ['a.example..', false],
      ['*', false],
      ['bücher.example', false],
      ['[::1', false],
      [':80', false],
    ],
  ] as const)('%j: %s', (header, isOne) => {
    expect(isHost(header)).toBe(isOne)
  })
})

describe('trust', () => {
  test.each([
    ['loopback', '127.0.0.1', true],
    ['loopback', '127.255.255.254', true],
    ['loopback', '::1', true],
    ['loopback', '128.0.0.1', false],
    ['loopback', '::2', false],
    ['none', '127.0.0.1', false],
    ['none', '::1', false],
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['10.0.0.0/8', '::ffff:10.0.0.1', true],
    ['10.0.0.0/8', '::ffff:11.0.0.1', false],
    ['192.0.2.7', '192.0.2.7', true],
    ['192.0.2.7', '192.0.2.8', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    ['2001:db8::/32', '10.0.0.1', false],
    ['0.0.0.0/0', '::1', false],
    ['loopback,10.0.0.0/8', '10.1.2.3', true],
    ['0.0.0.0/0,::/0', '', false],
    ['0.0.0.0/0,::/0', 'unknown', false],
  ])('in %s: of %s is %s', (ranges, address, trusted) => {
    expect(createAddressSet(addressRanges(ranges))(address)).toBe(trusted)
  })
})

describe('the peer', () => {
  test.each([
    ['192.0.2.1', '192.0.2.1'],
    ['::ffff:192.0.2.1', '192.0.2.1'],
    ['::1', '::1'],
    ['2001:db8::1', '2001:db8::1'],
    ['fe80::1%eth0', 'fe80::1'],
    [undefined, ''],
  ])('at %s is %s', (remoteAddress, address) => {
    expect(peerAddress(requestFrom(remoteAddress))).toBe(address)
  })
})

describe('the client', () => {
  const isTrusted = createAddressSet(addressRanges('loopback,10.0.0.0/8'))
  const clientOf = (peer: string, ...forwardedFor: string[]) =>
    clientAddress(peerAddress(requestFrom(peer)), forwardedFor.length === 0 ? undefined : forwardedFor.join(', '), isTrusted)

  test('is the peer when that is no trusted proxy, whatever it claims', () => {
    expect(clientOf('192.0.2.1')).toBe('192.0.2.1')
    expect(clientOf('192.0.2.1', '198.51.100.1')).toBe('192.0.2.1')
  })

  test('is whom a trusted proxy names', () => {
    expect(clientOf('127.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
    expect(clientOf('::1', '2001:db8::1')).toBe('2001:db8::1')
    expect(clientOf('::ffff:127.0.0.1', '198.51.100.1')).toBe('198.51.100.1')
    expect(clientOf('127.0.0.1', '::ffff:198.51.100.1')).toBe('198.51.100.1')
  })

  test('is the nearest one that is no trusted proxy: what it claims itself is not believed', () => {
    expect(clientOf('127.0.0.1', '1.1.1.1, 198.51.100.1, 10.0.0.9')).toBe('198.51.100.1')
    expect(clientOf('127.0.0.1', '1.1.1.1', '198.51.100.1 ,10.0.0.9')).toBe('198.51.100.1')
  })

  test('is the farthest proxy when all are trusted', () => {
    expect(clientOf('127.0.0.1', '10.0.0.1, 10.0.0.2')).toBe('10.0.0.1')
  })

  test('is not found beyond an entry that is no address', () => {
    expect(clientOf('127.0.0.1', '198.51.100.1, unknown, 10.0.0.2')).toBe('10.0.0.2')
    expect(clientOf('127.0.0.1', 'unknown')).toBe('127.0.0.1')
    expect(clientOf('127.0.0.1', '')).toBe('127.0.0.1')
    expect(clientOf('127.0.0.1', ',')).toBe('127.0.0.1')
    expect(clientOf('127.0.0.1', ',198.51.100.1')).toBe('198.51.100.1')
    expect(clientOf('127.0.0.1', ',10.0.0.2')).toBe('10.0.0.2')
  })

  test('has no zone, which may be any text', () => {
    expect(clientOf('127.0.0.1', 'fe80::1%eth0')).toBe('fe80::1')
    expect(clientOf('127.0.0.1', 'fe80::1%a:b:c:d:e:f:g:h:i:j')).toBe('fe80::1')
    expect(clientOf('127.0.0.1', '198.51.100.1%eth0')).toBe('127.0.0.1')
  })

  test('is found without a look at what it claims itself, however long that is', () => {
    const asked: string[] = []
    const count = (address: string) => {
      asked.push(address)
      return isTrusted(address)
    }
    const header = `${'1.1.1.1,'.repeat(15_000)}198.51.100.1,10.0.0.9`
    const from = (peer: string, value: string) => clientAddress(peer, value, count)
    expect([from('192.0.2.1', header), asked.splice(0)]).toEqual(['192.0.2.1', ['192.0.2.1']])
    expect([from('127.0.0.1', header), asked.splice(0)]).toEqual(['198.51.100.1', ['127.0.0.1', '10.0.0.9', '198.51.100.1']])
    const proxies = (length: number) => Array.from({ length }, (_nothing, at) => `10.0.0.${at}`).join(',')
    expect([from('127.0.0.1', proxies(200)), asked.length]).toEqual(['10.0.0.150', 51])
  })
})
