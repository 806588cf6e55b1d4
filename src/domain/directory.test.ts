import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { anApplication } from '../../test/gate-fixtures.ts'
import type { Application } from './application.ts'
import { createDirectory } from './directory.ts'

/** Applications named after their destinations, the first of them the oldest. */
function directoryOf(...applications: readonly (string | Partial<Application>)[]) {
  const entries = applications.map((given, at) => {
    const fields = typeof given === 'string' ? { destinations: given.split(' ') } : given
    const id = fields.id ?? fields.destinations?.join(' ') ?? ''
    return { application: anApplication({ domain: '-', createdAt: at, ...fields, id }) }
  })
  const directory = createDirectory(entries)
  return (host: string, target: string) => {
    const found = directory.find(host, target)
    return found === undefined || found === 'ambiguous' ? found : found.application.id
  }
}

describe('the application that answers', () => {
  const find = directoryOf(
    ...['*', 'example.com', 'example.com/admin', 'example.com/admin/public', 'example.com/api/*/keys', 'example.com/Docs'],
    ...['*.example.com', 'dev-*.example.com', 'dev-*.example.com/api/*', 'api.example.com/v1', 'one.test two.test/x'],
  )

  test.each([
    ['example.com', '/', 'example.com'],
    ['example.com', '/admin', 'example.com/admin'],
    ['example.com', '/admin/', 'example.com/admin'],
    ['example.com', '/admin/users?next=/admin/public', 'example.com/admin'],
    ['example.com', '/admin/public/x', 'example.com/admin/public'],
    ['example.com', '/administrator', 'example.com'],
    ['example.com', '/api/1/keys/2', 'example.com/api/*/keys'],
    ['example.com', '/api/1', 'example.com'],
    ['example.com', '/Docs/x', 'example.com/Docs'],
    ['example.com', '/Users/%C3%84', 'example.com'],
    ['www.example.com', '/admin', '*.example.com'],
    ['dev-1.example.com', '/', 'dev-*.example.com'],
    ['dev-1.example.com', '/api/x', 'dev-*.example.com/api/*'],
    ['dev-1.example.com', '/api', 'dev-*.example.com'],
    ['api.example.com', '/v1/x', 'api.example.com/v1'],
    ['api.example.com', '/v2', '*.example.com'],
    ['a.b.example.com', '/', '*'],
    ['one.test', '/x', 'one.test two.test/x'],
    ['two.test', '/x/y', 'one.test two.test/x'],
    ['two.test', '/y', '*'],
    ['', '/', '*'],
    ['*', '/', '*'],
    ['.example.com', '/', '*'],
  ])('for %s%s is %s', (host, target, id) => {
    expect(find(host, target)).toBe(id)
  })

  test.each(['/Admin', '/%61dmin', '/x/../admin', '//admin', '/admin%2f', '/docs', '/DOCS/x', '/x/%2e%2e/admin', '/a;b', '', '*'])(
    'is not to be told where paths matter and servers would read %j in different ways',
    (target) => expect(find('example.com', target)).toBe('ambiguous'),
  )

  test('is told whatever the path where one application has all of the host', () => {
    for (const target of ['/../admin', '//', '', '/%zz', '/Admin']) {
      expect(find('www.example.com', target)).toBe('*.example.com')
      expect(find('elsewhere.test', target)).toBe('*')
    }
  })

  test('is nobody where no destination covers it', () => {
    const only = directoryOf('example.com/admin')
    expect(only('example.com', '/')).toBeUndefined()
    expect(only('other.test', '/admin')).toBeUndefined()
    expect(directoryOf()('example.com', '/')).toBeUndefined()
  })
})

describe('of two that name the same', () => {
  test('the older answers, and a destination that cannot be read is passed over', () => {
    expect(directoryOf({ id: 'older', destinations: ['a.test'] }, { id: 'newer', destinations: ['a.test', 'b.test'] })('a.test', '/')).toBe(
      'older',
    )
    expect(directoryOf({ id: 'bad', destinations: ['https://a.test'] }, { id: 'good', destinations: ['a.test'] })('a.test', '/')).toBe(
      'good',
    )
  })

  test.each([
    ['the same host', 'a.test', 'a.test'],
    ['a path of it', 'a.test', 'a.test/admin'],
    ['a host under its wildcard', '*.test', 'a.test'],
    ['a wildcard over its host', 'a.test', '*.test'],
    ['every host', '*', '*'],
  ])('no account takes requests from an older one with %s', (_case, theirs, mine) => {
    const find = directoryOf({ id: 'theirs', destinations: [theirs] }, { id: 'mine', accountId: 'b'.repeat(32), destinations: [mine] })
    expect(find('a.test', '/admin')).toBe('theirs')
    expect(find('z.test', '/')).not.toBe('mine')
  })

  test('a host of its own is every account’s to name, beside another’s application for every host', () => {
    const find = directoryOf(
      { id: 'theirs', destinations: ['*'] },
      { id: 'mine', accountId: 'b'.repeat(32), destinations: ['a.test', '*.b.test'] },
    )
    expect([find('a.test', '/'), find('x.b.test', '/'), find('c.test', '/')]).toEqual(['mine', 'mine', 'theirs'])
  })
})

// Servers read paths in many ways. None of them may see another application's path in what the directory took for this one's.
describe('every reading of a path', () => {
  const decode = (path: string) => path.replace(/%([0-9a-f]{2})/gi, (_all, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)))
  const resolve = (path: string) => {
    const out: string[] = []
    for (const segment of path.split('/').slice(1)) {
      if (segment === '..') out.pop()
      else if (segment !== '.') out.push(segment)
    }
    return `/${out.join('/')}`
  }
  const steps: readonly ((path: string) => string)[] = [
    decode,
    (path) => path.replaceAll('\\', '/'),
    (path) => path.replace(/;[^/]*/g, ''),
    (path) => path.replace(/\/{2,}/g, '/'),
    resolve,
    (path) => path.toLowerCase(),
    (path) => path.replace(/[?#\0].*$/s, ''),
    (path) => path.replace(/[. ]+(?=\/|$)/g, ''),
  ]
  const readers = fc
    .subarray([...steps, decode], { minLength: 0 })
    .chain((chosen) => fc.shuffledSubarray(chosen, { minLength: chosen.length }))
  const pieces = [
    '/',
    '//',
    'admin',
    'ADMIN',
    'public',
    'x',
    '.',
    '..',
    '%2e',
    '%2f',
    '%5c',
    '%61dmin',
    '%2561dmin',
    ';',
    ';a=b',
    '\\',
    '%00',
    '%3f',
    '#',
    '%20',
    '?',
    '%41dmin',
  ]
  const paths = fc.array(fc.constantFrom(...pieces), { minLength: 1, maxLength: 8 }).map((parts) => `/${parts.join('')}`)
  const find = directoryOf('a.test', 'a.test/admin', 'a.test/public')

  test('leads to the same application', () => {
    let found = 0
    fc.assert(
      fc.property(paths, readers, (target, reader) => {
        const application = find('a.test', target)
        if (application === 'ambiguous') return
        const [path = ''] = target.split('?')
        const read = reader.reduce((text, step) => step(text), path)
        const first = read.split('/').filter((segment) => segment !== '')[0] ?? ''
        if (path !== '/') found++
        expect({ target, read, application }).toMatchObject({
          application: ['admin', 'public'].includes(first) ? `a.test/${first}` : 'a.test',
        })
      }),
      { numRuns: 20_000 },
    )
    expect(found).toBeGreaterThan(200)
  })
})
