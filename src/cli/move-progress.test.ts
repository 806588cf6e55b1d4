import { expect, test } from 'vitest'
import { createProgress } from './move-progress.ts'

const steps = [
  { step: 'copy', table: 'service_token', rows: 0, of: 2000 },
  { step: 'copy', table: 'service_token', rows: 1000, of: 2000 },
  { step: 'copy', table: 'service_token', rows: 2000, of: 2000 },
  { step: 'verify', table: 'audit', rows: 0, of: 0 },
] as const

function shown(isTTY: boolean, style: 'people' | 'programs'): string {
  let text = ''
  const report = createProgress({ isTTY, write: (more) => (text += more) }, style)
  for (const step of steps) report(step)
  return text
}

test('a terminal shows one bar a table, which fills', () => {
  const lines = shown(true, 'people').split('\n')
  expect(lines).toHaveLength(3)
  expect(lines[0]?.split('\r\u001b[K').slice(1)).toEqual([
    `copying   service_token        [${'.'.repeat(30)}]   0 %  0 of 2000`,
    `copying   service_token        [${'#'.repeat(15)}${'.'.repeat(15)}]  50 %  1000 of 2000`,
    `copying   service_token        [${'#'.repeat(30)}] 100 %  2000 of 2000`,
  ])
  expect(lines[1]).toContain('100 %  0 of 0')
})

test('a pipe gets a line for each table that is done, without control characters', () => {
  expect(shown(false, 'people')).toBe('copying service_token: 2000 rows\nverifying audit: 0 rows\n')
})

test('a program gets every step as an object in a line, on a terminal too', () => {
  const objects = shown(true, 'programs')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown)
  expect(objects).toEqual(steps.map((step) => ({ event: 'progress', ...step })))
})
