import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { movableClock } from '../fixtures.ts'
import { type Answer, json, type RawApi, startRawApi } from '../raw-api.ts'

// What the documentation says of a body, written down a second time and without the product's schemas.

let api: RawApi
let collection: string
let item: string
/** The token as it was shown before the last update. */
let shown: Readonly<Record<string, unknown>> = {}

beforeAll(async () => {
  api = await startRawApi({ clock: movableClock('2026-03-01T12:00:00Z') })
  collection = `/accounts/${api.postern.bootstrap.accountId}/access/service_tokens`
  const created = await api.call({ method: 'POST', path: collection, body: { name: 'subject' } })
  item = `${collection}/${created.envelope.result?.['id']}`
})
afterAll(() => api.stop())

const readOnly = ['id', 'client_id', 'created_at', 'expires_at']
/** They change by themselves, so an update may carry any that was ever shown. */
const moving = ['updated_at', 'last_seen_at']
const goodTimestamps = ['2030-01-31T12:00:00Z', '2026-02-28t23:59:59.5z', '2024-02-29T00:00:00+01:00', '0001-01-01T00:00:00Z']
const unitNs: Readonly<Record<string, number>> = { ns: 1, us: 1e3, µs: 1e3, μs: 1e3, ms: 1e6, s: 1e9, m: 6e10, h: 3.6e12 }

function isDuration(value: unknown): boolean {
  if (value === 'forever') return true
  if (typeof value !== 'string' || value.length > 100 || !/^\+?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+$/.test(value)) return false
  const terms = [...value.matchAll(/([\d.]+)([^\d.]+)/g)]
  const total = terms.reduce((sum, [, number, unit]) => sum + Math.trunc(Number(number) * (unitNs[unit as string] as number)), 0)
  return total > 0 && total < 2 ** 63
}

const fields: Readonly<Record<string, (value: unknown) => boolean>> = {
  name: (value) => typeof value === 'string' && [...value].length >= 1 && [...value].length <= 350 && !/[\p{Cc}\p{Cs}]/u.test(value),
  duration: isDuration,
  enabled: (value) => typeof value === 'boolean',
  client_secret_version: (value) => Number.isInteger(value) && (value as number) >= 1 && (value as number) < 2 ** 31,
  previous_client_secret_expires_at: (value) =>
    goodTimestamps.includes(value as string) || value === shown['previous_client_secret_expires_at'],
}

function isDocumented(value: unknown, names: readonly string[]): value is Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return Object.entries(value).every(([name, given]) => {
    if (moving.includes(name)) return names.includes(name) && typeof given === 'string'
    if (readOnly.includes(name)) return names.includes(name) && given === shown[name]
    return names.includes(name) && Object.hasOwn(fields, name) && fields[name]?.(given) === true
  })
}

interface Operation {
  readonly method: string
  path(): string
  readonly isDocumented: (body: unknown) => boolean
}
const all = Object.keys(fields)
const operations: readonly Operation[] = [
  { method: 'POST', path: () => collection, isDocumented: (body) => isDocumented(body, all) && 'name' in body },
  // Not when a good body can be refused all the same: a version that goes back, a grace period that has ended.
  { method: 'PUT', path: () => item, isDocumented: (body) => isDocumented(body, [...all, ...readOnly, ...moving]) },
  { method: 'POST', path: () => `${item}/rotate`, isDocumented: (body) => isDocumented(body, ['previous_client_secret_expires_at']) },
]

const text = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme', maxLength: 400 }))
const anyValue = fc.oneof(fc.jsonValue(), text, fc.double(), fc.constantFrom(null, '', -0, 2 ** 53, 1e300))
const often = (good: fc.Arbitrary<unknown>) => fc.oneof({ arbitrary: good, weight: 3 }, { arbitrary: anyValue, weight: 1 })
const duration = fc.oneof(
  fc.constantFrom('forever', '8760h', '1h30m', '1.5h', '300ms', '+1h', '0s', '-1h', '1d', '', '8760', '1e3s', '.5s', '.s', '1h '),
  fc.array(fc.tuple(fc.nat(1000), fc.constantFrom('ns', 'us', 'µs', 'ms', 's', 'm', 'h', 'd', ''))).map((terms) => terms.flat().join('')),
)
const nearlyRight = fc.record(
  {
    name: often(text),
    duration: often(duration),
    enabled: often(fc.boolean()),
    client_secret_version: often(fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer())),
    previous_client_secret_expires_at: often(fc.constantFrom(...goodTimestamps, '2030-02-30T00:00:00Z', '2030-01-31', '')),
    ...{ id: anyValue, colour: anyValue, ['__proto__']: anyValue },
  },
  { requiredKeys: [] },
)
/** As a client might send back what it was shown, with some of it changed. */
const shownAgain = fc.tuple(fc.subarray([...readOnly, ...all]), nearlyRight)

/** Mostly bodies with few fields, so that a good part of them is right. */
const someBody = fc.oneof(
  { arbitrary: fc.jsonValue(), weight: 1 },
  { arbitrary: fc.tuple(fc.subarray(all), nearlyRight).map(([names, body]) => pick(body, names)), weight: 6 },
  { arbitrary: nearlyRight, weight: 1 },
)

function pick(from: object, names: readonly string[]): object {
  return Object.fromEntries(Object.entries(from).filter(([name]) => names.includes(name)))
}

const tally = { accepted: 0, refused: 0 }

function expectAnswer(answer: Answer, isRight: boolean, isAlwaysTaken: boolean): void {
  const { success, errors } = answer.envelope
  if (success) {
    tally.accepted++
    expect([answer.status, isRight]).toEqual([expect.toBeOneOf([200, 201]), true])
  } else {
    tally.refused++
    expect([answer.status, errors.length, errors[0]?.code]).toEqual([400, 1, 12130])
    expect(errors[0]?.message.length).toBeGreaterThan('access.api.error.invalid_request: '.length + 10)
    expect(isRight && isAlwaysTaken).toBe(false)
  }
}

async function show(): Promise<void> {
  shown = (await api.call({ method: 'GET', path: item })).envelope.result ?? {}
}

test('of all JSON values, create, update and rotate take what is documented and nothing else, and none is a fault of the server', async () => {
  tally.accepted = tally.refused = 0
  const property = fc.asyncProperty(fc.constantFrom(...operations), someBody, async ({ method, path, isDocumented: isRight }, value) => {
    if (method === 'PUT') await show()
    const body = JSON.stringify(value)
    const answer = await api.call({ method, path: path(), headers: json, body })
    expectAnswer(answer, isRight(JSON.parse(body)), method !== 'PUT')
  })
  await fc.assert(property, { numRuns: 1500 })
  // A property that only ever saw one side would prove little.
  expect(tally.accepted).toBeGreaterThan(100)
  expect(tally.refused).toBeGreaterThan(100)
})

test('an update with any part of what was shown, and any changes, is refused or does what is documented', async () => {
  const [, update] = operations as [Operation, Operation, Operation]
  const property = fc.asyncProperty(shownAgain, async ([names, changes]) => {
    await show()
    const body = JSON.stringify({ ...pick(shown, names), ...pick(changes, names.slice(0, 2)) })
    const answer = await api.call({ method: 'PUT', path: item, headers: json, body })
    expectAnswer(answer, update.isDocumented(JSON.parse(body)), false)
  })
  await fc.assert(property, { numRuns: 300 })
})

test('no bytes at all are a fault of the server, and only JSON of the documented form is taken', async () => {
  const good = Buffer.from('{"name":"näme","duration":"1h","enabled":true,"client_secret_version":1}')
  const damaged = fc
    .tuple(fc.nat(good.length), fc.nat(8), fc.uint8Array({ maxLength: 8 }))
    .map(([at, cut, bytes]) => Buffer.concat([good.subarray(0, at), bytes, good.subarray(at + cut)]))
  const bytes = fc.oneof(
    fc.uint8Array({ maxLength: 200 }).map((array) => Buffer.from(array)),
    fc.json().map((written) => Buffer.from(written)),
    fc.array(fc.constantFrom(...'{}[]":,\\u0019aename \n'), { maxLength: 40 }).map((characters) => Buffer.from(characters.join(''))),
    damaged,
  )
  const property = fc.asyncProperty(fc.constantFrom(...operations), bytes, async ({ method, path, isDocumented: isRight }, body) => {
    if (method === 'PUT') await show()
    const answer = await api.call({ method, path: path(), headers: json, body })
    expectAnswer(answer, body.length === 0 ? isRight({}) : isRight(parsed(body)), false)
  })
  await fc.assert(property, { numRuns: 1000 })
})

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch {
    return undefined
  }
}
