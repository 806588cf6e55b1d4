import { parseDuration } from '../../src/domain/duration.ts'
import { formatInstant, type Instant } from '../../src/domain/instant.ts'

/** What a run knows by name: ids, earlier answers, and the time. */
export interface Memory {
  note(name: string, value: unknown): void
  /** `token.client_id`, `token.headers.etag`, `now+1h`. Throws for what was never noted. */
  recall(path: string): unknown
  /** Text in which `{…}` stands for what is known under that name. */
  expandText(text: string): string
  /** The same in a whole JSON value. A text that is nothing but `{…}` becomes the value itself; `{"$repeat": "n", "times": 3}` becomes `nnn`. */
  expand(value: unknown): unknown
}

const placeholder = /\{(now[+-][^{}]+|[A-Za-z_][\w.-]*)\}/g
const moment = /^now(?:([+-])(.+))?$/

export function createMemory(now: () => Instant): Memory {
  const notes = new Map<string, unknown>()

  function recall(path: string): unknown {
    const [isMoment, sign, distance] = moment.exec(path) ?? []
    if (isMoment !== undefined) return formatInstant(now() + (sign === '-' ? -1 : 1) * millisecondsIn(distance ?? '0'))
    const [name = '', ...fields] = path.split('.')
    if (!notes.has(name)) throw new Error(`nothing was noted as ${name}; there are ${[...notes.keys()].join(', ')}`)
    let value = notes.get(name)
    for (const field of fields) value = (value as Readonly<Record<string, unknown>> | undefined)?.[field]
    if (value === undefined) throw new Error(`there is no ${path}`)
    return value
  }

  const expandText = (text: string) => text.replace(placeholder, (_, path: string) => String(recall(path)))

  function expand(value: unknown): unknown {
    if (typeof value === 'string') {
      const [whole, path] = new RegExp(`^${placeholder.source}$`).exec(value) ?? []
      return whole === undefined || path === undefined ? expandText(value) : recall(path)
    }
    if (Array.isArray(value)) return value.map(expand)
    if (typeof value !== 'object' || value === null) return value
    if ('$repeat' in value && 'times' in value) return String(value.$repeat).repeat(Number(value.times))
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [expandText(key), expand(inner)]))
  }

  return { note: (name, value) => void notes.set(name, value), recall, expandText, expand }
}

/** Milliseconds of a Go duration. */
export function millisecondsIn(duration: string): number {
  const nanoseconds = parseDuration(duration.replace(/^\+/, ''))
  if (nanoseconds === undefined) throw new Error(`not a duration: ${duration}`)
  return Number(nanoseconds / 1_000_000n)
}
