import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { beforeAndAfter, type Outcome } from './planted-tree.ts'

const manifest = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'))
const withPackages = {
  ...manifest,
  dependencies: { ...manifest.dependencies, 'planted-package': '1.0.0' },
  devDependencies: { ...manifest.devDependencies, 'planted-tool': '1.0.0' },
}

const planted = {
  'package.json': `${JSON.stringify(withPackages, null, 2)}\n`,
  'scripts/planted-entry.ts': `import { used } from '../src/gate/planted-shelf.ts'\nimport 'planted-unlisted'\nimport './planted-nowhere.ts'\nused()\n`,
  'src/gate/planted-shelf.ts': 'export const used = () => 1\nexport const plantedExport = 2\nexport type PlantedType = 3\n',
  'src/gate/planted-island.ts': 'export const island = 1\n',
  'test/planted-fixture.ts': 'export const fixture = 1\n',
}

let clean: Outcome
let broken: Outcome
beforeAll(async () => {
  ;({ clean, broken } = await beforeAndAfter('check:unused', planted))
})

/** knip groups its findings under headings such as "Unused files (2)". */
function under(heading: string): string {
  const [, rest = ''] = broken.output.split(new RegExp(`^${heading} \\(\\d+\\)$`, 'm'))
  return rest.split(/^\w[\w ]* \(\d+\)$/m)[0] ?? ''
}

test('the tree as it stands passes the check for unused things', () => {
  expect(clean.code, clean.output).toBe(0)
})

test('a tree with unused things does not', () => {
  expect(broken.code).not.toBe(0)
})

test.each([
  ['Unused files', 'src/gate/planted-island.ts'],
  ['Unused files', 'test/planted-fixture.ts'],
  ['Unused exports', 'plantedExport'],
  ['Unused exported types', 'PlantedType'],
  ['Unused dependencies', 'planted-package'],
  ['Unused devDependencies', 'planted-tool'],
  ['Unlisted dependencies', 'planted-unlisted'],
  ['Unresolved imports', './planted-nowhere.ts'],
])('%s are refused: %s', (heading, finding) => {
  expect(under(heading)).toContain(finding)
})
