import type { Page } from 'playwright-core'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { apiOf, type Installation, signIn, startInstallation } from './browser.ts'

let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
})
afterAll(() => installation.stop())

interface ApiToken {
  readonly id: string
  readonly value: string
}

/** An API token of the account that may do there what the first one may. */
async function anApiToken(name: string): Promise<ApiToken> {
  const api = apiOf(installation)
  const groups = await api<readonly { readonly id: string; readonly name: string }[]>('tokens/permission_groups')
  const held = groups.filter((group) => /^Account API Tokens|^Access: Service Tokens/.test(group.name))
  const resources = { [`com.cloudflare.api.account.${installation.shown.accountId}`]: '*' }
  const policies = [{ effect: 'allow', resources, permission_groups: held.map(({ id }) => ({ id })) }]
  return api<ApiToken>('tokens', { body: { name, policies } })
}

async function openApiTokens(apiToken: string): Promise<Page> {
  const { page } = await installation.open()
  await signIn(page, { ...installation, shown: { ...installation.shown, apiToken } })
  await page.getByRole('link', { name: 'API tokens', exact: true }).click()
  return page
}

async function act(page: Page, name: string, verb: string): Promise<void> {
  await page.getByRole('button', { name: `Actions for ${name}`, exact: true }).click()
  await page.getByRole('menuitem', { name: verb }).click()
  const dialog = page.getByRole('dialog', { name: `${verb} ${name}?` })
  await dialog.getByText('You are signed in with this API token.').waitFor()
  await dialog.getByRole('button', { name: verb }).click()
}

const valueIn = (page: Page) => page.locator('[data-value="API token"]').textContent()
const leave = async (page: Page) => {
  await page.getByRole('button', { name: 'Done' }).click()
  await page.getByRole('button', { name: 'Leave without it' }).click()
}

test('who rolls the API token that they signed in with goes on with its new value, also after a reload', {
  timeout: 60_000,
}, async ({ skip }) => {
  if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
  const own = await anApiToken('rolled here')
  const page = await openApiTokens(own.value)
  await act(page, 'rolled here', 'Roll')
  await page.getByRole('dialog', { name: 'The value of the API token' }).waitFor()
  const value = await valueIn(page)
  expect(value).not.toBe(own.value)
  await leave(page)
  await page.getByRole('link', { name: 'Service tokens', exact: true }).click()
  await page.getByRole('heading', { name: 'No service tokens yet' }).waitFor()
  await page.reload()
  await page.getByRole('heading', { name: 'No service tokens yet' }).waitFor()
  expect(await page.evaluate<string>("sessionStorage.getItem('postern.credential')")).toContain(value)
})

test('who deletes the API token that they signed in with is signed out, and told why', { timeout: 60_000 }, async ({ skip }) => {
  if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
  const own = await anApiToken('deleted here')
  const page = await openApiTokens(own.value)
  await act(page, 'deleted here', 'Delete')
  await page.getByText('You deleted the API token that you were signed in with. Sign in with another credential.').waitFor()
  expect(await page.evaluate("sessionStorage.getItem('postern.credential')")).toBeNull()
})

test('a value that is shown once stays when the session has ended meanwhile, until it is left', { timeout: 60_000 }, async ({ skip }) => {
  if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
  const own = await anApiToken('deleted elsewhere')
  const page = await openApiTokens(own.value)
  await page.getByRole('button', { name: 'New API token' }).click()
  await page.getByLabel('Name').fill('made at last')
  await page.getByRole('dialog').getByLabel('Access: Service Tokens Read').check()
  // The list is asked for again once the token is made. By then somebody has deleted what the page shows of itself.
  await page.route('**/tokens?page=1*', async (route) => {
    await apiOf(installation)(`tokens/${own.id}`, { method: 'DELETE' }).catch(() => undefined)
    await route.continue()
  })
  const refused = page.waitForResponse((response) => response.status() === 401)
  await page.getByRole('dialog').getByRole('button', { name: 'Create' }).click()
  await refused
  expect(await valueIn(page)).toMatch(/^psa_/)
  await leave(page)
  await page.getByText('The API no longer accepts your credential.').waitFor()
  await page.getByRole('button', { name: 'Sign in' }).waitFor()
})
