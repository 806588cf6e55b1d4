import { AxeBuilder } from '@axe-core/playwright'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { askGate, type Installation, signIn, startInstallation } from './browser.ts'

let installation: Installation
/** Names of pages, and where they begin below the account. */
let pages: Readonly<Record<string, string>>

beforeAll(async () => {
  installation = await startInstallation()
  pages = await furnished(installation)
})
afterAll(() => installation.stop())

/** One of everything, so that no page is empty. */
async function furnished({ postern, shown }: Installation): Promise<Readonly<Record<string, string>>> {
  const api = async <Result>(path: string, body: object, method = 'POST'): Promise<Result> => {
    const headers = { authorization: `Bearer ${shown.apiToken}`, 'content-type': 'application/json' }
    const response = await fetch(`${postern.apiUrl}/client/v4/accounts/${shown.accountId}/${path}`, {
      method,
      headers,
      body: JSON.stringify(body),
    })
    const { result, success, errors } = (await response.json()) as { result: Result; success: boolean; errors: unknown }
    if (!success) throw new Error(`${path}: ${JSON.stringify(errors)}`)
    return result
  }
  type Issued = { readonly id: string; readonly client_id: string; readonly client_secret: string }
  const used = await api<Issued>('access/service_tokens', { name: 'CI deploy', duration: '8760h' })
  await api('access/service_tokens', { name: 'Nightly backup', duration: '100h' })
  await api('access/service_tokens', { name: 'Old laptop', enabled: false })
  const [clientId, secret] = [used.client_id, used.client_secret]
  await askGate(postern, { clientId, secret })
  await askGate(postern, { clientId, secret: 'wrong' })
  await api(`access/service_tokens/${used.id}/rotate`, {
    previous_client_secret_expires_at: new Date(Date.now() + 86_400_000).toISOString(),
  })
  await askGate(postern, { clientId, secret })
  const rules = { include: [{ ip: { ip: '203.0.113.0/24' } }], exclude: [{ ip: { ip: '203.0.113.7/32' } }] }
  const group = await api<Issued>('access/groups', { name: 'Office', ...rules })
  const include = [{ service_token: { token_id: used.id } }]
  const policy = { name: 'CI from the office', decision: 'non_identity', include, require: [{ group: { id: group.id } }] }
  const application = await api<Issued>('access/apps', {
    type: 'self_hosted',
    name: 'Orders',
    domain: 'orders.example.com',
    policies: [policy],
  })
  await api('access/policies', policy)
  return {
    ...{ overview: '', tokens: '/tokens', 'new-token': '/tokens/new', token: `/tokens/${used.id}`, applications: '/applications' },
    ...{ application: `/applications/${application.id}`, policies: '/policies', requests: '/requests', audit: '/audit' },
    ...{ 'api-tokens': '/api-tokens', settings: '/settings' },
  }
}

/** Of all that axe can tell about the levels A and AA. */
async function violationsOn(page: Page): Promise<readonly string[]> {
  // There are no frames, for which axe would open another page each time.
  const { violations } = await new AxeBuilder({ page })
    .setLegacyMode(true)
    // Windows and menus stand beside the landmarks of the page.
    .disableRules(['region'])
    .withTags(['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'])
    .analyze()
  return violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) => `${id} at ${target.join(' ')}: ${failureSummary}`))
}

async function isWithin(page: Page): Promise<boolean> {
  return page.evaluate('document.documentElement.scrollWidth <= window.innerWidth')
}

const looks = (['light', 'dark'] as const).flatMap((theme) => ([360, 1440] as const).map((width) => ({ theme, width })))

describe.each(looks)('in the $theme theme, $width pixels wide', ({ theme, width }) => {
  test('every page and window meets WCAG 2.2 AA as far as axe can tell, and nothing is wider than the screen', {
    timeout: 240_000,
  }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page, problems, picture } = await installation.open({ colorScheme: theme, viewport: { width, height: 900 } })
    const found: string[] = []
    const look = async (name: string) => {
      for (const violation of await violationsOn(page)) found.push(`${name}: ${violation}`)
      if (!(await isWithin(page))) found.push(`${name}: wider than the screen`)
      await picture(`${name}-${theme}-${width}`)
    }
    await page.goto(installation.postern.apiUrl)
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    await look('sign-in')
    await signIn(page, installation)
    for (const [name, path] of Object.entries(pages)) {
      await page.goto(`${installation.postern.apiUrl}/accounts/${installation.shown.accountId}${path}`)
      await page.getByRole('heading', { level: 1 }).waitFor()
      await page.locator('.skeleton').first().waitFor({ state: 'detached' })
      await look(name)
    }
    // Windows look the same on every page: narrow in one theme and wide in the other will do.
    const some = (theme === 'light') === (width === 360) ? Object.entries(windows) : []
    for (const [name, { on, press, choose }] of some) {
      await page.goto(`${installation.postern.apiUrl}/accounts/${installation.shown.accountId}${pages[on]}`)
      await page.getByRole('button', { name: press, exact: true }).first().click()
      if (choose !== undefined) await page.getByRole('menuitem', { name: choose }).click()
      const menu = page.getByRole('menu')
      await page.getByRole('dialog').or(menu).first().waitFor()
      if (choose !== undefined) await menu.waitFor({ state: 'detached' })
      await look(name)
    }
    expect(found).toEqual([])
    expect(problems).toEqual([])
  })
})

const windows: Readonly<Record<string, { readonly on: string; readonly press: string; readonly choose?: string }>> = {
  rotate: { on: 'token', press: 'Rotate' },
  'end-grace': { on: 'token', press: 'End the grace period' },
  'token-menu': { on: 'token', press: 'More actions' },
  'delete-token': { on: 'token', press: 'More actions', choose: 'Delete' },
  'change-lifetime': { on: 'token', press: 'More actions', choose: 'Change lifetime' },
  'new-application': { on: 'applications', press: 'New application' },
  policy: { on: 'application', press: 'Edit CI from the office' },
  'add-policy': { on: 'application', press: 'Add policy' },
  'share-policy': { on: 'application', press: 'Add policy', choose: 'A shared one of the account' },
  'new-group': { on: 'policies', press: 'New group' },
  'new-api-token': { on: 'api-tokens', press: 'New API token' },
}
