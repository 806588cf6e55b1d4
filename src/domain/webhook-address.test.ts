import { describe, expect, test } from 'vitest'
import { createReach, flawOf } from './webhook-address.ts'

const byDefault = createReach({ kinds: ['public', 'private'], ranges: [] })

describe('by default', () => {
  test.each([
    ...[
      '8.8.8.8',
      '100.63.255.255',
      '100.128.0.1',
      '169.253.1.1',
      '172.32.0.1',
      '2606:4700::1111',
      '2a00::1',
      '3fff:1000::1',
      '5f01::1',
      'fd00:ec3::1',
    ],
    ...['10.0.0.1', '172.16.5.4', '172.31.255.255', '192.168.1.1', '100.64.0.1', 'fd12:3456::1', '::ffff:10.0.0.1', '::ffff:8.8.8.8'],
  ])('%s of the internet or a local network may be reached', (address) => {
    expect(byDefault(address)).toBe(true)
  })

  test.each([
    ...['127.0.0.1', '127.255.255.254', '::1', '::ffff:127.0.0.1', '::ffff:7f00:1', '0.0.0.0', '::', '0:0:0:0:0:0:0:1'],
    ...['169.254.169.254', '169.254.0.1', '::ffff:169.254.169.254', '::ffff:a9fe:a9fe', 'fe80::1', 'fe80::1%eth0', 'febf::1'],
    ...['100.100.100.200', '168.63.129.16', '192.0.0.192', 'fd00:ec2::254', 'fd00:ec2::23', 'fd00:ec2:ffff::1', 'fd20:ce::254'],
    ...['224.0.0.1', '239.255.255.255', '255.255.255.255', '240.0.0.1', 'ff02::1'],
    ...['::127.0.0.1', '64:ff9b::7f00:1', '64:ff9b::a9fe:a9fe', '64:ff9b:1::1', '2002:7f00:1::', '2001:0:1::1', 'fec0::1'],
    ...['::ffff:0:10.0.0.1', '::ffff:0:7f00:1', '100:0:0:1::1', '3fff::1', '3fff:fff::1', '5f00::1', '5f00:ffff::1'],
    ...['', 'localhost', '10.0.0.1/8', '2852039166'],
  ])('"%s" may not', (address) => {
    expect(byDefault(address)).toBe(false)
  })
})

test('an operator may name what else is reached, and what is not', () => {
  const range = { address: '169.254.0.0', prefix: 16 }
  const local = createReach({ kinds: ['loopback'], ranges: [range] })
  expect(['127.0.0.1', '::1', '169.254.1.1', '::ffff:169.254.1.1'].map(local)).toEqual([true, true, true, true])
  expect(['8.8.8.8', '10.0.0.1', 'fe80::1'].map(local)).toEqual([false, false, false])
  expect(createReach({ kinds: [], ranges: [] })('8.8.8.8')).toBe(false)
})

describe('a URL', () => {
  test.each([
    ...[
      'https://alerts.example.com',
      'http://alerts.example.com:8080/a/b?c=d',
      'HTTPS://hooks.example.com/T0/B0/x',
      'http://10.0.0.1/',
      'http://[fd12::1]:80/',
    ],
    ...['http://localhosts.example/', 'http://notlocalhost/'],
  ])('%s may be sent to, as far as it tells', (url) => {
    expect(flawOf(url, byDefault)).toBeUndefined()
  })

  test.each([
    ...[
      'ftp://a.example',
      'file:///etc/passwd',
      'javascript:alert(1)',
      '//a.example',
      'a.example',
      '',
      'http://',
      'https://[',
      'unix:/run/x',
    ],
    ...['http://a.example/ b', 'http://a.exa\nmple/', 'http://bücher.example/', 'http:\\\\a.example', ' http://a.example'],
    ...['https://user@a.example', 'https://user:pass@a.example', 'https://:pass@a.example/', 'https://a.example/#b'],
    ...['http://127.0.0.1', 'http://127.1', 'http://0x7f000001', 'http://2130706433', 'http://0177.0.0.1', 'http://0', 'http://[::1]'],
    ...['http://[::ffff:127.0.0.1]', 'http://[::]', 'http://localhost', 'http://LOCALHOST:80', 'http://localhost.', 'http://a.localhost/'],
    ...[
      'http://169.254.169.254/latest',
      'http://[fe80::1]/',
      'http://0xa9fea9fe/',
      'http://169.254.169.254.',
      'http://%31%36%39.254.169.254/',
    ],
  ])('%j may not', (url) => {
    expect(flawOf(url, byDefault)).toEqual(expect.stringMatching(/^must /))
  })
})
