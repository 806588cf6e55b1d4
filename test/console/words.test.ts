import { describe, expect, test } from 'vitest'
import { type PolicyWords, sentenceOf } from '../../console/src/applications/rule-words.ts'
import { ticksUpTo } from '../../console/src/elements/ticks.ts'
import { asCsv, asJsonLines } from '../../console/src/logs/export.ts'
import { endOf, lifetimeInWords } from '../../console/src/service-tokens/lifetime.ts'
import { snippets } from '../../console/src/service-tokens/snippets.ts'

const names = new Map([
  ['t1', 'CI deploy'],
  ['g1', 'Office'],
])
const sentence = (policy: Partial<PolicyWords>) =>
  sentenceOf({ decision: 'non_identity', include: [{ any_valid_service_token: {} }], require: [], exclude: [], ...policy }, names)
    .map(({ text }) => text)
    .join('')

describe('a policy as a sentence', () => {
  test.each<[string, Partial<PolicyWords>]>([
    ['Lets in any valid service token.', {}],
    [
      'Lets in CI deploy, Office or requests from 10.0.0.0/8.',
      { include: [{ service_token: { token_id: 't1' } }, { group: { id: 'g1' } }, { ip: { ip: '10.0.0.0/8' } }] },
    ],
    [
      'Lets in any valid service token, but only if the request comes from 10.0.0.0/8 and meets Office, unless the request carries CI deploy.',
      { require: [{ ip: { ip: '10.0.0.0/8' } }, { group: { id: 'g1' } }], exclude: [{ service_token: { token_id: 't1' } }] },
    ],
    ['Lets in everyone without credentials.', { decision: 'bypass', include: [{ everyone: {} }] }],
    [
      'Lets in everyone without credentials, unless the request comes from 192.0.2.0/24.',
      { decision: 'bypass', include: [{ everyone: {} }], exclude: [{ ip: { ip: '192.0.2.0/24' } }] },
    ],
    ['Denies a token that is gone.', { decision: 'deny', include: [{ service_token: { token_id: 't2' } }] }],
  ])('%s', (expected, policy) => expect(sentence(policy)).toBe(expected))
})

describe('a lifetime', () => {
  test('is told in the largest unit that it is a whole number of', () => {
    const told = ['8760h', '17520h', '720h', '24h', '30h', '1h30m', 'forever', '10ns'].map(lifetimeInWords)
    expect(told).toEqual(['1 year', '2 years', '30 days', '1 day', '30 hours', '1h30m', 'for ever', '10ns'])
  })

  test('ends that long after its beginning, or never, or nobody here knows when', () => {
    expect([endOf('1h30m', 1000), endOf('forever', 1000), endOf('10ns', 1000)]).toEqual([5_401_000, Number.POSITIVE_INFINITY, undefined])
  })
})

describe('an export', () => {
  const entries = [
    { id: 'a', actor: { email: 'o@example.com' }, resource: { response: { name: 'x', enabled: true } } },
    { id: 'b', note: 'one, "two"\nthree' },
  ]

  test('as CSV has a column for each field, and quotes what needs it', () => {
    expect(asCsv(entries)).toBe(
      'id,actor.email,resource.response,note\r\n' +
        'a,o@example.com,"{""name"":""x"",""enabled"":true}",\r\n' +
        'b,,,"one, ""two""\nthree"\r\n',
    )
  })

  test('as CSV has nothing that a spreadsheet would carry out', () => {
    expect(asCsv([{ name: '=HYPERLINK("http://evil")' }, { name: '@x' }, { name: '-1' }])).toBe(
      'name\r\n"\'=HYPERLINK(""http://evil"")"\r\n\'@x\r\n\'-1\r\n',
    )
  })

  test('as JSON lines is what the API answered, an entry a line', () => {
    expect(
      asJsonLines(entries)
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    ).toEqual(entries)
  })
})

describe('the lines of a chart', () => {
  test.each([
    [1, [0, 1]],
    [3, [0, 1, 2, 3]],
    [44, [0, 20, 40, 60]],
    [610, [0, 500, 1000]],
  ])('up to %d are round numbers, whole ones', (most, lines) => expect(ticksUpTo(most)).toEqual(lines))
})

describe('a snippet', () => {
  const token = {
    ...{ id: 'i', client_id: 'c.access', client_secret: 'pst_s', enabled: true, duration: '8760h', client_secret_version: 1 },
    ...{ created_at: '', updated_at: '', expires_at: '', name: `It's 9 o'clock: "\${run}"` },
  }
  const all = snippets({ token, url: "https://a.example/?q='x'", place: { kind: 'zone', id: 'z' } })
  const text = (name: string) => all.find((snippet) => snippet.name === name)?.text ?? ''

  test('shows the secret where it says so, and only there', () => {
    expect(all.filter((snippet) => snippet.text.includes('pst_s') !== snippet.hasSecret)).toEqual([])
  })

  test('is not broken by quotes in names and addresses', () => {
    expect(text('curl')).toContain(`curl 'https://a.example/?q='\\''x'\\'''`)
    expect(text('Terraform')).toContain(`name       = "It's 9 o'clock: \\"$\${run}\\""`)
    expect(text('Terraform')).toContain('zones/z/i')
  })
})
