import type { Application } from './application.ts'
import {
  bySpecificity,
  type Destination,
  type Glob,
  type HostPattern,
  hostsOverlap,
  matches,
  parseDestination,
  plainSegments,
} from './destination.ts'

/** Finds the application that answers for a host and a path: the most specific one, and of two alike the older. */
export interface Directory<Entry> {
  /**
   * @param host lower case, without a port.
   * @param target path and query, as sent.
   * `ambiguous`: servers read this path in different ways, and more than one application would be concerned.
   */
  find(host: string, target: string): Entry | 'ambiguous' | undefined
}

/** A host's destinations, the most specific path first. */
interface Place<Entry> {
  readonly host: HostPattern
  readonly ways: Way<Entry>[]
}

interface Way<Entry> {
  readonly path: readonly Glob[]
  /** The same for servers that do not tell `/Admin` from `/admin`. */
  readonly folded: readonly Glob[]
  readonly entry: Entry
}

export function createDirectory<Entry extends { readonly application: Application }>(entries: readonly Entry[]): Directory<Entry> {
  const exact = new Map<string, Place<Entry>>()
  const wild = new Map<string, Place<Entry>[]>()
  for (const { destination, entry } of rightful(entries)) {
    const place = placeOf(destination, exact, wild)
    const folded = destination.path.map((glob) => glob.map(fold))
    place.ways.push({ path: destination.path, folded, entry })
  }
  const everyHost = exact.get('*')
  // Sorting keeps the order of equals: the older application stays first.
  for (const { ways } of [...exact.values(), ...[...wild.values()].flat()]) ways.sort((one, other) => bySpecificity(one.path, other.path))
  for (const places of wild.values()) places.sort((one, other) => bySpecificity([one.host.label], [other.host.label]))

  /** The places that answer for a host, the most specific first. */
  function placesFor(host: string): readonly Place<Entry>[] {
    const places: Place<Entry>[] = []
    const named = host === '*' ? undefined : exact.get(host)
    if (named !== undefined) places.push(named)
    const dot = host.indexOf('.')
    const candidates = wild.get(dot === -1 ? '' : host.slice(dot))
    if (candidates !== undefined) {
      const label = dot === -1 ? host : host.slice(0, dot)
      for (const place of candidates) if (label !== '' && matches(place.host.label, label)) places.push(place)
    }
    if (everyHost !== undefined) places.push(everyHost)
    return places
  }

  return {
    find(host, target) {
      const places = placesFor(host)
      const [only] = places
      // The usual case: one application for all of the host, whatever the path.
      if (only?.ways.length === 1 && only.ways[0]?.path.length === 0) return only.ways[0].entry
      if (places.every(({ ways }) => ways.every(({ path }) => path.length === 0))) return only?.ways[0]?.entry
      return byPath(places, target)
    },
  }
}

/** Every reading of the path has to lead to the same application. */
function byPath<Entry>(places: readonly Place<Entry>[], target: string): Entry | 'ambiguous' | undefined {
  const query = target.indexOf('?')
  const path = query === -1 ? target : target.slice(0, query)
  const segments = plainSegments(path)
  if (segments === undefined) return 'ambiguous'
  const found = firstWay(places, segments, 'path')
  // Spaces around a name are taken off by some.
  const folded = segments.map((segment) => fold(segment).trim())
  // What is left of a name that was invisible, or two dots with something invisible between them.
  if (folded.some((segment) => segment === '' || segment.endsWith('.'))) return 'ambiguous'
  if (firstWay(places, folded, 'folded') !== found) return 'ambiguous'
  if (path.includes('%')) {
    const literal = path.replace(/\/$/, '').split('/').slice(1)
    if (firstWay(places, literal, 'path') !== found) return 'ambiguous'
    if (
      firstWay(
        places,
        literal.map((segment) => segment.toLowerCase()),
        'folded',
      ) !== found
    )
      return 'ambiguous'
  }
  return found
}

const ascii = /^[\x20-\x7e]*$/

/** What servers, databases and file systems make of a name that do not tell case, width or accents apart, or skip what cannot be seen. */
function fold(text: string): string {
  if (ascii.test(text)) return text.toLowerCase()
  // Upper case first: the dotless ı becomes an i by way of it only.
  return text
    .normalize('NFKD')
    .replace(/[\p{M}\p{Cf}]/gu, '')
    .toUpperCase()
    .toLowerCase()
}

function firstWay<Entry>(places: readonly Place<Entry>[], segments: readonly string[], reading: 'path' | 'folded'): Entry | undefined {
  for (const { ways } of places) {
    for (const way of ways) if (covers(way[reading], segments)) return way.entry
  }
  return undefined
}

function covers(path: readonly Glob[], segments: readonly string[]): boolean {
  return path.length <= segments.length && path.every((glob, at) => matches(glob, segments[at] ?? ''))
}

function placeOf<Entry>(
  { host, hostName }: Destination,
  exact: Map<string, Place<Entry>>,
  wild: Map<string, Place<Entry>[]>,
): Place<Entry> {
  if (!host.isWild || host.isEveryHost) {
    const place = exact.get(hostName) ?? { host, ways: [] }
    exact.set(hostName, place)
    return place
  }
  const places = wild.get(host.rest) ?? []
  wild.set(host.rest, places)
  const known = places.find((place) => place.host.label.join('*') === host.label.join('*'))
  if (known !== undefined) return known
  const place: Place<Entry> = { host, ways: [] }
  places.push(place)
  return place
}

/** All destinations, those of older applications first, without the ones on a host that an older application of another account answers for. */
function rightful<Entry extends { readonly application: Application }>(entries: readonly Entry[]) {
  const claims = createClaims()
  const oldestFirst = [...entries].sort(
    ({ application: one }, { application: other }) => one.createdAt - other.createdAt || (one.id < other.id ? -1 : 1),
  )
  return oldestFirst.flatMap((entry) =>
    entry.application.destinations.flatMap((text) => {
      const destination = parseDestination(text)
      if ('flaw' in destination || !claims.take(destination.host, entry.application.accountId)) return []
      return [{ destination, entry }]
    }),
  )
}

/** Which account answers for a host, so that no tenant takes over the requests of another one. */
function createClaims() {
  /** By what follows the first label: only hosts that share it can overlap. */
  const claims = new Map<string, { readonly exact: Map<string, Claim>; readonly wild: Claim[] }>()
  return {
    /** Whether no other account has a host that overlaps with this one; if so, it is taken. */
    take(host: HostPattern, accountId: string): boolean {
      const near = claims.get(host.rest) ?? { exact: new Map<string, Claim>(), wild: [] }
      claims.set(host.rest, near)
      const label = host.label.join('*')
      const same = near.exact.get(label)
      const rivals = host.isWild ? [...near.wild, ...near.exact.values()] : [...near.wild, ...(same === undefined ? [] : [same])]
      if (rivals.some((claim) => claim.accountId !== accountId && hostsOverlap(claim.host, host))) return false
      if (host.isWild) near.wild.push({ host, accountId })
      else near.exact.set(label, { host, accountId })
      return true
    },
  }
}

interface Claim {
  readonly host: HostPattern
  readonly accountId: string
}
