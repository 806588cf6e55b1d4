import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Exchange, readExchanges, runsOf } from './format.ts'
import { createReplayer, type Replayer } from './replay.ts'
import { type ContractServer, startContractServer } from './server.ts'

// The replayer must be able to fail: exchanges with something wrong in them, which it has to find.

let server: ContractServer
let replayer: Replayer
beforeAll(async () => {
  server = await startContractServer()
  replayer = await createReplayer(server)
})
afterAll(() => server.stop())

const exchanges = readExchanges()

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json }

/** The value with one thing wrong in it, in every way: each part replaced, each field and item left out or added. */
function* spoilt(value: Json): Generator<readonly [what: string, value: Json]> {
  yield ['replaced', 'planted']
  if (Array.isArray(value)) {
    const items: readonly Json[] = value
    yield ['/+', [...items, 'planted']]
    for (const [index, item] of items.entries()) {
      yield [`/${index} left out`, items.filter((_, other) => other !== index)]
      for (const [what, wrong] of spoilt(item)) yield [`/${index} ${what}`, items.with(index, wrong)]
    }
  } else if (typeof value === 'object' && value !== null && !Object.keys(value).some((key) => key.startsWith('$'))) {
    yield ['/+', { ...value, planted: 1 }]
    for (const [key, inner] of Object.entries(value)) {
      const { [key]: _, ...rest } = value as { readonly [key: string]: Json }
      yield [`/${key} left out`, rest]
      for (const [what, wrong] of spoilt(inner)) yield [`/${key} ${what}`, { ...value, [key]: wrong }]
    }
  }
}

describe.each([
  'service-tokens/create/with-everything.json',
  'service-tokens/update/version-raised-with-grace.json',
  'lists/service-tokens/last-page.json',
  'credentials/malformed-basic.json',
  'errors/no-such-route.json',
])('%s', (file) => {
  const exchange = exchanges.find((each) => each.file === file) as Exchange
  const [scope = 'accounts'] = runsOf(exchange)

  test('passes as it is', async () => expect(await replayer.replay(exchange, scope)).toEqual([]))

  test('fails with anything wrong in its body', async () => {
    const passed: string[] = []
    for (const [what, body] of spoilt(exchange.expect.body as Json)) {
      const found = await replayer.replay({ ...exchange, expect: { ...exchange.expect, body } }, scope)
      if (found.length === 0) passed.push(what)
    }
    expect(passed).toEqual([])
  })

  test('fails with another status, a header that is not there, or no body', async () => {
    const { body: _, ...rest } = exchange.expect
    for (const wrong of [{ ...exchange.expect, status: 299 }, { ...exchange.expect, headers: { 'x-planted': '1' } }, rest]) {
      expect(await replayer.replay({ ...exchange, expect: wrong }, scope)).not.toEqual([])
    }
  })
})

test('a step before the request that is refused is an error, and not passed over', async () => {
  const exchange = exchanges.find(({ file }) => file === 'service-tokens/get/a-new-token.json') as Exchange
  await expect(replayer.replay({ ...exchange, given: [{ create: {} }] }, 'accounts')).rejects.toThrow('answered with 400')
})

describe('a file that is not of the form is an error, which names the file', () => {
  const good = {
    ...{ about: 'Nothing leads to nothing.', source: 'Postern', failure: 'no_route' },
    ...{ request: { method: 'GET', path: '/nothing' }, expect: { status: 404, body: null } },
  }
  const read = (text: string) => {
    const folder = mkdtempSync(join(tmpdir(), 'postern-contract-'))
    try {
      writeFileSync(join(folder, 'planted.json'), text)
      return readExchanges(folder)
    } finally {
      rmSync(folder, { recursive: true })
    }
  }

  test('but this one is', () => expect(read(JSON.stringify(good))).toEqual([{ file: 'planted.json', ...good }]))

  test.each<[string, object]>([
    ['an unknown field', { expects: {} }],
    ['an unknown field of the request', { request: { ...good.request, querry: 'a' } }],
    ['an unknown field of a step', { given: [{ creat: {} }] }],
    ['a step that does nothing', { given: [{ as: 'token' }] }],
    ['a step that does two things', { given: [{ create: {}, clock: '+1s' }] }],
    ['an unknown matcher', { expect: { status: 404, body: { a: { $regex: 'a' } } } }],
    ['a matcher beside a field', { expect: { status: 404, body: { a: { $any: true, b: 1 } } } }],
    ['a matcher without what it needs', { expect: { status: 404, body: { $hex: 'many' } } }],
    ['a pattern that is none', { expect: { status: 404, body: { $match: '(' } } }],
    ['an unknown scope', { scopes: ['everywhere'] }],
    ['a scope that the path does not have', { scopes: ['accounts'] }],
    ['a scope in the path that is not named', { request: { method: 'GET', path: '/{scope}/nothing' } }],
    ['a refusal without its failure', { failure: undefined }],
    ['a failure that is no refusal', { expect: { status: 200, body: null } }],
    ['a source that is none', { source: 'hearsay' }],
    ['time that goes back', { clock: '-1h' }],
  ])('%s', (_what, more) => {
    expect(() => read(JSON.stringify({ ...good, ...more }))).toThrow('contract/planted.json: ')
  })

  test('JSON with a field twice', () => expect(() => read('{"about": "a", "about": "b"}')).toThrow('contract/planted.json: '))
  test('what is no JSON', () => expect(() => read('{')).toThrow('contract/planted.json: '))
})
