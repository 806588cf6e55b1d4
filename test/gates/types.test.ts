import { beforeAll, expect, test } from 'vitest'
import { beforeAndAfter, type Outcome } from './planted-tree.ts'

const violations: readonly { readonly name: string; readonly error: string; readonly text: string }[] = [
  { name: 'a wrong type', error: 'TS2322', text: `export const limit: number = 'ten'` },
  { name: 'an implicit any', error: 'TS7006', text: 'export const same = (value) => value' },
  { name: 'a possible null', error: 'TS2531', text: `export const length = (text: string) => text.match(/a/).length` },
  { name: 'an unchecked index', error: 'TS2322', text: 'export const first = (names: readonly string[]): string => names[0]' },
  { name: 'undefined for an optional property', error: 'TS2375', text: 'export const page: { size?: number } = { size: undefined }' },
  { name: 'a property of an index signature', error: 'TS4111', text: 'export const pick = (row: Record<string, string>) => row.name' },
  { name: 'an unmarked override', error: 'TS4114', text: `export class Lost extends Error {\n  toString() {\n    return 'lost'\n  }\n}` },
  { name: 'a path without a return', error: 'TS7030', text: 'export function sign(n: number) {\n  if (n > 0) return 1\n}' },
  { name: 'an unused local', error: 'TS6133', text: 'export function none() {\n  const unused = 1\n}' },
  { name: 'an unused parameter', error: 'TS6133', text: 'export const one = (unused: number) => 1' },
  { name: 'unreachable code', error: 'TS7027', text: 'export function two() {\n  return 2\n  console.log()\n}' },
  { name: 'an unused label', error: 'TS7028', text: 'export function three() {\n  here: while (Math.random() > 1) return\n}' },
  {
    name: 'a case that falls through',
    error: 'TS7029',
    text: `export function four(n: number) {\n  switch (n) {\n    case 1:\n      n++\n    default:\n      return n\n  }\n}`,
  },
  { name: 'syntax that types cannot be erased from', error: 'TS1294', text: 'export enum Colour {\n  Red,\n}' },
  {
    name: 'a type imported as a value',
    error: 'TS1484',
    text: `import { IncomingHttpHeaders } from 'node:http'\nexport type Headers = IncomingHttpHeaders`,
  },
  { name: 'an import without its extension', error: 'TS2835', text: `import { text } from './planted-0'\nexport const copy = text` },
  { name: 'a side-effect import of nothing', error: 'TS2882', text: `import './planted-nowhere.ts'` },
  {
    name: 'a caught error taken for an Error',
    error: 'TS18046',
    text: 'export const five = (f: () => void) => {\n  try {\n    f()\n  } catch (error) {\n    return error.message\n  }\n  return 5\n}',
  },
]
const floating = `import { rm } from 'node:fs/promises'
import { fastify } from 'fastify'

export function forget(maybe: Promise<void> | undefined) {
  rm('nothing')
  fastify().listen({ port: 0 })
  fastify().close().then(() => 1)
  maybe
}
`

const floatingInConsole = `export function ask() {
  fetch('/')
}
`

const handled = `import { rm } from 'node:fs/promises'
import { fastify } from 'fastify'

export async function attend() {
  await rm('nothing')
  void rm('nothing')
  rm('nothing').catch(() => 1)
  rm('nothing').then(() => 1, () => 2)
  let kept: Promise<void> | undefined
  kept = rm('nothing')
  fastify().get('/', (_, reply) => {
    reply.send('a reply is sent, not awaited')
  })
  return kept
}
`

const folders = ['src/domain', 'scripts', 'test']
const pathOf = (index: number) => `${folders[index % folders.length]}/planted-${index}.ts`

let clean: Outcome
let broken: Outcome
beforeAll(async () => {
  const files = Object.fromEntries(violations.map(({ text }, index) => [pathOf(index), `${text}\n`]))
  const promises = {
    ...{ 'src/gate/planted-floating.ts': floating, 'src/gate/planted-handled.ts': handled },
    'console/src/planted-floating.ts': floatingInConsole,
  }
  ;({ clean, broken } = await beforeAndAfter('check:types', { ...files, ...promises }))
}, 300_000)

test('the tree as it stands passes the type check', () => {
  expect(clean.code, clean.output).toBe(0)
  expect(clean.output).toMatch(/^\d{2,} files, 0 errors, 0 floating promises$/m)
})

test('a tree with a type error does not', () => {
  expect(broken.code).not.toBe(0)
})

test.each(violations.map((violation, index) => ({ ...violation, path: pathOf(index) })))(
  'the type check refuses $name',
  ({ error, path }) => {
    expect(
      broken.output
        .split('\n')
        .filter((line) => line.startsWith(`${path}(`))
        .join('\n'),
    ).toContain(`error ${error}:`)
  },
)

test.each([
  ['a promise of Node', 5],
  ['a promise of a package', 6],
  ['a promise chained on without a catch', 7],
  ['what may be a promise', 8],
])('%s may not float (line %i)', (_, line) => {
  expect(broken.output).toMatch(new RegExp(`^src/gate/planted-floating\\.ts\\(${line},\\d+\\): error floating-promise:`, 'm'))
})

test('a promise of the browser may not float in the console', () => {
  expect(broken.output).toMatch(/^console\/src\/planted-floating\.ts\(2,\d+\): error floating-promise:/m)
})

test('a promise awaited, returned, kept, caught or marked void does not float', () => {
  expect(broken.output).not.toContain('planted-handled.ts')
})
