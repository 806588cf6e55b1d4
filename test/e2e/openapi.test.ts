import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import chromium from '@sparticuz/chromium'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { type Browser, chromium as playwright } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { closed } from '../answer-rules.ts'
import { type RunningPostern, startPostern } from '../fixtures.ts'

type Json = Readonly<Record<string, unknown>>

interface Media {
  readonly schema: Json
  readonly example?: unknown
  readonly examples?: Readonly<Record<string, { readonly value: unknown }>>
}

interface Response {
  readonly $ref?: string
  readonly content: { readonly 'application/json': Media }
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly tags: readonly string[]
  readonly security: readonly object[]
  readonly requestBody?: { readonly content: { readonly 'application/json': Media } }
  readonly responses: Readonly<Record<string, Response>>
}

interface Document extends Json {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Json>>; readonly responses: Readonly<Record<string, Response>> }
}

let postern: RunningPostern
let document: Document
/** "GET /user", and the operation. */
let operations: readonly (readonly [name: string, operation: Operation])[]
let ajv: Ajv2020

beforeAll(async () => {
  postern = await startPostern()
  document = (await (await fetch(`${postern.apiUrl}/openapi.json`)).json()) as Document
  operations = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const),
  )
  ajv = new Ajv2020({ allErrors: true, strictTypes: false })
  for (const [name, schema] of Object.entries(document.components.schemas)) ajv.addSchema(closed(schema), name)
})
afterAll(() => postern.stop())

function expectToFit(media: Media, of: string): void {
  const examples = media.examples === undefined ? [media.example] : Object.values(media.examples).map(({ value }) => value)
  expect(examples, of).not.toHaveLength(0)
  const validate = ajv.compile(closed(media.schema))
  for (const example of examples) {
    expect(example, of).toBeDefined()
    expect([validate(example), validate.errors], `${of}: ${JSON.stringify(example)}`).toEqual([true, null])
  }
}

describe('the document', () => {
  test('is valid OpenAPI 3.1', async () => {
    const validator = new Validator()
    expect(await validator.validate(structuredClone(document))).toEqual({ valid: true })
    expect(validator.version).toBe('3.1')
  })

  test('every operation has an id of its own, a summary, one tag and a way to sign in', () => {
    const ids = operations.map(([, { operationId }]) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
    for (const [name, { operationId, summary, tags, security }] of operations) {
      expect(operationId, name).toMatch(/^[a-z]+[A-Za-z]+$/)
      expect([summary.length > 0, tags.length], name).toEqual([true, 1])
      expect(security, name).toContainEqual({ api_token: [] })
    }
  })

  test('every body and every good answer has an example, which fits its own schema', () => {
    for (const [name, { requestBody, responses }] of operations) {
      if (requestBody !== undefined) expectToFit(requestBody.content['application/json'], `${name}, the body`)
      const good = Object.entries(responses).filter(([status]) => status.startsWith('2'))
      expect(good, name).toHaveLength(1)
      for (const [status, response] of good) expectToFit(response.content['application/json'], `${name}, ${status}`)
    }
  })

  test('every refusal has an example for each of its reasons, which fits its own schema', () => {
    for (const [name, response] of Object.entries(document.components.responses)) expectToFit(response.content['application/json'], name)
  })

  test('every operation says how it can be refused', () => {
    for (const [name, { responses }] of operations) {
      expect(Object.keys(responses), name).toEqual(expect.arrayContaining(['400', '401', '403', '408', '431', '500']))
    }
  })

  test('every named schema has an example, which fits', () => {
    for (const [name, schema] of Object.entries(document.components.schemas)) {
      if (name === 'ErrorItem' || name === 'Refusal') continue
      const examples = schema['examples'] as readonly unknown[] | undefined
      for (const example of examples ?? [undefined]) expectToFit({ schema, example }, name)
    }
  })

  test('uses no regular expressions that only some engines know', () => {
    expect(JSON.stringify(document)).not.toMatch(/\\\\p\{/)
  })
})

describe('over HTTP', () => {
  const get = (path: string, headers: Record<string, string> = {}) => fetch(`${postern.apiUrl}${path}`, { headers })

  test('nobody has to sign in, and whoever has the current version is told so', async () => {
    for (const [path, type] of [
      ['/openapi.json', 'application/json'],
      ['/docs', 'text/html; charset=utf-8'],
      ['/docs/reference.js', 'text/javascript; charset=utf-8'],
      ['/docs/swagger-ui-bundle.js', 'text/javascript; charset=utf-8'],
      ['/docs/swagger-ui.css', 'text/css; charset=utf-8'],
      ['/docs/favicon-32x32.png', 'image/png'],
    ] as const) {
      const { status, headers } = await get(path)
      expect([status, headers.get('content-type')], path).toEqual([200, type])
      expect(headers.get('content-security-policy'), path).toMatch(/default-src 'none'; script-src 'self'; style-src 'self';/)
      const again = await get(path, { 'if-none-match': headers.get('etag') ?? '' })
      expect([again.status, await again.text()], path).toEqual([304, ''])
    }
  })

  test.each(['/docs/swagger-ui.js', '/docs/package.json', '/docs/..%2fpackage.json', '/docs/%2e%2e/package.json', '/docs/swagger-ui.css/'])(
    'there is nothing else: %s',
    async (path) => {
      expect((await get(path)).status).toBe(404)
    },
  )

  test('there is nothing to do but to read', async () => {
    for (const path of ['/openapi.json', '/docs', '/docs/reference.js']) {
      expect((await fetch(`${postern.apiUrl}${path}`, { method: 'HEAD' })).status).toBe(200)
      for (const method of ['POST', 'PUT', 'DELETE']) expect((await fetch(`${postern.apiUrl}${path}`, { method })).status).toBe(404)
    }
  })
})

describe('the reference, in a browser', () => {
  let browser: Browser | undefined
  let obstacle: unknown

  beforeAll(async () => {
    try {
      browser = await playwright.launch({ args: chromium.args, executablePath: await chromium.executablePath(), headless: true })
    } catch (error) {
      if (process.env['CI']) throw error
      obstacle = error
    }
  })
  afterAll(() => browser?.close())

  test('it shows every operation, asks nothing of other hosts, and tries one out', async ({ skip }) => {
    if (browser === undefined) return skip(`Chromium does not start here: ${String(obstacle)}`)
    const page = await browser.newPage({ viewport: { width: 1280, height: 1000 } })
    const problems: string[] = []
    const requests: string[] = []
    page.on('console', (message) => message.type() === 'error' && problems.push(message.text()))
    page.on('pageerror', (error) => problems.push(String(error)))
    page.on('request', (request) => requests.push(request.url()))

    await page.goto(`${postern.apiUrl}/docs`)
    await page
      .locator('.opblock')
      .nth(operations.length - 1)
      .waitFor()
    expect(await page.locator('.opblock').count()).toBe(operations.length)
    await page.screenshot({ path: join(tmpdir(), 'postern-reference.png'), fullPage: true })

    await page.getByRole('button', { name: 'Authorize' }).first().click()
    await page.getByLabel('auth-bearer-value').fill(postern.bootstrap.apiToken)
    await page.locator('.auth-container', { hasText: 'bearer' }).getByRole('button', { name: 'Apply credentials' }).click()
    await page.getByRole('button', { name: 'Close' }).first().click()
    const verify = page.locator('#operations-API_tokens-verifyUserTokens')
    await verify.locator('.opblock-summary').first().click()
    await verify.getByRole('button', { name: 'Try it out' }).click()
    await verify.getByRole('button', { name: 'Execute' }).click()
    const answer = verify.locator('.live-responses-table')
    await answer.waitFor()
    expect(await answer.textContent()).toMatch(/200.*"status": "active"/s)

    expect(problems).toEqual([])
    expect(requests.filter((url) => !url.startsWith(`${postern.apiUrl}/`) && !url.startsWith('data:'))).toEqual([])
    await page.close()
  })
})
