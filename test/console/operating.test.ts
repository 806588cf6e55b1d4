import { readFileSync } from 'node:fs'
import type { Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { fillTokens, nameOf, varyTokens } from '../../bench/many-tokens.ts'
import { openSqlite } from '../../src/store/sqlite.ts'
import { type Api, apiOf, askGate, type Installation, type ShownToken, signIn, startInstallation } from './browser.ts'

const hourMs = 3_600_000
/** The number of a token that has expired, and of one in grace whose old secret nobody has used. */
const [expired, named] = [1, 2]

let installation: Installation
let api: Api
const issued: ShownToken[] = []

beforeAll(async () => {
  installation = await startInstallation(async (path, accountId) => {
    const { db, close } = openSqlite(path)
    await fillTokens(
      db,
      accountId,
      40,
      () => undefined,
      (number, clientId, secret) => (issued[number] = { clientId, secret }),
    )
    await varyTokens(db, Date.now())
    const ofNumber = (number: number) => db.updateTable('service_token').where('name', '=', nameOf(number))
    await ofNumber(expired)
      .set({ expires_at: Date.now() - hourMs, enabled: 1 })
      .execute()
    await ofNumber(named)
      .set({ expires_at: Date.now() + 900 * hourMs, enabled: 1, previous_until: Date.now() + 9 * hourMs, previous_version: 0 })
      .set(({ ref }) => ({ previous_digest: ref('digest') }))
      .execute()
    const hour = Math.floor(Date.now() / hourMs) * hourMs
    const counts = Array.from({ length: 160 }, (_, index) => ({
      ...{ hour: hour - (index + 1) * hourMs, subject_id: accountId, allowed: 40, refused: index < 20 ? 5 : 0, previous_secret: 0 },
    }))
    await db.insertInto('activity').values(counts).execute()
    const gate = { id: 'f'.repeat(32), name: 'far-away:1', role: 'gate', version: '0.1.0', started_at: Date.now(), reported_at: Date.now() }
    const state = { applied_change: 0, confirmed_age_ms: 140, staleness_budget_ms: 30_000, on_stale: 'refuse' }
    await db
      .insertInto('gate')
      .values({ ...gate, ...state })
      .execute()
    await close()
  })
  api = apiOf(installation)
}, 60_000)
afterAll(() => installation.stop())

async function tokenId(number: number): Promise<string> {
  const [found] = await api<readonly { readonly id: string }[]>(`access/service_tokens?name=${encodeURIComponent(nameOf(number))}`)
  return found?.id ?? 'no such token'
}

const go = (page: Page, path: string) => page.goto(`${installation.postern.apiUrl}/accounts/${installation.shown.accountId}${path}`)

describe('an operator', () => {
  test('sees on the first page what wants attention, and goes from there to it', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    expect(await askGate(installation.postern, issued[expired] as ShownToken)).toBe(401)
    const { page, problems, picture } = await installation.open()
    await signIn(page, installation)
    const card = page.getByRole('region', { name: 'Needs attention' })
    for (const text of [
      '1 gate behind',
      '1 ended token still being tried',
      'More refusals than usual',
      /token(s)? in grace, old secret unused/,
      /token(s)? unused for 90 days/,
      /token(s)? never used/,
    ])
      await card.getByText(text).waitFor()
    await card.getByText('far-away:1 (catching up).').waitFor()
    await picture('attention')
    await card.getByText(/in grace, old secret unused/).click()
    await page.getByRole('radio', { name: /^Old secret unused/ }).waitFor({ state: 'attached' })
    await page.getByRole('link', { name: nameOf(named), exact: true }).waitFor()
    await page.goBack()
    await card.getByText('1 ended token still being tried').click()
    await page.getByRole('heading', { name: nameOf(expired), level: 1 }).waitFor()
    await page.getByRole('cell', { name: 'The token has expired' }).waitFor()
    expect(problems).toEqual([])
  })

  test('is told what names a token before it could be deleted', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const include = [{ service_token: { token_id: await tokenId(named) } }]
    const policies = [{ name: 'Only one', decision: 'non_identity', include }]
    await api('access/apps', { body: { type: 'self_hosted', name: 'Ledger', domain: 'ledger.example.com', policies } })
    await api('access/groups', { body: { name: 'Deploy bots', include } })
    const { page } = await installation.open()
    await signIn(page, installation)
    await go(page, `/tokens/${await tokenId(named)}`)
    await page.getByRole('button', { name: 'More actions' }).click()
    await page.getByRole('menuitem', { name: 'Delete' }).click()
    const dialog = page.getByRole('dialog', { name: `Delete ${nameOf(named)}?` })
    await dialog.getByText('policy of Ledger').waitFor()
    await dialog.getByRole('link', { name: 'Deploy bots' }).waitFor()
    expect(await dialog.getByRole('button', { name: 'Delete' }).getAttribute('aria-disabled')).toBe('true')
  })

  test('exports the requests of one token, as CSV and as JSON lines', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const [used, other] = [issued[3], issued[4]] as [ShownToken, ShownToken]
    for (const token of [used, other]) await askGate(installation.postern, { ...token, secret: 'wrong' })
    const { page } = await installation.open()
    await signIn(page, installation)
    await go(page, `/requests?token=${await tokenId(3)}`)
    const rows = page.getByRole('region', { name: 'Requests' }).locator('tbody tr')
    await rows.first().waitFor()
    expect(await rows.getByRole('link').allTextContents()).toEqual([nameOf(3)])
    const exported = async (format: string) => {
      const download = page.waitForEvent('download')
      await page.getByRole('button', { name: 'Export' }).click()
      await page.getByRole('menuitem', { name: format }).click()
      return readFileSync(await (await download).path(), 'utf8')
        .trimEnd()
        .split(/\r?\n/)
    }
    const lines = await exported('JSON lines')
    expect(lines.map((line) => JSON.parse(line).service_token_name)).toEqual([nameOf(3)])
    const [head, ...entries] = await exported('CSV')
    expect(head?.split(',')).toContain('service_token_name')
    expect(entries).toEqual([expect.stringContaining(nameOf(3))])
  })

  test('sees what the credential may do, and which permission a page needs', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const groups = await api<readonly { readonly id: string }[]>('tokens/permission_groups?name=Access: Service Tokens Read')
    const resources = { [`com.cloudflare.api.account.${installation.shown.accountId}`]: '*' }
    const policies = [{ effect: 'allow', resources, permission_groups: groups.map(({ id }) => ({ id })) }]
    const { value } = await api<{ readonly value: string }>('tokens', { body: { name: 'reader', policies } })
    const { page, problems } = await installation.open()
    await signIn(page, { ...installation, shown: { ...installation.shown, apiToken: value } })
    await page.getByRole('link', { name: 'Applications not with your credential' }).click()
    await page.getByText('Your credential lacks the permission “Access: Apps and Policies Read” here.').waitFor()
    await page.getByRole('button', { name: /Signed in/ }).click()
    await page.getByRole('menuitem', { name: 'What you may do here' }).click()
    const dialog = page.getByRole('dialog', { name: 'What you may do here' })
    await dialog.getByRole('row', { name: 'Access: Service Tokens yes no' }).waitFor()
    await dialog.getByRole('row', { name: 'Access: Apps and Policies no no' }).waitFor()
    // It is not even asked for.
    expect(problems).toEqual([])
  })

  test('is told when the API is away, and when it is back', { timeout: 60_000 }, async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page } = await installation.open()
    await signIn(page, installation)
    await go(page, `/tokens/${await tokenId(named)}`)
    await page.getByRole('heading', { name: nameOf(named), level: 1 }).waitFor()
    await page.context().setOffline(true)
    const alert = page.getByRole('alert').filter({ hasText: 'The API cannot be reached. What you see may be out of date.' })
    await alert.waitFor()
    // What was never loaded says so in its own place, be it a page or what it shows.
    await page.getByRole('link', { name: 'Settings', exact: true }).click()
    await page.getByText('The console could not load this page.').waitFor()
    await page.getByRole('link', { name: 'Service tokens', exact: true }).first().click()
    await page.getByRole('heading', { name: 'This could not be loaded' }).waitFor()
    await page.context().setOffline(false)
    // The browser tells that it is connected again, and then the page may have tried before anybody could press this.
    const again = page.getByRole('button', { name: 'Try again' }).first()
    await again.click({ timeout: 3_000 }).catch(() => undefined)
    await page.getByText('1–40 of 40 service tokens').waitFor()
    await alert.waitFor({ state: 'detached' })
  })
})
