import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Installation, signIn, startInstallation } from './browser.ts'

const count = 60
const numbers = Array.from({ length: count }, (_, index) => String(index + 1).padStart(2, '0'))

let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
  for (const number of numbers) {
    await make('accounts', { name: `Team ${number}` })
    await make('zones', { account: { id: installation.shown.accountId }, name: `zone-${number}.example.com` })
  }
})
afterAll(() => installation.stop())

async function make(path: string, body: object): Promise<void> {
  const { postern, shown } = installation
  const headers = { authorization: `Bearer ${shown.apiToken}`, 'content-type': 'application/json' }
  const response = await fetch(`${postern.apiUrl}/client/v4/${path}`, { method: 'POST', headers, body: JSON.stringify(body) })
  if (!response.ok) throw new Error(await response.text())
}

test('every account and zone can be gone to by keyboard, however many there are', { timeout: 60_000 }, async ({ skip }) => {
  if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
  const { page, problems, picture } = await installation.open()
  await signIn(page, installation)
  const open = () => page.getByRole('button', { name: /^Switch from/ }).press('Enter')
  const search = page.getByRole('searchbox', { name: 'Find an account or zone by name' })
  const here = page.getByRole('button', { name: /^Switch from/ })

  await open()
  await page.getByRole('link', { name: 'Team 01' }).waitFor()
  await picture('switcher')
  for (const what of ['accounts', 'zones']) await page.getByRole('button', { name: `More ${what}` }).press('Enter')
  for (const number of numbers) {
    await page.getByRole('link', { name: `Team ${number}` }).waitFor()
    await page.getByRole('link', { name: `zone-${number}.example.com` }).waitFor()
  }
  await page.getByRole('link', { name: 'Team 60' }).press('Enter')
  await expect.poll(() => here.textContent()).toContain('Team 60')

  await page.reload()
  await open()
  await search.fill('team 59')
  await page.getByRole('link', { name: 'Team 59' }).press('Enter')
  await expect.poll(() => here.textContent()).toContain('Team 59')

  await page.reload()
  await open()
  await search.fill('zone-60.example.com')
  await page.getByRole('link', { name: 'zone-60.example.com' }).press('Enter')
  await expect.poll(() => here.textContent()).toContain('zone-60.example.comZone of Default account')
  expect(problems).toEqual([])
})
