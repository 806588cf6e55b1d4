import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { apiOf, askGate, type Installation, revealed, signIn, startInstallation } from './browser.ts'

let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
})
afterAll(() => installation.stop())

describe('in the console', () => {
  test('a token is made, used, seen, rotated with a grace period that is ended early, and disabled; and the audit log shows it all', {
    timeout: 120_000,
  }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { postern } = installation
    const { page, problems, picture } = await installation.open()
    await signIn(page, installation)
    const button = (name: string) => page.getByRole('button', { name, exact: true })

    await page.getByRole('region', { name: 'First steps' }).getByRole('link', { name: 'Make a service token' }).waitFor()
    await page.getByRole('link', { name: 'New service token' }).click()
    await page.getByLabel('Name').fill('CI deploy')
    await page.getByLabel('90 days').check({ force: true })
    await button('Create').click()
    await page.getByRole('heading', { name: 'CI deploy is ready' }).waitFor()
    const first = await revealed(page)
    await picture('walk-1-created')
    await button('Copy Client secret').click()
    await page.getByRole('link', { name: 'Done' }).click()

    await page.getByRole('heading', { name: 'CI deploy', level: 1, exact: true }).waitFor()
    const lastSeen = page.locator('[data-fact="last-seen"]')
    expect(await lastSeen.textContent()).toBe('never')
    expect(await askGate(postern, first)).toBe(200)
    await lastSeen.getByText('just now').waitFor()

    await button('Rotate').click()
    await page.getByRole('dialog').getByLabel('7 days').check({ force: true })
    await page.getByRole('dialog').getByRole('button', { name: 'Rotate' }).click()
    await page.getByRole('heading', { name: 'New secret of CI deploy' }).waitFor()
    const second = await revealed(page)
    expect(second.clientId).toBe(first.clientId)
    expect(second.secret).not.toBe(first.secret)
    await button('Copy Client secret').click()
    await button('Done').click()
    expect(await askGate(postern, first)).toBe(200)
    expect(await askGate(postern, second)).toBe(200)
    await page.getByText(/^1 caller still uses the previous secret: 127\.0\.0\.1 just now\.$/).waitFor()
    const chart = page.getByRole('region', { name: 'Requests', exact: true })
    // Of those that go on asking the gate tells once a minute: the current secret's requests may not all be there yet.
    await chart.getByText('1 by the previous secret').waitFor()
    await chart.getByRole('img', { name: 'by the current secret, 1 by the previous secret, 0 refused' }).waitFor()
    expect(await chart.getByRole('columnheader').allTextContents()).toEqual([
      'Hour',
      'by the current secret',
      'by the previous secret',
      'refused',
    ])
    expect((await chart.getByRole('cell').allTextContents()).slice(1)).toEqual(['1', '0'])
    await picture('walk-2-in-grace')

    await button('End the grace period').click()
    await button('End it').click()
    await page.getByText('The previous secret has ended').waitFor()
    expect(await askGate(postern, first)).toBe(401)
    expect(await askGate(postern, second)).toBe(200)
    await page.getByRole('cell', { name: 'Wrong secret' }).waitFor()

    await button('Disable').click()
    await page.getByRole('dialog').getByRole('button', { name: 'Disable' }).click()
    await page.getByText('1 service token disabled').waitFor()
    expect(await askGate(postern, second)).toBe(401)
    await page.getByRole('cell', { name: 'The token is disabled' }).waitFor()
    await picture('walk-3-disabled')

    await page.getByRole('link', { name: 'Audit log' }).click()
    for (const deed of ['Create service token', 'Rotate service token', 'Update service token'])
      await page.getByRole('cell', { name: deed }).first().waitFor()
    await button('Details of Update service token CI deploy').first().click()
    await page.getByRole('row', { name: 'enabled true false', exact: true }).waitFor()
    await picture('walk-4-audit')
    expect(problems).toEqual([])
  })

  test('who leaves a new secret without having copied it is asked once', async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page } = await installation.open()
    await signIn(page, installation)
    await page.keyboard.press('n')
    await page.getByLabel('Name').fill('forgotten')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'forgotten is ready' }).waitFor()
    await page.getByRole('link', { name: 'Service tokens' }).click()
    await page.getByRole('dialog', { name: 'Leave without the secret?' }).waitFor()
    await page.getByRole('button', { name: 'Stay' }).click()
    expect((await revealed(page)).secret).toMatch(/^pst_/)
    await page.getByRole('link', { name: 'Service tokens' }).click()
    await page.getByRole('heading', { name: 'Service tokens', level: 1 }).waitFor()
  })

  test('several tokens are disabled together, after it was said which; what is so already is left alone', async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { postern } = installation
    for (const [name, enabled] of [
      ['bulk 1', true],
      ['bulk 2', true],
      ['bulk 3', false],
    ] as const) {
      const { client_id: clientId, client_secret: secret } = await apiOf(installation)<{ client_id: string; client_secret: string }>(
        'access/service_tokens',
        { body: { name, enabled } },
      )
      if (name === 'bulk 1') expect(await askGate(postern, { clientId, secret })).toBe(200)
    }
    const { page } = await installation.open()
    await signIn(page, installation)
    await page.keyboard.press('/')
    await page.getByRole('searchbox', { name: 'Search the service tokens by name' }).fill('bulk')
    await page.getByText('1–3 of 3 service tokens').waitFor()
    await page.getByLabel('Select all on this page').check()
    await page.getByRole('region', { name: 'Selected service tokens' }).getByRole('button', { name: 'Disable' }).click()
    const dialog = page.getByRole('dialog', { name: 'Disable 2 service tokens?' })
    await dialog.getByText('1 of the selected is disabled already').waitFor()
    await dialog.getByText('1 of them was used in the last day: their machines will be turned away.').waitFor()
    await dialog.getByRole('button', { name: 'Disable' }).click()
    await page.getByText('2 service tokens disabled').waitFor()
    await page.getByRole('radio', { name: /^Disabled/ }).click({ force: true })
    await page.getByText('1–3 of 3 service tokens').waitFor()
  })

  test('a credential that may only read can do nothing else, and is told why', async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { postern, shown } = installation
    const api = async (path: string, body?: object) => {
      const headers = { authorization: `Bearer ${shown.apiToken}`, ...(body && { 'content-type': 'application/json' }) }
      const response = await fetch(`${postern.apiUrl}/client/v4/accounts/${shown.accountId}/${path}`, {
        ...{ method: body ? 'POST' : 'GET', headers },
        ...(body && { body: JSON.stringify(body) }),
      })
      return ((await response.json()) as { result: never }).result
    }
    const groups: readonly { readonly id: string; readonly name: string }[] = await api(
      'tokens/permission_groups?name=Access: Service Tokens Read',
    )
    const resources = { [`com.cloudflare.api.account.${shown.accountId}`]: '*' }
    const policies = [{ effect: 'allow', resources, permission_groups: groups.map(({ id }) => ({ id })) }]
    const { value }: { readonly value: string } = await api('tokens', { name: 'reader', policies })

    const { page } = await installation.open()
    await signIn(page, { ...installation, shown: { ...shown, apiToken: value } })
    const button = page.getByRole('button', { name: 'New service token' })
    expect(await button.getAttribute('aria-disabled')).toBe('true')
    await button.focus()
    await page.getByText('Your credential lacks the permission “Access: Service Tokens Write” here.').first().waitFor()
    await page.getByRole('link', { name: 'Audit log' }).click()
    await page.getByRole('heading', { name: 'Your credential may not see this' }).waitFor()
  })
})
