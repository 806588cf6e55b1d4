import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { movableClock } from '../fixtures.ts'
import { type Call, json, type RawApi, startRawApi, type Written } from '../raw-api.ts'

let api: RawApi
let collection: string
let item: string
let before: Written

beforeAll(async () => {
  api = await startRawApi({ clock: movableClock('2026-03-01T12:00:00Z') })
  collection = `/accounts/${api.postern.bootstrap.accountId}/access/service_tokens`
  const created = await api.call({ method: 'POST', path: collection, body: { name: 'there before', client_secret_version: 2 } })
  item = `${collection}/${created.envelope.result?.['id']}`
})
afterAll(() => api.stop())

beforeEach(async () => {
  before = await api.written()
})
afterEach(async () => {
  expect(await api.written()).toEqual(before)
  expect((await api.call({ method: 'GET', path: collection })).status).toBe(200)
})

interface Objection {
  readonly status?: number
  /** Without its first `/`; none when the fault lies with the body as a whole. */
  readonly pointer?: string
  /** What the message says after the field's name. */
  readonly says: string
}

async function expectObjection(call: Call, { status = 400, pointer, says }: Objection): Promise<void> {
  const answer = await api.call(call)
  const message = `access.api.error.invalid_request: ${pointer === undefined ? '' : `${pointer || '""'} `}`
  const source = pointer === undefined ? {} : { source: { pointer: `/${pointer}` } }
  const errors = [{ code: 12130, message: expect.stringContaining(message), ...source }]
  expect(answer.envelope).toEqual({ result: null, success: false, errors, messages: [] })
  expect([answer.status, answer.envelope.errors[0]?.message]).toEqual([status, expect.stringContaining(says)])
  expect(answer.text).not.toMatch(/node_modules|\/src\/|\.[jt]s\b|[a-z]Error:|sqlite|typebox|\\n\s*at /i)
  expect(answer.text.length).toBeLessThan(1000)
}

/** Everything that takes a body. */
const writes = () => [
  { method: 'POST', path: collection },
  { method: 'PUT', path: item },
  { method: 'POST', path: `${item}/rotate` },
]

const timestamp = 'RFC 3339 date and time such as 2030-01-31T12:00:00Z'
const wrong: readonly (readonly [field: string, says: string, values: readonly unknown[]])[] = [
  [
    ...(['name', 'a text of 1 to 350 characters without control characters'] as const),
    [null, 1, true, {}, [], ['x'], '', 'a'.repeat(351), 'a'.repeat(100_000), '😀'.repeat(351), `a${'\u0301'.repeat(100_000)}`]
      // Control characters, and halves of surrogate pairs.
      .concat(['\0', 'a\0b', 'a\nb', 'tab\t', '\u001b[31m', '\u007f', '\u0085', '\ud800', '\udc00\ud800', 'a\ud83d'] as never[]),
  ],
  [
    ...(['duration', '8760h, 30m or 1h30m'] as const),
    [null, 8760, true, {}, [], '0', '0s', '-1h', '1d', '', '8760', '1e3s', `${'1'.repeat(200)}h`, `0.${'0'.repeat(200)}1h`]
      // Not trimmed, not of any case, not past what Go can hold.
      .concat([' 1h', '1h ', 'Forever', 'forever ', '1H', '1h30', '1h-30m', '2562047h47m16.854775808s', '1h\0', '１h'] as never[]),
  ],
  ['enabled', 'true or false', [null, 0, 1, 'true', 'false', '', {}, []]],
  [
    ...(['client_secret_version', 'a whole number from 1 to 2147483647'] as const),
    [null, 0, -1, 1.5, '2', 2 ** 31, 2 ** 53, Number.MAX_VALUE, true, {}, []],
  ],
  [
    ...(['previous_client_secret_expires_at', timestamp] as const),
    [null, 0, 1_900_000_000, true, {}, [], '', 'tomorrow', '1900000000', '2030-01-31', '2030-01-31T12:00', '2030-01-31T12:00:00']
      // Months, days, hours, minutes, seconds and offsets that do not exist.
      .concat([
        '2030-13-01T00:00:00Z',
        '2030-02-29T00:00:00Z',
        '2030-01-31T24:00:00Z',
        '2030-01-31T12:60:00Z',
        '2030-01-31T12:00:60Z',
      ] as never[])
      .concat([
        '2030-01-31T12:00:00+24:00',
        '10000-01-01T00:00:00Z',
        '-001-01-01T00:00:00Z',
        `${'0'.repeat(50)}Z`,
        'Thu, 31 Jan 2030',
      ] as never[]),
  ],
]

describe.each(wrong)('a wrong %s is refused by name, and told what would be right', (field, says, values) => {
  test.each(values.map((value) => [JSON.stringify(value).slice(0, 40), value]))('%s', async (_shown, value) => {
    await expectObjection({ method: 'POST', path: collection, body: { name: 'new', [field]: value } }, { pointer: field, says })
    await expectObjection({ method: 'PUT', path: item, body: { [field]: value } }, { pointer: field, says })
    if (field !== 'previous_client_secret_expires_at') return
    await expectObjection({ method: 'POST', path: `${item}/rotate`, body: { [field]: value } }, { pointer: field, says })
  })
})

test.each(['1e999', '-1e999', '1E400', '1.0000000000000001e30', '-0', '1e-7', '9007199254740993'])(
  'a client_secret_version of %s, which JavaScript cannot hold or would round, is refused',
  async (number) => {
    const says = 'a whole number from 1 to 2147483647'
    for (const call of writes().slice(0, 2)) {
      const body = `{"name":"new","client_secret_version":${number}}`
      await expectObjection({ ...call, headers: json, body }, { pointer: 'client_secret_version', says })
    }
  },
)

test('a name is not optional in a new token', async () => {
  const says = 'is missing; it must be a text of 1 to 350 characters'
  for (const more of [{ body: {} }, {}, { body: { duration: '1h' } }, { headers: json }]) {
    await expectObjection({ method: 'POST', path: collection, ...more }, { pointer: 'name', says })
  }
})

test('client_secret_version cannot go back', async () => {
  const says = 'is 2 already and cannot go back'
  await expectObjection({ method: 'PUT', path: item, body: { client_secret_version: 1 } }, { pointer: 'client_secret_version', says })
})

test.each(['id', 'client_id', 'created_at', 'expires_at'])(
  '%s cannot be set on a new token, nor changed later, also together with a change that could be made',
  async (field) => {
    const shown = (await api.call({ method: 'GET', path: item })).envelope.result ?? {}
    const other = `${shown[field] ?? '2026-03-01T12:00:00'}`.replace(/^\d/, (digit) => `${(Number(digit) + 1) % 10}`).replace(/^[a-f]/, '0')
    const notAField = { pointer: field, says: 'is not a field of this request, which may have: name, duration' }
    await expectObjection({ method: 'POST', path: collection, body: { name: 'new', [field]: shown[field] ?? other } }, notAField)
    const change = { method: 'PUT', path: item, body: { ...shown, name: 'renamed', [field]: other } }
    await expectObjection(change, { pointer: field, says: 'is set by the server and cannot be changed' })
    for (const value of [null, 1, {}]) {
      const call = { method: 'PUT', path: item, body: { ...shown, [field]: value } }
      await expectObjection(call, { pointer: field, says: 'is set by the server' })
    }
  },
)

test.each([
  ['colour', 'colour'],
  ['Name', 'Name'],
  ['', ''],
  ['__proto__', '__proto__'],
  ['constructor', 'constructor'],
  ['toString', 'toString'],
  ['client_secret', 'client_secret'],
  ['a/b~c', 'a~1b~0c'],
  ['not printed\u0000', 'not printed\u0000'],
  ['x y '.repeat(25_000), 'x y '.repeat(25)],
])('a field that the request does not have is refused by name: "%s"', async (name, pointer) => {
  const body = `{${JSON.stringify(name)}: {"polluted": true}, "previous_client_secret_expires_at": "2030-01-01T00:00:00Z"}`
  for (const call of writes()) {
    await expectObjection({ ...call, headers: json, body }, { pointer, says: 'is not a field of this request, which may have: ' })
  }
  expect({}).not.toHaveProperty('polluted')
})

test.each([
  ['{"name":"a","name":"b"}', 'name'],
  ['{"name":"a","n\\u0061me":"a"}', 'name'],
  ['{"name":"a","\\u006e\\u0061\\u006d\\u0065":"b"}', 'name'],
  ['{"name":"a","duration":{"x":1,"x":2}}', 'duration/x'],
  ['{"name":[0,{"a":{"b/c":1,"b\\/c":1}}]}', 'name/1/a/b~1c'],
  ['{"__proto__":1,"__proto__":1}', '__proto__'],
  ['{"":1,"":2}', ''],
  [`{"${'y z '.repeat(10_000)}":1,"${'y z '.repeat(10_000)}":2}`, 'y z '.repeat(25)],
])('a key given twice is refused, as readers differ about which of the two counts: %s', async (body, pointer) => {
  for (const call of writes()) await expectObjection({ ...call, headers: json, body }, { pointer, says: 'is given twice; give it once' })
})

test.each([
  ...[
    '{',
    '{"name"',
    '{"name":"new"',
    '{"name":"new",}',
    '{name:"new"}',
    "{'name':'new'}",
    '{"name":"new"}}',
    '{"name":"new"} {}',
    'name=new',
  ],
  ...['{"name":new}', '{"name":NaN}', '{"name":"a\nb"}', '{"name":"\\x41"}', '{"name":"\\u12"}', '{"name":"new"/**/}', '// {}', '\0', ' '],
  ...['{"client_secret_version":01}', '{"client_secret_version":+1}', '{"client_secret_version":0x10}', '{"client_secret_version":1_000}'],
])('a body that is not JSON is refused: %j', async (body) => {
  for (const call of writes()) await expectObjection({ ...call, headers: json, body }, { says: 'the body is not valid JSON' })
})

test.each(['null', 'true', '1', '"name"', '[]', '[{"name":"new"}]'])('a body that is no object is refused: %s', async (body) => {
  for (const call of writes()) await expectObjection({ ...call, headers: json, body }, { says: 'the body must be a JSON object' })
})

test.each([
  ['[', ']'],
  ['{"name":', '}'],
  ['{"a":[', ']}'],
])('a body that is nested 100 000 levels deep is refused: %s', async (open, close) => {
  for (const call of writes()) {
    for (const body of [open.repeat(100_000), `${open.repeat(100_000)}1${close.repeat(100_000)}`]) {
      await expectObjection({ ...call, headers: json, body }, { says: 'the body is nested deeper than 16 levels' })
    }
  }
})

test.each([
  ['a lone continuation byte', [0x80]],
  ['a byte that UTF-8 never has', [0xff]],
  ['an overlong NUL', [0xc0, 0x80]],
  ['half a surrogate pair', [0xed, 0xa0, 0x80]],
  ['a character cut short', [0xf0, 0x9f, 0x98]],
])('a body that is not UTF-8 is refused: %s', async (_what, bytes) => {
  const body = Buffer.concat([Buffer.from('{"name":"'), Buffer.from(bytes), Buffer.from('"}')])
  for (const call of writes()) await expectObjection({ ...call, headers: json, body }, { says: 'the body is not valid UTF-8' })
})

test.each([
  '',
  'foo',
  'text/plain',
  'application/x-www-form-urlencoded',
  'application/jsonp',
  'multipart/form-data; boundary=x',
  'a'.repeat(9000),
])('a body that does not say it is JSON is refused: %s', async (type) => {
  const says = 'the body must be JSON, sent with "Content-Type: application/json", not "'
  for (const call of writes()) await expectObjection({ ...call, headers: { 'content-type': type }, body: '{"name":"new"}' }, { says })
})

test('a body without a content type is refused', async () => {
  const says = 'the body must be JSON, sent with "Content-Type: application/json"'
  for (const call of writes()) await expectObjection({ ...call, body: '{"name":"new"}' }, { says })
})

test('a body of 10 MB is refused, whether it announces its length or not', async () => {
  const body = Buffer.alloc(10_000_000, '{"name":"new"} ')
  for (const call of writes()) {
    for (const headers of [json, { ...json, 'transfer-encoding': 'chunked' }]) {
      await expectObjection({ ...call, headers, body }, { status: 413, says: 'the body must not be larger than 1048576 bytes' })
    }
  }
})
