import { beforeAll, expect, test } from 'vitest'
import { beforeAndAfter, type Outcome, plantedTree } from './planted-tree.ts'

const importing = (...specifiers: readonly string[]) =>
  `${specifiers.map((specifier, index) => `import * as i${index} from '${specifier}'`).join('\n')}\nexport const all = [${specifiers.map((_, index) => `i${index}`).join(', ')}]\n`

const planted = {
  'src/store/planted-room.ts': importing('node:crypto'),
  'src/gate/planted-room.ts': importing('node:crypto'),
  'src/api/planted-room.ts': importing('node:crypto'),
  'src/app.ts': importing('./cli/planted-room.ts'),
  'src/app/planted-imports.ts': importing('../cli/planted-room.ts', '../app.ts'),
  'src/cli/planted-room.ts': importing('../wire/planted-wire.ts'),
  'src/cli/serve.ts': importing('../app.ts', '../config/planted-imports.ts', '../store/planted-room.ts'),
  'src/app/move.ts': importing('../store/planted-room.ts'),
  'src/cli/migrate-to.ts': importing('../app/move.ts', '../config/planted-imports.ts', '../store/planted-room.ts'),
  'src/domain/planted-imports.ts': importing('../store/planted-room.ts', 'node:fs', 'kysely', 'node:crypto', 'node:zlib'),
  'src/wire/planted-wire.ts': importing('../domain/planted-imports.ts', 'pino', 'typebox'),
  'src/authority/planted-imports.ts': importing('../wire/planted-wire.ts'),
  'src/store/planted-imports.ts': importing('../api/planted-room.ts'),
  'src/api/planted-imports.ts': importing('../gate/planted-room.ts', '../config/planted-imports.ts'),
  'src/gate/planted-imports.ts': importing('../store/planted-room.ts', '../app.ts'),
  'src/client/planted-imports.ts': importing('../domain/planted-imports.ts'),
  'src/cli/planted-imports.ts': importing('../app.ts', '../api/planted-room.ts'),
  'src/config/planted-imports.ts': importing('../store/planted-room.ts'),
  'src/main.ts': importing('./app.ts'),
  'src/gate/planted-ring-a.ts': `import type { B } from './planted-ring-b.ts'\nexport type A = B | 1\n`,
  'src/gate/planted-ring-b.ts': `import type { A } from './planted-ring-a.ts'\nexport type B = A | 2\n`,
  'src/gate/planted-resolve.ts': importing('./planted-nowhere.ts', 'vitest', 'fast-uri', 'node:sys'),
  'src/gate/planted-borrowing.ts': importing('./planted-exempt.test.ts', '../../test/planted-fixture.ts'),
  'src/gate/planted-exempt.test.ts': importing('../store/planted-room.ts', '../app.ts', 'vitest'),
  'test/planted-fixture.ts': importing('../src/app.ts'),
  'src/gate/planted-orphan.ts': 'export const alone = 1\n',
  'src/gate/utils.ts': importing('node:crypto'),
  'src/domain/types/planted-drawer.ts': importing('node:crypto'),
  'src/shared/planted-room.ts': importing('node:crypto'),
  'console/src/planted-imports.ts': importing('../../src/domain/planted-imports.ts', '../../src/wire/planted-wire.ts'),
}

const refused: readonly (readonly [rule: string, from: string, to?: string])[] = [
  ['layer-domain', 'src/domain/planted-imports.ts', 'src/store/planted-room.ts'],
  ['domain-is-pure', 'src/domain/planted-imports.ts', 'fs'],
  ['domain-is-pure', 'src/domain/planted-imports.ts', 'kysely'],
  ['layer-wire', 'src/wire/planted-wire.ts', 'src/domain/planted-imports.ts'],
  ['wire-is-schemas', 'src/wire/planted-wire.ts', 'pino'],
  ['layer-authority', 'src/authority/planted-imports.ts', 'src/wire/planted-wire.ts'],
  ['layer-store', 'src/store/planted-imports.ts', 'src/api/planted-room.ts'],
  ['layer-api', 'src/api/planted-imports.ts', 'src/gate/planted-room.ts'],
  ['layer-api', 'src/api/planted-imports.ts', 'src/config/planted-imports.ts'],
  ['layer-gate', 'src/gate/planted-imports.ts', 'src/store/planted-room.ts'],
  ['only-serve-imports-app', 'src/gate/planted-imports.ts', 'src/app.ts'],
  ['layer-client', 'src/client/planted-imports.ts', 'src/domain/planted-imports.ts'],
  ['layer-cli', 'src/cli/planted-imports.ts', 'src/api/planted-room.ts'],
  ['only-serve-imports-app', 'src/cli/planted-imports.ts', 'src/app.ts'],
  ['layer-cli-serve', 'src/cli/serve.ts', 'src/store/planted-room.ts'],
  ['layer-cli-migrate-to', 'src/cli/migrate-to.ts', 'src/store/planted-room.ts'],
  ['layer-config', 'src/config/planted-imports.ts', 'src/store/planted-room.ts'],
  ['layer-app-file', 'src/app.ts', 'src/cli/planted-room.ts'],
  ['layer-app', 'src/app/planted-imports.ts', 'src/cli/planted-room.ts'],
  ['only-serve-imports-app', 'src/app/planted-imports.ts', 'src/app.ts'],
  ['layer-main', 'src/main.ts', 'src/app.ts'],
  ['no-cycles', 'src/gate/planted-ring-a.ts', 'src/gate/planted-ring-b.ts'],
  ['no-unresolvable', 'src/gate/planted-resolve.ts', './planted-nowhere.ts'],
  ['no-dev-dependencies', 'src/gate/planted-resolve.ts', 'vitest'],
  ['no-undeclared-packages', 'src/gate/planted-resolve.ts', 'fast-uri'],
  ['no-deprecated-core', 'src/gate/planted-resolve.ts', 'sys'],
  ['src-stays-inside', 'src/gate/planted-borrowing.ts', 'src/gate/planted-exempt.test.ts'],
  ['src-stays-inside', 'src/gate/planted-borrowing.ts', 'test/planted-fixture.ts'],
  ['no-orphans', 'src/gate/planted-orphan.ts'],
  ['no-drawers', 'src/gate/utils.ts'],
  ['no-drawers', 'src/domain/types/planted-drawer.ts'],
  ['no-unplanned-rooms', 'src/shared/planted-room.ts'],
  ['console-is-a-client', 'console/src/planted-imports.ts', 'src/domain/planted-imports.ts'],
  ['console-reads-types-of-wire', 'console/src/planted-imports.ts', 'src/wire/planted-wire.ts'],
]

let clean: Outcome
let broken: Outcome
beforeAll(async () => {
  ;({ clean, broken } = await beforeAndAfter('check:imports', planted))
})

test('the tree as it stands passes the import check', () => {
  expect(clean.code, clean.output).toBe(0)
  expect(clean.output).toMatch(/^\d{2,} files of src, \d{2,} imports, 0 violations$/m)
})

test('a tree with violations does not', () => {
  expect(broken.code).not.toBe(0)
})

test.each(refused)('%s refuses what %s imports %s', (rule, from, to = '') => {
  const reports = broken.output.split('\n').filter((line) => line.startsWith(`error ${rule}: ${from}`))
  expect(reports.filter((line) => line.includes(to))).not.toEqual([])
})

test.each([
  ['domain may use node:crypto', /src\/domain\/planted-imports\.ts → (node:)?crypto /],
  ['domain may use node:zlib', /src\/domain\/planted-imports\.ts → (node:)?zlib /],
  ['wire may use typebox', /src\/wire\/planted-wire\.ts → \S*typebox/],
  ['serve may start the application', /src\/cli\/serve\.ts → src\/(app\.ts|config\/)/],
  ['migrate-to may move the database', /src\/cli\/migrate-to\.ts → src\/(app\/|config\/)/],
  ['tests may import from everywhere', /error \S+: (src\/gate\/planted-exempt\.test|test\/planted-fixture)\.ts/],
])('%s', (_, report) => {
  expect(broken.output).not.toMatch(report)
})

test('a check that sees nothing of src fails', async () => {
  const blinded = plantedTree()
  blinded.plant({ '.dependency-cruiser.cjs': `module.exports = { forbidden: [], options: { includeOnly: '^elsewhere/' } }\n` })
  const emptied = plantedTree()
  emptied.uproot('src')
  const [blind, empty] = await Promise.all([blinded.run('check:imports'), emptied.run('check:imports')])
  blinded.remove()
  emptied.remove()

  expect(blind.code).not.toBe(0)
  expect(blind.output).toMatch(/^error unseen: src\/\S+\.ts was not cruised$/m)
  expect(blind.output).toContain('error too-few-modules: 0 files of src cruised')
  expect(empty.code).not.toBe(0)
  expect(empty.output).toContain('error too-few-modules: 0 files of src cruised')
})
