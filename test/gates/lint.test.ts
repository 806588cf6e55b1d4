import { beforeAll, expect, test } from 'vitest'
import { beforeAndAfter, type Outcome } from './planted-tree.ts'

const later = 'const later = async () => 1\n'

/** The name Biome prints beside the file: a rule, `format`, `assist` or `plugin` (time-and-chance.grit). */
const violations: readonly { readonly name: string; readonly path: string; readonly rule: string; readonly text: string }[] = [
  {
    name: 'a floating promise',
    path: 'src/gate/planted-floating.ts',
    rule: 'lint/nursery/noFloatingPromises',
    text: `${later}export function forget() {\n  later()\n}`,
  },
  {
    name: 'a floating promise from another file',
    path: 'src/api/planted-floating.ts',
    rule: 'lint/nursery/noFloatingPromises',
    text: `import type { Shelf } from '../store/planted-shelf.ts'\n\nexport function forget(shelf: Shelf) {\n  shelf.save()\n}`,
  },
  {
    name: 'a promise as a condition',
    path: 'src/gate/planted-condition.ts',
    rule: 'lint/nursery/noMisusedPromises',
    text: `${later}export const always = () => {\n  if (later()) return 1\n  return 2\n}`,
  },
  {
    name: 'an async callback nobody waits for',
    path: 'src/gate/planted-callback.ts',
    rule: 'lint/nursery/noMisusedPromises',
    text: `${later}export const each = (ids: string[]) => ids.forEach(async () => {\n  await later()\n})`,
  },
  { name: 'bad formatting', path: 'src/wire/planted-format.ts', rule: 'format', text: 'export const text = "double" ;' },
  { name: 'bad formatting of JSON', path: 'planted-format.json', rule: 'format', text: '{"a":\n1}' },
  {
    name: 'an unused import',
    path: 'src/store/planted-import.ts',
    rule: 'lint/correctness/noUnusedImports',
    text: `import { hash } from 'node:crypto'\n\nexport const one = 1`,
  },
  {
    name: 'a value import of a type',
    path: 'src/store/planted-type-import.ts',
    rule: 'lint/style/useImportType',
    text: `import { IncomingHttpHeaders } from 'node:http'\n\nexport type Headers = IncomingHttpHeaders`,
  },
  {
    name: 'an import without its extension',
    path: 'src/store/planted-extension.ts',
    rule: 'lint/correctness/useImportExtensions',
    text: `import type { Shelf } from './planted-shelf'\n\nexport type Place = Shelf`,
  },
  {
    name: 'imports out of order',
    path: 'src/store/planted-order.ts',
    rule: 'assist/source/organizeImports',
    text: `import { join } from 'node:path'\nimport { hash } from 'node:crypto'\n\nexport const both = [join, hash]`,
  },
  { name: 'a default export in src', path: 'src/cli/planted-default.ts', rule: 'lint/style/noDefaultExport', text: 'export default 1' },
  {
    name: 'a barrel',
    path: 'src/cli/planted-barrel.ts',
    rule: 'lint/performance/noBarrelFile',
    text: `export { forget } from '../api/planted-floating.ts'`,
  },
  {
    name: 'a non-null assertion',
    path: 'src/cli/planted-assertion.ts',
    rule: 'lint/style/noNonNullAssertion',
    text: 'export const sure = (maybe: string | undefined) => maybe!.length',
  },
  {
    name: 'an any',
    path: 'src/cli/planted-any.ts',
    rule: 'lint/suspicious/noExplicitAny',
    text: 'export const id = (value: any) => value',
  },
  {
    name: 'the console in src',
    path: 'src/cli/planted-console.ts',
    rule: 'lint/suspicious/noConsole',
    text: `export const say = () => console.log('hello')`,
  },
  { name: 'Date.now() in domain', path: 'src/domain/planted-now.ts', rule: 'plugin', text: 'export const now = () => Date.now()' },
  { name: 'Date.now() in authority', path: 'src/authority/planted-now.ts', rule: 'plugin', text: 'export const now = () => Date.now()' },
  { name: 'Date.now() in gate', path: 'src/gate/replica/planted-now.ts', rule: 'plugin', text: 'export const now = () => Date.now()' },
  { name: 'Date.now by another name', path: 'src/gate/planted-alias.ts', rule: 'plugin', text: 'export const now = Date.now' },
  { name: 'new Date() in domain', path: 'src/domain/planted-date.ts', rule: 'plugin', text: 'export const now = () => new Date()' },
  {
    name: 'performance.now() in gate',
    path: 'src/gate/planted-timer.ts',
    rule: 'plugin',
    text: 'export const t = () => performance.now()',
  },
  { name: 'Math.random() in domain', path: 'src/domain/planted-random.ts', rule: 'plugin', text: 'export const r = () => Math.random()' },
  {
    name: 'crypto.randomUUID() in gate',
    path: 'src/gate/planted-uuid.ts',
    rule: 'plugin',
    text: 'export const id = () => crypto.randomUUID()',
  },
  {
    name: 'randomBytes in authority',
    path: 'src/authority/planted-bytes.ts',
    rule: 'lint/style/noRestrictedImports',
    text: `import { randomBytes } from 'node:crypto'\n\nexport const bytes = () => randomBytes(8)`,
  },
]

const allowed = {
  'src/store/planted-clock.ts': 'export const now = () => Date.now()\n',
  'src/domain/planted-clock.test.ts': 'export const now = () => Date.now()\n',
  'src/domain/planted-instant.ts': 'export const date = (instant: number) => new Date(instant)\n',
  'src/store/planted-shelf.ts': 'export interface Shelf {\n  readonly save: () => Promise<boolean>\n}\n',
}

let clean: Outcome
let broken: Outcome
beforeAll(async () => {
  const refused = Object.fromEntries(violations.map(({ path, text }) => [path, `${text}\n`]))
  ;({ clean, broken } = await beforeAndAfter('check:lint', { ...refused, ...allowed }))
})

test('the tree as it stands passes the lint check', () => {
  expect(clean.output).toMatch(/Checked \d{2,} files/)
  expect(clean.code, clean.output).toBe(0)
})

test('a tree with violations does not', () => {
  expect(broken.code).not.toBe(0)
})

test.each(violations)('the lint check refuses $name', ({ path, rule }) => {
  const reports = broken.output.split('\n').filter((line) => line.startsWith(path) && line.includes('━'))
  expect(
    reports.map(
      (line) =>
        line
          .slice(path.length)
          .replace(/^:\d+:\d+/, '')
          .trim()
          .split(' ')[0],
    ),
  ).toContain(rule)
})

test.each(Object.keys(allowed))('the lint check has nothing against %s', (path) => {
  expect(broken.output).not.toContain(path)
})
