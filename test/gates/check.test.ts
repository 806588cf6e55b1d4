import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'
import { plantedTree } from './planted-tree.ts'

async function checkWith(scripts: Readonly<Record<string, string>>) {
  const tree = plantedTree()
  tree.plant({ 'package.json': JSON.stringify({ type: 'module', scripts: { check: 'tsx scripts/check.ts', ...scripts } }) })
  const outcome = await tree.run('check')
  tree.remove()
  return outcome
}

test('npm run check includes every check', () => {
  const { scripts } = JSON.parse(readFileSync(resolve(import.meta.dirname, '../../package.json'), 'utf8'))
  expect(scripts.check).toBe('tsx scripts/check.ts')
  expect(Object.keys(scripts)).toEqual(
    expect.arrayContaining(['check:types', 'check:lint', 'check:imports', 'check:unused', 'check:sizes']),
  )
})

test('one failing check fails the whole, shows what it said, and the others still run', async () => {
  const { code, output } = await checkWith({ 'check:first': 'echo why it failed && exit 3', 'check:second': 'echo fine', other: 'exit 1' })
  expect(code).not.toBe(0)
  expect(output).toContain('why it failed')
  expect(output).toMatch(/^FAIL .* check:first$/m)
  expect(output).toMatch(/^pass .* check:second$/m)
  expect(output).not.toContain('other')
})

test('checks that all pass pass', async () => {
  const { code, output } = await checkWith({ 'check:only': 'true' })
  expect(output).toMatch(/^pass .* check:only$/m)
  expect(code).toBe(0)
})

test('no checks at all is a failure', async () => {
  expect((await checkWith({})).code).not.toBe(0)
})
