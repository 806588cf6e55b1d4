import { describe, expect, test } from 'vitest'
import { findingInWords, type PolicyWords, sentenceOf } from '../../console/src/applications/rule-words.ts'
import { ticksUpTo } from '../../console/src/elements/ticks.ts'
import { asCsv, asJsonLines } from '../../console/src/logs/export.ts'
import { callersInWords, previousCallers } from '../../console/src/service-tokens/callers.ts'
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

test.each([
  ['It requires {"group":{"id":"g1"}}, which does not hold.', 'It requires that the request meets Office, which does not hold.'],
  ['It excludes {"ip":{"ip":"10.0.0.0/8"}}, which holds.', 'It excludes that the request comes from 10.0.0.0/8, which holds.'],
  ['It applies.', 'It applies.'],
])('what the API finds has its rule in words: %s', (message, expected) => expect(findingInWords(message, names)).toBe(expected))

describe('callers during a grace period', () => {
  const minute = 60_000
  const now = Date.parse('2026-03-01T12:00:00Z')
  const use = (secret: 'current' | 'previous', address: string, minutesAgo: number) => ({
    ...{ secret, ip_address: address, client_secret_version: secret === 'current' ? 2 : 1 },
    last_seen_at: new Date(now - minutesAgo * minute).toISOString(),
  })
  const told = (uses: Parameters<typeof previousCallers>[0], rotatedAt?: number) => callersInWords(previousCallers(uses, rotatedAt), now)

  test('still use the previous secret as long as they were not seen with the current one since', () => {
    const uses = [
      ...[use('previous', '10.0.0.4', 2), use('previous', '10.0.0.9', 30), use('current', '10.0.0.9', 10)],
      ...[use('previous', '10.0.0.5', 4), use('current', '10.0.0.5', 3), use('current', '10.0.0.1', 1)],
    ]
    expect(told(uses)).toBe(
      '2 callers still use the previous secret: 10.0.0.4 2 minutes ago, 10.0.0.5 4 minutes ago. 1 caller has switched to the current one.',
    )
  })

  test('from before the rotation may come yet', () => {
    const uses = [use('previous', '10.0.0.4', 90), use('previous', '10.0.0.9', 90), use('current', '10.0.0.9', 59)]
    expect(told(uses, now - 60 * minute)).toBe(
      'Nobody has used the previous secret since the rotation. 1 caller has switched to the current one. 1 caller from before the rotation has not come since.',
    )
  })

  test('are no longer there', () => {
    expect(told([use('current', '10.0.0.4', 1)])).toBe('Nobody uses the previous secret any more: its grace period can end.')
  })
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
