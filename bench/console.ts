// How long the console takes at size, in the real browser on this machine: from the start of a navigation, or a click, until what was asked for is shown.
import { setTimeout as sleep } from 'node:timers/promises'
import { parseArgs } from 'node:util'
import Table from 'cli-table3'
import type { Page } from 'playwright-core'
import type { Installation } from '../test/console/browser.ts'
import { isOther, listText, startWithTokens, until } from '../test/console/many-tokens.ts'
import { nameOf } from './many-tokens.ts'

const { values } = parseArgs({ options: { tokens: { type: 'string', default: '100000' }, runs: { type: 'string', default: '7' } } })
const tokens = Number(values.tokens)
const runs = Number(values.runs)

// Chromium as the tests have it stands still for most of a second, once, about a second after it shows a page; no script runs then.
const settlingMs = 2_500
const credential = 'postern.credential'
const orders = ['Name', 'Name', 'Last seen', 'Last seen', 'Expires', 'Expires', 'Created', 'Created']
const states = ['Active', 'Expiring in 7', 'Expiring in 30', 'Expired', 'Disabled', 'In grace', 'Never used', 'Unused', 'All']

const times = new Map<string, number[]>()
const note = (what: string, ms: number) => times.set(what, [...(times.get(what) ?? []), ms])

/** A page that has been nowhere yet. It notes when it first shows something, and keeps nothing from earlier visits. */
async function visit(installation: Installation, path: string, sought: string, isSignedIn = true): Promise<{ page: Page; ms: number }> {
  const { page } = await installation.open()
  const kept = JSON.stringify({ kind: 'api_token', value: installation.shown.apiToken })
  if (isSignedIn) await page.addInitScript(`sessionStorage.setItem('${credential}', ${JSON.stringify(kept)})`)
  await page.addInitScript(`window.firstShown = ${until(sought)}.then(() => performance.now())`)
  await page.goto(`${installation.postern.apiUrl}${path}`)
  return { page, ms: await page.evaluate<number>('window.firstShown') }
}

/** A window that is closed would take this Chromium, which is one process, with it. */
const leave = (page: Page) => page.goto('about:blank')

async function timed(page: Page, what: string, act: string): Promise<void> {
  note(what, await page.evaluate<number>(`{ const before = ${listText}; ${until(isOther('before'), act)} }`))
}

const press = (selector: string, text: string) =>
  `[...document.querySelectorAll('${selector}')].find((one) => one.textContent.startsWith('${text}')).click();`
const type = (text: string) => `
  const box = document.querySelector('[data-search]')
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set.call(box, '${text}')
  box.dispatchEvent(new Event('input', { bubbles: true }));`

async function run(installation: Installation): Promise<void> {
  const first = await visit(installation, '/', "document.querySelector('form button[type=submit]')", false)
  note('first load of /: the sign-in page', first.ms)
  await leave(first.page)

  const home = await visit(installation, '/', "document.querySelector('.tile-number')")
  note('first load of /, signed in: the overview', home.ms)
  // Not when it is shown: see `settlingMs`.
  const answered = "performance.getEntriesByType('resource').find(({ name }) => name.endsWith('/overview'))?.responseEnd"
  await home.page
    .getByText(/^[0-9,]+$/)
    .first()
    .waitFor()
  note('first load of /, signed in: the answer with its counts', await home.page.evaluate<number>(answered))
  await leave(home.page)

  const { page, ms } = await visit(installation, `/accounts/${installation.shown.accountId}/tokens`, "document.querySelector('tbody tr')")
  note('first load of the list of tokens', ms)
  await page.locator('.count').first().waitFor()
  await sleep(settlingMs)
  await timed(page, 'next page', press('.pager button', 'Next'))
  for (const state of states) await timed(page, `filter: ${state}`, press('.choice', state))
  for (const [index, order] of orders.entries()) await timed(page, `sort: ${order}${index % 2 ? ', reversed' : ''}`, press('.sort', order))
  await timed(page, 'search: one of all (250 ms of it wait for more typing)', type(nameOf(12_345)))
  await timed(page, 'search: a tenth of all (250 ms of it wait)', type('billing'))
  await leave(page)
}

const installation = await startWithTokens(tokens)
try {
  if (installation.obstacle !== undefined) throw new Error('Chromium does not start here', { cause: installation.obstacle })
  for (let done = 0; done < runs; done++) await run(installation)
} finally {
  await installation.stop()
}
const table = new Table({ head: [`${tokens.toLocaleString('en')} tokens, ms`, 'median', 'max'], style: { head: [] } })
for (const [what, all] of times) {
  const sorted = all.toSorted((one, other) => one - other)
  table.push([what, Math.round(sorted[Math.floor(sorted.length / 2)] ?? 0), Math.round(sorted.at(-1) ?? 0)])
}
console.log(table.toString())
