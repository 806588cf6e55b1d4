import { beforeAll, expect, test } from 'vitest'
import { beforeAndAfter, type Outcome } from './planted-tree.ts'

const lines = (count: number) => '// a line\n'.repeat(count)

let clean: Outcome
let broken: Outcome
beforeAll(async () => {
  ;({ clean, broken } = await beforeAndAfter('check:sizes', {
    'src/domain/planted-long.ts': lines(251),
    'scripts/planted-long.ts': lines(251),
    'console/src/planted-long.tsx': lines(251),
    'src/domain/planted-largest-allowed.ts': lines(250),
    'src/domain/planted-growing.ts': lines(151),
    'src/domain/planted-long.test.ts': lines(400),
  }))
})

test('the tree as it stands passes the size check', () => {
  expect(clean.code, clean.output).toBe(0)
  expect(clean.output).toMatch(/^\d{2,} files, \d+ lines$/m)
})

test('a tree with a file over 250 lines does not', () => {
  expect(broken.code).not.toBe(0)
})

test.each(['src/domain/planted-long.ts', 'scripts/planted-long.ts', 'console/src/planted-long.tsx'])('%s is named as too long', (path) => {
  expect(broken.output).toContain(`251  ${path}  too long`)
})

test.each([
  [151, 'src/domain/planted-growing.ts'],
  [250, 'src/domain/planted-largest-allowed.ts'],
  [400, 'src/domain/planted-long.test.ts'],
])('a file of %i lines may grow no further: %s', (count, path) => {
  expect(broken.output).toContain(`${count}  ${path}  growing`)
})
