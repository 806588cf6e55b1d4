import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Api, apiOf, type Installation, signIn, startInstallation } from './browser.ts'

let installation: Installation
let api: Api
beforeAll(async () => {
  installation = await startInstallation()
  api = apiOf(installation)
})
afterAll(() => installation.stop())

interface Named {
  readonly id: string
  readonly name: string
}
interface Application extends Named {
  readonly policies: readonly Named[]
}

test('a shared policy is added to an application, moved by keyboard and taken out again', { timeout: 60_000 }, async ({ skip }) => {
  if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
  const policy = { name: 'Office', decision: 'bypass', include: [{ ip: { ip: '203.0.113.0/24' } }] }
  const shared = await api<Named>('access/policies', { body: policy })
  const own = { name: 'Machines', decision: 'non_identity', include: [{ any_valid_service_token: {} }] }
  const settings = { type: 'self_hosted', name: 'Orders', domain: 'orders.example.com', origin_url: 'http://127.0.0.1:3000' }
  const more = { read_service_tokens_from_header: 'x-token', session_duration: '30m', service_auth_401_redirect: true }
  const made = await api<Application>('access/apps', { body: { ...settings, ...more, policies: [own] } })
  const stored = () => api<Application>(`access/apps/${made.id}`)
  const namesStored = async () => (await stored()).policies.map(({ name }) => name)

  const { page, problems, picture } = await installation.open()
  await signIn(page, installation)
  const button = (name: string) => page.getByRole('button', { name, exact: true })
  await page.getByRole('link', { name: 'Applications', exact: true }).click()
  await page.getByRole('link', { name: 'Orders', exact: true }).click()

  await button('Add policy').press('Enter')
  await page.getByRole('menuitem', { name: 'A shared one of the account' }).press('Enter')
  const dialog = page.getByRole('dialog', { name: 'Add a shared policy to Orders' })
  await dialog.getByRole('radio', { name: 'Office' }).check()
  await picture('policies-1-share')
  await dialog.getByRole('button', { name: 'Add' }).click()
  await button('Move Office up').waitFor()
  expect(await namesStored()).toEqual(['Machines', 'Office'])

  await button('Move Office up').press('Enter')
  await page.getByText('Office is now 1 of 2').waitFor()
  expect(await namesStored()).toEqual(['Office', 'Machines'])
  const focused = () => page.evaluate<string>('document.activeElement.ariaLabel')
  await expect.poll(focused).toBe('Move Office up')
  expect(await button('Move Office up').getAttribute('aria-disabled')).toBe('true')
  await button('Move Office down').press('Enter')
  await page.getByText('Office is now 2 of 2').waitFor()
  await expect.poll(focused).toBe('Move Office down')
  expect(await namesStored()).toEqual(['Machines', 'Office'])
  await picture('policies-2-ordered')

  await button('Take out Office').click()
  await page.getByRole('dialog', { name: 'Take Office out of Orders?' }).getByRole('button', { name: 'Take out' }).click()
  await page.getByText('Policy taken out').waitFor()
  const { policies, ...after } = await stored()
  expect(policies.map(({ name }) => name)).toEqual(['Machines'])
  expect(after).toMatchObject({ ...settings, ...more })
  expect(await api<Named>(`access/policies/${shared.id}`)).toMatchObject({ ...policy, app_count: 0 })
  expect(problems).toEqual([])
})
