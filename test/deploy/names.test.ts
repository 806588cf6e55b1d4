import { expect, test } from 'vitest'
import { deployFiles, textOf, variables } from './files.ts'

test.each(deployFiles())('%s names no setting that Postern does not know', (path) => {
  const named = textOf(path).match(/POSTERN_[A-Z_]+/g) ?? []
  expect(named.filter((name) => !variables.has(name))).toEqual([])
})

test('no file holds anything that looks like a secret of Postern', () => {
  for (const path of deployFiles()) expect([path, textOf(path).match(/ps[tuk]_[0-9A-Za-z]{20,}|\b[0-9a-f]{64}\b/)]).toEqual([path, null])
})
