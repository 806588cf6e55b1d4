import { describe, expect, test } from 'vitest'
import { bySpecificity, type Destination, hostsOverlap, matches, parseDestination, plainSegments } from './destination.ts'

function read(text: string): Destination {
  const destination = parseDestination(text)
  if ('flaw' in destination) throw new Error(`${text} ${destination.flaw}`)
  return destination
}

describe('a destination', () => {
  test.each([
    ['example.com', 'example.com', []],
    ['Example.COM/', 'example.com', []],
    ['localhost/a', 'localhost', [['a']]],
    ['10.0.0.1/a/b', '10.0.0.1', [['a'], ['b']]],
    ['[::1]/a', '[::1]', [['a']]],
    ['*', '*', []],
    ['*/admin', '*', [['admin']]],
    ['*.example.com/a*c/', '*.example.com', [['a', 'c']]],
    ['dev-*.example.com/*/x', 'dev-*.example.com', [['', ''], ['x']]],
    ['my_host.example.com/Straße'.replace('ß', '%C3%9F'), 'my_host.example.com', [['Straße']]],
  ])('%s is read', (text, hostName, path) => {
    expect(read(text)).toMatchObject({ hostName, path })
  })

  test.each([
    ['https://example.com', 'without a scheme'],
    ['example.com:8443', 'without a port'],
    ['', 'begin with a host'],
    ['/admin', 'begin with a host'],
    ['bücher.example', 'in ASCII'],
    ['a.*.example.com', 'only in the first label'],
    ['*.*.example.com', 'only in the first label'],
    ['**.example.com', 'first label'],
    ['a*b*c.example.com', 'first label'],
    ['-a.example.com', 'name of a host'],
    ['a..example.com', 'name of a host'],
    ['example.com.', 'name of a host'],
    ['exa mple.com', 'name of a host'],
    ['user@example.com', 'name of a host'],
    [`${'a'.repeat(64)}.example.com`, 'name of a host'],
    ['example.com/a?b', 'plain segments'],
    ['example.com/a#b', 'plain segments'],
    ['example.com/a b', 'plain segments'],
    ['example.com//a', 'plain segments'],
    ['example.com/a/../b', 'plain segments'],
    ['example.com/a%2fb', 'plain segments'],
    ['example.com/%zz', 'plain segments'],
    [`example.com/${'a'.repeat(3000)}`, 'plain segments'],
  ])('%s is none, and it is said what would be right', (text, words) => {
    expect(parseDestination(text)).toEqual({ flaw: expect.stringContaining(words) })
  })
})

describe('the * of a pattern', () => {
  test.each([
    ['*', '', true],
    ['*', 'anything', true],
    ['a*', 'abc', true],
    ['a*', 'ba', false],
    ['*c', 'abc', true],
    ['a*c', 'ac', true],
    ['a*c', 'abc', true],
    ['aa*aa', 'aaa', false],
    ['a*b*c', 'a-b-c', true],
    ['a*b*c', 'a-c', false],
    ['a*b*b', 'ab', false],
    ['ab', 'abc', false],
    ['ab', 'ab', true],
  ])('in %s: %j → %j', (pattern, text, expected) => {
    expect(matches(pattern.split('*'), text)).toBe(expected)
  })
})

test('paths are ordered by their segments: literal before wildcard, more of it before less, longer before shorter', () => {
  const paths = ['/', '/*', '/a*', '/ab*', '/a', '/a/*', '/a/b', '/a/b/c', '/z']
  const ordered = paths.map((path) => read(`h${path}`).path).toSorted(bySpecificity)
  expect(ordered.map((path) => `/${path.map((glob) => glob.join('*')).join('/')}`)).toEqual([
    ...['/a/b/c', '/a/b', '/a/*', '/a', '/z', '/ab*', '/a*', '/*', '/'],
  ])
})

describe('two hosts overlap', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.b', 'A.B', true],
    ['a.b', 'c.b', false],
    ['*.b', 'a.b', true],
    ['*.b', 'b', false],
    ['*.b', 'a.c.b', false],
    ['a*.b', 'ab.b', true],
    ['a*.b', 'b.b', false],
    ['a*.b', '*c.b', true],
    ['a*.b', 'b*.b', false],
    ['*x.b', '*y.b', false],
    ['*', '*', true],
    ['*', 'a.b', false],
    ['*', '*.b', false],
  ])('%s and %s: %j', (one, other, expected) => {
    expect(hostsOverlap(read(one).host, read(other).host)).toBe(expected)
    expect(hostsOverlap(read(other).host, read(one).host)).toBe(expected)
  })
})

describe('the segments of a path', () => {
  test.each([
    ['/', []],
    ['/a', ['a']],
    ['/a/', ['a']],
    ["/a/b.c/-_~!$&'()*+,=:@", ['a', 'b.c', "-_~!$&'()*+,=:@"]],
    ['/%61%C3%A9', ['aé']],
    ['/%20a', [' a']],
    ['/.well-known/x', ['.well-known', 'x']],
  ])('%s', (path, segments) => {
    expect(plainSegments(path)).toEqual(segments)
  })

  test.each([
    ...[
      '',
      'a',
      '*',
      '//',
      '//a',
      '/a//b',
      '/a//',
      '/.',
      '/..',
      '/a/.',
      '/a/../b',
      '/%2e%2E/b',
      '/a/.%2e',
      '/...',
      '/a./b',
      '/a%20/b',
      '/a..',
    ],
    ...[
      '/a%2fb',
      '/a%5Cb',
      '/a\\b',
      '/a;b',
      '/a%3bb',
      '/..;/b',
      '/a%00',
      '/a%0d%0a',
      '/a%7f',
      '/a%25',
      '/%2561',
      '/a%3fb',
      '/a%23',
      '/a#b',
    ],
    ...['/%', '/%6', '/%zz', '/%c0%ae', '/%ff', '/\u00e9', '/a b', '/a\tb', '/%EF%BC%8F', '/%EF%BC%8E%EF%BC%8E', '/%E2%80%A5', '/%C2%85'],
  ])('%j is read in different ways by different servers', (path) => {
    expect(plainSegments(path)).toBeUndefined()
  })
})
