import { mkdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import chromium from '@sparticuz/chromium'
import { type Browser, type BrowserContextOptions, type Page, chromium as playwright } from 'playwright-core'
import { temporaryFolder } from '../fixtures.ts'
import { type PosternProcess, shownIn, startProcess } from '../postern-process.ts'

/** What the tests leave for people to look at. */
const pictures = resolve(import.meta.dirname, '../../test-output/console')

/** The built program on its first start, and a browser to look at it with. */
export interface Installation {
  readonly postern: PosternProcess
  readonly shown: ReturnType<typeof shownIn>
  /** Why there is no browser, where it cannot be started. */
  readonly obstacle: unknown
  /** A window of its own, with nothing stored. */
  open(options?: BrowserContextOptions): Promise<Window>
  stop(): Promise<void>
}

export interface Window {
  readonly page: Page
  /** Errors of scripts, violations of the policy, and requests to other hosts. None should be there. */
  readonly problems: readonly string[]
  picture(name: string): Promise<void>
}

/** @param furnish puts more into the database after the first start, while nothing else has it open. */
export async function startInstallation(furnish?: (databasePath: string, accountId: string) => Promise<void>): Promise<Installation> {
  const folder = temporaryFolder()
  const start = () => startProcess({ folder: folder.path, settings: { FLUSH_INTERVAL: '100ms' } })
  let postern = await start()
  const shown = shownIn(postern.output())
  if (furnish !== undefined) {
    await postern.end('SIGTERM')
    await furnish(join(folder.path, 'data', 'postern.db'), shown.accountId)
    postern = await start()
  }
  let browser: Browser | undefined
  let obstacle: unknown
  try {
    browser = await playwright.launch({ args: chromium.args, executablePath: await chromium.executablePath(), headless: true })
  } catch (error) {
    if (process.env['CI']) throw error
    obstacle = error
  }
  return {
    ...{ postern, shown, obstacle },
    async open(options = {}) {
      if (browser === undefined) throw new Error('there is no browser', { cause: obstacle })
      const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, reducedMotion: 'reduce', ...options })
      return watched(await context.newPage(), postern.apiUrl)
    },
    async stop() {
      await browser?.close()
      await postern.end('SIGTERM')
      folder.remove()
    },
  }
}

function watched(page: Page, apiUrl: string): Window {
  const problems: string[] = []
  page.setDefaultTimeout(15_000)
  page.on('pageerror', (error) => problems.push(`error: ${error.message}`))
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text())
  })
  page.on('request', (request) => {
    if (!request.url().startsWith(`${apiUrl}/`) && !request.url().startsWith('blob:')) problems.push(`asked ${request.url()}`)
  })
  return {
    ...{ page, problems },
    async picture(name) {
      mkdirSync(pictures, { recursive: true })
      await page.screenshot({ path: join(pictures, `${name}.png`), fullPage: true })
    },
  }
}

/** As an operator does it: with the API token that the first start showed. */
export async function signIn(page: Page, { postern, shown }: Installation): Promise<void> {
  await page.goto(postern.apiUrl)
  await page.getByLabel('API token', { exact: true }).last().fill(shown.apiToken)
  await page.getByRole('button', { name: 'Sign in' }).click()
  await page.getByRole('heading', { name: 'Overview', level: 1 }).waitFor()
}

export type Api = <Result>(path: string, demand?: { readonly method?: string; readonly body?: object }) => Promise<Result>

/** Asks the API below the account of the first start, with its API token; with a body to make something, when nothing else is said. */
export function apiOf({ postern, shown }: Installation): Api {
  return async <Result>(path: string, { body, method = body ? 'POST' : 'GET' }: { method?: string; body?: object } = {}) => {
    const headers = { authorization: `Bearer ${shown.apiToken}`, ...(body && { 'content-type': 'application/json' }) }
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) }
    const response = await fetch(`${postern.apiUrl}/client/v4/accounts/${shown.accountId}/${path}`, request)
    const { result, success, errors } = (await response.json()) as { result: Result; success: boolean; errors: unknown }
    if (!success) throw new Error(`${method} ${path}: ${JSON.stringify(errors)}`)
    return result
  }
}

export interface ShownToken {
  readonly clientId: string
  readonly secret: string
}

/** What the page that shows a secret once shows. */
export async function revealed(page: Page): Promise<ShownToken> {
  const [clientId, secret] = await Promise.all(
    ['Client ID', 'Client secret'].map((name) => page.locator(`[data-value="${name}"]`).textContent()),
  )
  return { clientId: clientId ?? '', secret: secret ?? '' }
}

/** The status with which the gate answers a machine. */
export async function askGate({ gateUrl }: PosternProcess, { clientId, secret }: ShownToken): Promise<number> {
  const headers = { 'CF-Access-Client-Id': clientId, 'CF-Access-Client-Secret': secret }
  return (await fetch(`${gateUrl}/authorize`, { headers })).status
}
