import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nameOf } from '../../bench/many-tokens.ts'
import { type Installation, signIn } from './browser.ts'
import { listAfter, startWithTokens } from './many-tokens.ts'

const tokens = 100_000
const numbers = Array.from({ length: tokens }, (_, number) => number)
/** The state of a token goes by this of its number. */
const traitOf = (number: number) => (number * 7919) % 100_003
const having = (every: number, trait: number) => numbers.filter((number) => traitOf(number) % every === trait).length

let installation: Installation
beforeAll(async () => {
  installation = await startWithTokens(tokens)
}, 120_000)
afterAll(() => installation.stop())

async function openList(): Promise<{ readonly page: Page; readonly problems: readonly string[] }> {
  const { page, problems } = await installation.open()
  await signIn(page, installation)
  await listAfter(page, () => page.getByRole('link', { name: 'Service tokens', exact: true }).click())
  return { page, problems }
}

const state = (page: Page, name: RegExp) => page.getByRole('radio', { name }).click({ force: true })
const sort = (page: Page, column: string) => page.getByRole('button', { name: column, exact: true }).click()

describe(`with ${tokens.toLocaleString('en')} tokens`, () => {
  test('pages go from the newest to the oldest token and back', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page, problems } = await openList()
    const turn = (name: string) => page.getByRole('button', { name, exact: true }).click()
    const second = await listAfter(page, () => turn('Next'))
    expect(second).toEqual({
      range: '51–100 of 100,000 service tokens',
      names: Array.from({ length: 50 }, (_, index) => nameOf(tokens - 51 - index)),
    })
    expect((await listAfter(page, () => turn('Previous'))).names[0]).toBe(nameOf(tokens - 1))
    const last = await listAfter(page, () => page.goto(`${page.url().replace(/\?.*/, '')}?page=2000`))
    expect(last).toEqual({
      range: '99,951–100,000 of 100,000 service tokens',
      names: Array.from({ length: 50 }, (_, index) => nameOf(49 - index)),
    })
    expect(await page.getByRole('button', { name: 'Next', exact: true }).getAttribute('aria-disabled')).toBe('true')
    expect(problems).toEqual([])
  })

  test('one is found by its name, and a word in thousands of names finds them all', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page, problems } = await openList()
    const search = (text: string) => page.getByRole('searchbox').fill(text)
    expect(await listAfter(page, () => search(nameOf(12_345)))).toEqual({ range: '1–1 of 1 service tokens', names: [nameOf(12_345)] })
    expect((await listAfter(page, () => search('BILLING'))).range).toBe('1–50 of 10,000 service tokens')
    await search('no such token')
    await page.getByRole('heading', { name: 'No service token matches' }).waitFor()
    expect(problems).toEqual([])
  })

  test('each state has as many tokens as its filter says, and orders begin with the first of all', {
    timeout: 60_000,
  }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page, problems } = await openList()
    for (const [name, count] of [
      [/^Disabled/, having(20, 3)],
      [/^Expired/, having(20, 7)],
      [/^Active/, tokens - having(20, 3) - having(20, 7)],
      [/^Expiring in 7 days/, having(100, 11)],
      [/^Expiring in 30 days/, having(100, 11) + having(100, 12)],
      [/^In grace/, having(100, 13)],
      [/^Never used/, having(50, 8)],
      [/^Unused for 90 days/, having(50, 8) + having(20, 9)],
    ] as const) {
      const { range, names } = await listAfter(page, () => state(page, name))
      expect(range, String(name)).toBe(`1–50 of ${count.toLocaleString('en')} service tokens`)
      expect(names).toHaveLength(50)
      await page.locator('.choice', { hasText: name }).getByText(count.toLocaleString('en'), { exact: true }).waitFor()
    }
    await listAfter(page, () => state(page, /^All/))
    const byName = numbers.map(nameOf).toSorted()
    expect((await listAfter(page, () => sort(page, 'Name'))).names).toEqual(byName.slice(0, 50))
    expect((await listAfter(page, () => sort(page, 'Name'))).names).toEqual(byName.toReversed().slice(0, 50))
    for (const column of ['Last seen', 'Expires', 'Created']) {
      const { names: latest } = await listAfter(page, () => sort(page, column))
      const { names: earliest, range } = await listAfter(page, () => sort(page, column))
      expect(range).toBe('1–50 of 100,000 service tokens')
      expect(earliest, column).not.toEqual(latest)
    }
    expect((await listAfter(page, () => sort(page, 'Created'))).names[0]).toBe(nameOf(tokens - 1))
    expect(problems).toEqual([])
  })
})
