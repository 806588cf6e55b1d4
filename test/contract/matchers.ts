import { isDeepStrictEqual } from 'node:util'
import { crc32 } from 'node:zlib'
import type { Memory } from './memory.ts'

type Complaint = string | undefined

interface Matcher {
  /** Whether this may stand in a file as the matcher's argument. */
  readonly takes: (argument: unknown) => boolean
  /** What is wrong with the value, which is there. */
  readonly complain: (value: unknown, argument: never, memory: Memory) => Complaint
  /** Whether the field may be missing. */
  readonly mayBeMissing?: true
}

const isTrue = (argument: unknown) => argument === true
const isText = (argument: unknown) => typeof argument === 'string'
const isPattern = (argument: unknown) => {
  try {
    return isText(argument) && new RegExp(String(argument), 'u') !== undefined
  } catch {
    return false
  }
}
const isCount = (argument: unknown) => Number.isSafeInteger(argument) && (argument as number) >= 0
const anything = () => true
const unless = (holds: boolean, complaint: string): Complaint => (holds ? undefined : complaint)
const fits = (value: unknown, pattern: RegExp) => typeof value === 'string' && pattern.test(value)

const matchers: Readonly<Record<string, Matcher>> = {
  /** The whole of a text. */
  $match: {
    takes: isPattern,
    complain: (value, pattern: string, memory) => {
      const whole = memory.expandText(pattern)
      return unless(fits(value, new RegExp(`^(?:${whole})$`, 'u')), `does not match ${whole}`)
    },
  },
  /** What was answered before. */
  $same: {
    takes: isText,
    complain: (value, path: string, memory) => unless(isDeepStrictEqual(value, memory.recall(path)), `is not the same as ${path}`),
  },
  $differs: {
    takes: isText,
    complain: (value, path: string, memory) => unless(!isDeepStrictEqual(value, memory.recall(path)), `is the same as ${path}`),
  },
  $uuid: {
    takes: isTrue,
    complain: (value) => unless(fits(value, /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/), 'is not a UUID in lower case'),
  },
  /** So many hex digits. */
  $hex: {
    takes: isCount,
    complain: (value, digits: number) => unless(fits(value, new RegExp(`^[0-9a-f]{${digits}}$`)), `is not ${digits} lower-case hex digits`),
  },
  /** A moment by the server's clock: `now`, `now+8760h`, `now-1s`. */
  $instant: {
    takes: isText,
    complain: (value, moment: string, memory) => unless(value === memory.recall(moment), `is not ${moment}, ${memory.recall(moment)}`),
  },
  /** A prefix, 40 alphanumerics, and their CRC-32. */
  $secret: {
    takes: isText,
    complain: (value, prefix: string) => unless(isSecret(value, prefix), `is not a secret that begins with ${prefix}`),
  },
  $length: {
    takes: isCount,
    complain: (value, length: number) => unless((value as { length?: unknown } | null)?.length === length, `is not of length ${length}`),
  },
  $any: { takes: isTrue, complain: () => undefined },
  $absent: { takes: isTrue, complain: () => 'is there', mayBeMissing: true },
  /** If it is there, it matches this. */
  $optional: {
    takes: anything,
    complain: (value, expected: unknown, memory) => violations(expected, value, memory)[0],
    mayBeMissing: true,
  },
  /** A list of which every item matches this. */
  $each: {
    takes: anything,
    complain: (value, expected: unknown, memory) =>
      Array.isArray(value) ? value.flatMap((item, index) => violations(expected, item, memory, `/${index}`))[0] : 'is not a list',
  },
}

function isSecret(value: unknown, prefix: string): boolean {
  if (typeof value !== 'string' || !value.startsWith(prefix)) return false
  const [found, body = '', checksum] = /^([0-9A-Za-z]{40})([0-9a-f]{8})$/.exec(value.slice(prefix.length)) ?? []
  return found !== undefined && crc32(body).toString(16).padStart(8, '0') === checksum
}

type Fields = Readonly<Record<string, unknown>>

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function isMatcher(expected: unknown): expected is Fields {
  return isObject(expected) && Object.keys(expected).some((key) => key.startsWith('$'))
}

/** What is wrong with the matchers in an expectation; `undefined` when they are all known and have what they need. */
export function misuseOfMatchers(expected: unknown): string | undefined {
  if (Array.isArray(expected)) return expected.map(misuseOfMatchers).find(Boolean)
  if (!isObject(expected)) return undefined
  for (const [key, argument] of Object.entries(expected)) {
    if (isMatcher(expected) && matchers[key]?.takes(argument) !== true) {
      return `${JSON.stringify({ [key]: argument })} is no matcher; there are ${Object.keys(matchers).join(', ')}`
    }
    const inside = misuseOfMatchers(argument)
    if (inside !== undefined) return inside
  }
  return undefined
}

/** Every difference between what was expected and what came. Fields that nobody named are differences, too. */
export function violations(expected: unknown, actual: unknown, memory: Memory, at = ''): readonly string[] {
  const wrong = (complaint: string) => [`${at || '/'} ${complaint}: ${JSON.stringify(actual)}`]
  if (isMatcher(expected)) {
    const complaints = Object.entries(expected).map(([name, argument]) => matchers[name]?.complain(actual, argument as never, memory))
    return complaints.flatMap((complaint) => (complaint === undefined ? [] : wrong(complaint)))
  }
  if (Array.isArray(expected)) {
    if (!Array.isArray(actual)) return wrong('is not a list')
    if (actual.length !== expected.length) return wrong(`has ${actual.length} items and not ${expected.length}`)
    return expected.flatMap((item, index) => violations(item, actual[index], memory, `${at}/${index}`))
  }
  if (isObject(expected)) {
    if (!isObject(actual)) return wrong('is not an object')
    const wanted = Object.fromEntries(Object.entries(expected).map(([name, value]) => [memory.expandText(name), value]))
    const names = new Set([...Object.keys(wanted), ...Object.keys(actual)])
    return [...names].flatMap((name) => fieldViolations(name, wanted, actual, memory, `${at}/${name}`))
  }
  const value = typeof expected === 'string' ? memory.expandText(expected) : expected
  return actual === value ? [] : wrong(`is not ${JSON.stringify(value)}`)
}

function fieldViolations(name: string, expected: Fields, actual: Fields, memory: Memory, at: string): readonly string[] {
  if (!Object.hasOwn(expected, name)) return [`${at} was not expected: ${JSON.stringify(actual[name])}`]
  if (Object.hasOwn(actual, name)) return violations(expected[name], actual[name], memory, at)
  const wanted = expected[name]
  const mayBeMissing = isMatcher(wanted) && Object.keys(wanted).every((matcher) => matchers[matcher]?.mayBeMissing)
  return mayBeMissing ? [] : [`${at} is missing`]
}
