import type { Page } from 'playwright-core'
import { fillTokens, varyTokens } from '../../bench/many-tokens.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { type Installation, startInstallation } from './browser.ts'

/** An account with so many tokens, in all states. */
export function startWithTokens(tokens: number): Promise<Installation> {
  return startInstallation(async (path, accountId) => {
    const { db, close } = openSqlite(path)
    await fillTokens(db, accountId, tokens, () => undefined)
    await varyTokens(db, Date.now())
    await close()
  })
}

/** An expression for what the list of service tokens shows in a page; empty while that is not what was asked for last. */
export const listText = `(() => {
  const card = document.querySelector('section.card[aria-label="Service tokens"]')
  return card && card.ariaBusy !== 'true' && !card.querySelector('.skeleton') ? card.textContent : ''
})()`

/** An expression that does something in a page, and becomes the milliseconds until the condition holds there. */
export const until = (condition: string, act = '') => `new Promise((resolve) => {
  const from = performance.now()
  const look = () => {
    if (!(${condition})) return
    observer.disconnect()
    resolve(performance.now() - from)
  }
  const observer = new MutationObserver(look)
  observer.observe(document, { childList: true, subtree: true, attributes: true, characterData: true })
  ;${act}
  look()
})`

/** That the list shows another text than before, which is an expression. */
export const isOther = (before: string) => `${listText} !== '' && ${listText} !== ${before}`

export interface Shown {
  /** Which of how many, as in `1–50 of 100,000 service tokens`. */
  readonly range: string
  readonly names: readonly string[]
}

/** What the list shows after something was done that changes it. */
export async function listAfter(page: Page, act: () => Promise<unknown>): Promise<Shown> {
  const before = await page.evaluate<string>(listText)
  await act()
  await page.evaluate(until(isOther(JSON.stringify(before))))
  const card = page.locator('section.card[aria-label="Service tokens"]')
  const range = card.locator('.pager > span').first()
  return { range: (await range.textContent()) ?? '', names: await card.locator('tbody .name-link').allTextContents() }
}
