import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiOf, type Installation, startInstallation } from './browser.ts'

let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
})
afterAll(() => installation.stop())

/** What has the focus: its name, and whether one can see that it has. */
function focused(page: Page): Promise<{ readonly name: string; readonly isSeen: boolean }> {
  return page.evaluate(`(() => {
    const element = document.activeElement
    // Nothing has it: behind the last control of a page, and for a moment while another page comes.
    if (element === document.body) return { name: '', isSeen: true }
    // What looks like a choice stands over the control that has the focus.
    const shown = element.matches('.choice input') ? element.nextElementSibling : element
    const { outlineStyle, outlineWidth } = getComputedStyle(shown)
    const labels = [...(element.labels ?? [])].map((label) => label.textContent).join(' ')
    const name = element.getAttribute('aria-label') || labels || element.textContent || element.tagName
    return { name: name.replaceAll(/\\s+/g, ' ').trim(), isSeen: outlineStyle !== 'none' && outlineWidth !== '0px' }
  })()`)
}

/** Goes on with the tab key until something of this name has the focus; every stop on the way can be seen. */
async function tabTo(page: Page, name: RegExp, most = 60): Promise<void> {
  const passed: string[] = []
  for (let stop = 0; stop < most; stop++) {
    await page.keyboard.press('Tab')
    const { name: reached, isSeen } = await focused(page)
    expect(isSeen, `nothing shows that ${reached} has the focus`).toBe(true)
    if (name.test(reached)) return
    passed.push(reached)
  }
  throw new Error(`no ${name} among ${passed.join(' | ')}`)
}

describe('with the keyboard alone', () => {
  test('one signs in, makes a token, finds it, rotates it, and leaves every window', { timeout: 90_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page, problems } = await installation.open()
    const { keyboard } = page
    const heading = (name: string) => page.getByRole('heading', { name, level: 1, exact: true }).waitFor()
    await page.goto(installation.postern.apiUrl)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await keyboard.type(installation.shown.apiToken)
    await keyboard.press('Enter')
    await heading('Overview')

    await keyboard.press('?')
    const help = page.getByRole('dialog', { name: 'Keyboard shortcuts' })
    await help.waitFor()
    await keyboard.press('Escape')
    await help.waitFor({ state: 'detached' })

    await keyboard.press('n')
    await heading('New service token')
    await keyboard.type('by keyboard')
    await tabTo(page, /^1 year$/)
    await keyboard.press('ArrowLeft')
    expect((await focused(page)).name).toBe('90 days')
    await keyboard.press('Enter')
    await heading('by keyboard is ready')
    await tabTo(page, /^Copy Client secret$/)
    await keyboard.press('Enter')
    await tabTo(page, /^Done$/)
    await keyboard.press('Enter')
    await heading('by keyboard')

    await keyboard.press('/')
    await heading('Service tokens')
    await keyboard.type('keyboard')
    await page.getByText('1–1 of 1 service tokens').waitFor()
    // What is typed into a field is no command.
    await keyboard.type('?n/')
    await page.getByRole('heading', { name: 'No service token matches' }).waitFor()
    for (const _ of '?n/') await keyboard.press('Backspace')
    await page.getByText('1–1 of 1 service tokens').waitFor()
    await tabTo(page, /^by keyboard$/)
    await keyboard.press('Enter')
    await heading('by keyboard')

    await tabTo(page, /^Rotate$/)
    await keyboard.press('Enter')
    const rotation = page.getByRole('dialog', { name: 'Rotate the secret of by keyboard' })
    await rotation.waitFor()
    for (let stop = 0; stop < 8; stop++) {
      await keyboard.press('Tab')
      // From the last control the window leads back to its first, a moment after the browser has left it.
      const isInside = () => page.evaluate('document.querySelector("[role=dialog]").parentElement.contains(document.activeElement)')
      await expect.poll(isInside, { timeout: 3_000 }).toBe(true)
    }
    await keyboard.press('Escape')
    await rotation.waitFor({ state: 'detached' })
    expect((await focused(page)).name).toBe('Rotate')

    await tabTo(page, /^More actions$/)
    await keyboard.press('Enter')
    await page.getByRole('menuitem', { name: 'Delete' }).waitFor()
    await keyboard.press('End')
    await keyboard.press('Enter')
    await page.getByRole('dialog', { name: 'Delete by keyboard?' }).waitFor()
    await keyboard.press('Escape')
    await heading('by keyboard')
    expect(problems).toEqual([])
  })

  test('one skips the navigation, and every control of every page shows that it has the focus', { timeout: 120_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const application = await apiOf(installation)<{ readonly id: string }>('access/apps', {
      body: { type: 'self_hosted', name: 'Orders', domain: 'orders.example.com' },
    })
    const { page } = await installation.open()
    await page.goto(installation.postern.apiUrl)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await page.keyboard.type(installation.shown.apiToken)
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    for (const path of ['/tokens', `/applications/${application.id}`, '/policies', '/requests', '/audit', '/api-tokens', '/settings', '']) {
      await page.goto(`${installation.postern.apiUrl}/accounts/${installation.shown.accountId}${path}`)
      await page.locator('.skeleton').first().waitFor({ state: 'detached' })
      await page.keyboard.press('Tab')
      expect((await focused(page)).name, path).toBe('Skip to the page')
      await page.keyboard.press('Enter')
      await page.keyboard.press('Tab')
      expect(await page.evaluate('document.querySelector("#main").contains(document.activeElement)'), path).toBe(true)
      for (let stop = 0; stop < 40; stop++) {
        const { name, isSeen } = await focused(page)
        expect(isSeen, `on ${path} nothing shows that ${name} has the focus`).toBe(true)
        await page.keyboard.press('Tab')
        if (await page.evaluate('document.activeElement === document.body')) break
      }
    }
  })
})
