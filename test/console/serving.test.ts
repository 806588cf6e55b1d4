import { readdirSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Installation, signIn, startInstallation } from './browser.ts'

const folder = resolve(import.meta.dirname, '../../dist/console')

let installation: Installation
beforeAll(async () => {
  installation = await startInstallation()
})
afterAll(() => installation.stop())

const get = (path: string, headers: Record<string, string> = { accept: 'text/html' }) =>
  fetch(installation.postern.apiUrl + path, { headers })

describe('the console', () => {
  test('is one page at every path of its own, and at none of another', async () => {
    const paths = ['/', '/accounts/any', '/accounts/any/tokens/new', '/zones/any']
    for (const path of paths) expect((await get(path)).headers.get('content-type'), path).toBe('text/html; charset=utf-8')
    for (const path of [
      '/client/v4/accounts/any',
      '/client/v4/nothing',
      '/nothing',
      '/assets/nothing.js',
      '/assets/../main.js',
      '/index.html.gz',
    ]) {
      const response = await get(path)
      expect([response.status, response.headers.get('content-type')], path).toEqual([404, 'application/json'])
    }
    for (const path of ['/livez', '/readyz', '/openapi.json', '/metrics', '/docs']) {
      expect(await (await get(path)).text(), path).not.toContain('/assets/')
    }
  })

  test('is no answer to a client of the API with a wrong base URL', async () => {
    expect((await get('/accounts/any/access/service_tokens', { accept: 'application/json' })).status).toBe(404)
  })

  test('may run its own scripts and styles alone, talk to its own host alone, and be in no frame', async () => {
    for (const path of ['/', `/assets/${assets('.js')[0]}`]) {
      const { headers } = await get(path)
      const policy = new Map((headers.get('content-security-policy') ?? '').split('; ').map((part) => [part.split(' ')[0], part]))
      expect(Object.fromEntries([...policy].map(([name, part]) => [name, part.slice((name ?? '').length + 1)]))).toEqual({
        ...{ 'default-src': "'none'", 'script-src': "'self'", 'style-src': "'self'", 'img-src': "'self'", 'font-src': "'self'" },
        ...{ 'connect-src': "'self'", 'base-uri': "'none'", 'form-action': "'none'", 'frame-ancestors': "'none'" },
        ...{ 'require-trusted-types-for': "'script'", 'trusted-types': "'none'" },
      })
      expect(headers.get('x-content-type-options')).toBe('nosniff')
      expect(headers.get('referrer-policy')).toBe('no-referrer')
    }
  })

  test('is asked for anew each time, its assets once', async () => {
    expect((await get('/')).headers.get('cache-control')).toBe('no-cache')
    for (const name of assets(''))
      expect((await get(`/assets/${name}`)).headers.get('cache-control'), name).toBe('public, max-age=31536000, immutable')
  })

  test('is sent compressed to who can read that, and as it is to others', async () => {
    const [name] = assets('.js')
    const plain = await get(`/assets/${name}`, { 'accept-encoding': 'identity' })
    const compressed = await get(`/assets/${name}`, { 'accept-encoding': 'gzip' })
    expect([plain, compressed].map(({ headers }) => headers.get('content-encoding'))).toEqual([null, 'gzip'])
    expect(await compressed.text()).toBe(await plain.text())
  })

  test('needs less than 300 kB for its first page, and asks nothing of another host', async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page, problems } = await installation.open()
    const sizes: number[] = []
    page.on('response', async (response) => {
      const path = new URL(response.url()).pathname
      if (!path.startsWith('/client/')) sizes.push(sizeOf(path === '/' ? '/index.html' : path))
    })
    await signIn(page, installation)
    const total = sizes.reduce((sum, size) => sum + size, 0)
    expect(total).toBeGreaterThan(50_000)
    expect(total).toBeLessThan(300_000)
    expect(problems).toEqual([])
  })

  test('keeps a credential for the tab alone, and forgets it at the end', async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page } = await installation.open()
    await signIn(page, installation)
    const kept = () => page.evaluate<readonly number[]>('[localStorage.length, sessionStorage.length, document.cookie.length]')
    expect((await kept())[1]).toBe(1)
    expect([(await kept())[0], (await kept())[2]]).toEqual([0, 0])
    expect(page.url()).not.toContain(installation.shown.apiToken)
    await page.getByRole('button', { name: /owner@/ }).click()
    await page.getByRole('menuitem', { name: 'Sign out' }).click()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
    expect(await kept()).toEqual([0, 0, 0])
  })

  test('takes e-mail and key too, and keeps them nowhere but in memory where that is wished', async ({ skip }) => {
    if (installation.obstacle !== undefined) return skip(`Chromium does not start here: ${String(installation.obstacle)}`)
    const { page } = await installation.open()
    const { email, apiKey } = installation.shown
    await page.goto(installation.postern.apiUrl)
    await page.getByLabel('E-mail and key').check({ force: true })
    await page.getByLabel('E-mail', { exact: true }).fill(email)
    await page.getByLabel('API key', { exact: true }).fill('wrong')
    await page.getByLabel(/^Stay signed in/).uncheck()
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByText('The API does not accept this credential.').waitFor()
    await page.getByLabel('API key', { exact: true }).fill(apiKey)
    await page.getByRole('button', { name: 'Sign in' }).click()
    await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
    expect(await page.evaluate('[localStorage.length, sessionStorage.length, document.cookie.length]')).toEqual([0, 0, 0])
    expect(page.url()).not.toContain(apiKey)
    await page.reload()
    await page.getByRole('button', { name: 'Sign in' }).waitFor()
  })
})

/** Names of files with this ending, in the build's folder of assets. */
function assets(ending: string): readonly string[] {
  return readdirSync(join(folder, 'assets')).filter((name) => name.endsWith(ending) && !name.endsWith('.gz'))
}

/** As it is sent: compressed where it is there so. */
function sizeOf(path: string): number {
  const compressed = statSync(`${folder}${path}.gz`, { throwIfNoEntry: false })
  return (compressed ?? statSync(`${folder}${path}`)).size
}
