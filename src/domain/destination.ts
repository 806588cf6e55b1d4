/** A host, or several: `*` stands for any part of the first label, `*` alone for every host. */
export interface HostPattern {
  /** Before and after the `*`, or the whole label twice when there is none. */
  readonly label: Glob
  /** What follows the first label, with the dot before it; empty for a name of one label. */
  readonly rest: string
  readonly isWild: boolean
  readonly isEveryHost: boolean
}

/** Where an application answers. */
export interface Destination {
  readonly host: HostPattern
  /** The segments of its path; none for a whole host. */
  readonly path: readonly Glob[]
  /** The host as text, lower case. */
  readonly hostName: string
}

/** Literal parts with anything in between. */
export type Glob = readonly string[]

/** What is wrong with a destination, in words that go on from the field's name. */
export interface BadDestination {
  readonly flaw: string
}

const label = /^[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?$/
const wildLabel = /^[a-z0-9_-]*\*[a-z0-9_-]*$/

/** Reads `host[/path]`, as in `api.example.com`, `*.example.com/admin` or `example.com/api/*`. A path covers everything below it. */
export function parseDestination(text: string): Destination | BadDestination {
  const slash = text.indexOf('/')
  const hostName = (slash === -1 ? text : text.slice(0, slash)).toLowerCase()
  const path = parsePath(slash === -1 ? '' : text.slice(slash))
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(text)) return { flaw: 'must be without a scheme: example.com/path, not https://example.com/path' }
  const flaw = flawOfHost(hostName)
  if (flaw !== undefined) return { flaw }
  if (path === undefined) {
    return {
      flaw: 'must have a path of plain segments: without query, fragment, "//", "." or "..", and percent-encoded only where it has to be',
    }
  }
  const [first = '', ...rest] = hostName.startsWith('[') ? [hostName] : hostName.split('.')
  return {
    host: {
      label: first.split('*'),
      rest: rest.length === 0 ? '' : `.${rest.join('.')}`,
      isWild: first.includes('*'),
      isEveryHost: hostName === '*',
    },
    path,
    hostName,
  }
}

function flawOfHost(host: string): string | undefined {
  if (host === '*' || /^\[[0-9a-f:.]+\]$/.test(host)) return undefined
  if (host === '') return 'must begin with a host, as in example.com/path'
  if (/:\d*$/.test(host)) return 'must be without a port: an application answers on every port of its host'
  if (/[^\x20-\x7e]/.test(host)) return 'must have its host in ASCII: xn--bcher-kva.example for bücher.example'
  const [first = '', ...rest] = host.split('.')
  if (rest.some((part) => part.includes('*')))
    return 'may have "*" only in the first label of the host and in the path, as in *.example.com'
  if (host.length > 253 || !(label.test(first) || (wildLabel.test(first) && first.indexOf('*') === first.lastIndexOf('*')))) {
    return 'must begin with the name of a host, or with one that has a "*" in its first label'
  }
  return rest.every((part) => label.test(part)) ? undefined : 'must begin with the name of a host: letters, digits and hyphens between dots'
}

function parsePath(path: string): readonly Glob[] | undefined {
  if (path === '' || path === '/') return []
  if (path.length > 2048 || /[^\x21-\x7e]|[?#]/.test(path)) return undefined
  const segments = plainSegments(path)
  return segments?.map((segment) => segment.split('*'))
}

/** Whether there is a host that both patterns match. `*` alone is left to whoever names a host, so it overlaps with itself only. */
export function hostsOverlap(one: HostPattern, other: HostPattern): boolean {
  if (one.isEveryHost || other.isEveryHost) return one.isEveryHost && other.isEveryHost
  if (one.rest !== other.rest) return false
  if (!one.isWild) return matches(other.label, one.label.join('*'))
  if (!other.isWild) return matches(one.label, other.label.join('*'))
  const [[start = '', end = ''], [otherStart = '', otherEnd = '']] = [one.label, other.label]
  return (start.startsWith(otherStart) || otherStart.startsWith(start)) && (end.endsWith(otherEnd) || otherEnd.endsWith(end))
}

/** Whether `text` is the literal parts in their order, with anything in between. */
export function matches(glob: Glob, text: string): boolean {
  const last = glob.length - 1
  const first = glob[0] ?? ''
  if (last === 0) return text === first
  const end = glob[last] ?? ''
  if (text.length < first.length + end.length || !text.startsWith(first) || !text.endsWith(end)) return false
  let at = first.length
  const limit = text.length - end.length
  for (let part = 1; part < last; part++) {
    const literal = glob[part] ?? ''
    const found = text.indexOf(literal, at)
    if (found === -1 || found + literal.length > limit) return false
    at = found + literal.length
  }
  return true
}

/** Orders paths so that the more specific come first: segment by segment, and where these are alike, the longer. */
export function bySpecificity(one: readonly Glob[], other: readonly Glob[]): number {
  for (let at = 0; at < Math.min(one.length, other.length); at++) {
    const [length, otherLength] = [literalLength(one[at]), literalLength(other[at])]
    if (length !== otherLength) return length > otherLength ? -1 : 1
  }
  return other.length - one.length
}

/** A segment without `*` is more specific than any with one. */
function literalLength(glob: Glob = []): number {
  return glob.length === 1 ? Number.POSITIVE_INFINITY : glob.reduce((sum, part) => sum + part.length, 0)
}

/** Characters that some servers take for the end of a segment, of the path, or for nothing: each on its own is harmless, in a comparison of paths none is. */
const treacherous = /[/\\;?#%\p{Cc}]/u
const lookalike = /[/\\;?#%.]/g

/**
 * The segments of a path, percent-decoded, without an empty one at the end; `undefined` for a path that servers read in different ways: with `.` and `..`, empty
 * segments, backslashes, parameters after `;`, an encoded slash, an encoding of an encoding, and so on.
 */
export function plainSegments(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined
  const raw = path.slice(1).split('/')
  if (raw.at(-1) === '') raw.pop()
  const segments: string[] = []
  for (const encoded of raw) {
    const segment = decoded(encoded)
    if (segment === undefined || segment === '' || treacherous.test(segment) || /[. ]$/.test(segment)) return undefined
    const composed = segment.normalize('NFKC')
    if (composed !== segment && composed.match(lookalike)?.length !== segment.match(lookalike)?.length) return undefined
    segments.push(segment)
  }
  return segments
}

/** Bytes that are no UTF-8 are nobody's segment. */
function decoded(segment: string): string | undefined {
  if (/[^\x21-\x7e]/.test(segment)) return undefined
  if (!segment.includes('%')) return segment
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}
