import { type Destination, hostsOverlap, parseDestination } from '../domain/destination.ts'
import type { Zone } from '../domain/principal.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import { pagesOf } from './pages.ts'
import type { Store } from './ports.ts'

/** What an application is to answer for, and where the request says so: `domain`, `destinations/0/uri`. */
export interface WantedDestination {
  readonly uri: string
  readonly field: string
}

/** Reads destinations; fails with `invalid_request` for one that is none, and for one that is there twice. */
export function readDestinations(wanted: readonly WantedDestination[]): readonly Destination[] {
  const seen = new Set<string>()
  return wanted.map(({ uri, field }) => {
    const destination = parseDestination(uri)
    if ('flaw' in destination) throw new Failure('invalid_request', { field, message: destination.flaw })
    if (seen.has(keyOf(destination))) throw new Failure('invalid_request', { field, message: `must not be ${uri} a second time` })
    seen.add(keyOf(destination))
    return destination
  })
}

/**
 * Fails with `application_exists` for a host that is somebody else's: another account answers for it, or it lies in another account's zone. Likewise for just
 * what another application of this account answers for. Whoever may make applications in a zone must not put one over what belongs to the rest of the account:
 * outside of the zone's own name, hosts of the account and of its other zones are somebody else's, too.
 * @param applicationId whose claims they are to be, if it is there already.
 */
export async function requireFree(store: Store, scope: Scope, wanted: readonly WantedDestination[], applicationId?: string): Promise<void> {
  const zones = await allZones(store)
  const own = zones.find(({ id }) => id === scope.zoneId)
  const claims = (await claimed(store)).filter(({ id }) => id !== applicationId)
  for (const [index, destination] of readDestinations(wanted).entries()) {
    const { uri = '', field = 'domain' } = wanted[index] ?? {}
    const isOutside = own !== undefined && !isWithin(destination, own.name)
    if (isOutside && destination.host.isEveryHost) {
      throw new Failure('invalid_request', { field, message: 'must name a host: every host is for applications of the account' })
    }
    const isForeign = (other: Scope) => other.accountId !== scope.accountId || (isOutside && other.zoneId !== scope.zoneId)
    const zone = zoneOf(destination, zones)
    const isTaken = claims.some((claim) => isForeign(claim) && hostsOverlap(claim.destination.host, destination.host))
    if (isTaken || (zone !== undefined && isForeign({ accountId: zone.accountId, zoneId: zone.id }))) {
      throw new Failure('application_exists', { field, message: `must be free: ${destination.hostName} is taken` })
    }
    const twin = claims.find((claim) => claim.accountId === scope.accountId && keyOf(claim.destination) === keyOf(destination))
    if (twin === undefined) continue
    throw new Failure('application_exists', { field, message: `must be free: ${uri} is what the application "${twin.name}" answers for` })
  }
}

/** Whether an application of another account answers for a host by name. */
export async function isAnswered(store: Store, host: string, accountId: string): Promise<boolean> {
  const destination = parseDestination(host)
  if ('flaw' in destination) return false
  return (await claimed(store)).some((claim) => claim.accountId !== accountId && hostsOverlap(claim.destination.host, destination.host))
}

async function claimed(store: Store) {
  return (await store.listClaims()).flatMap(({ destinations, ...claim }) =>
    destinations.flatMap((uri) => {
      const destination = parseDestination(uri)
      return 'flaw' in destination ? [] : [{ ...claim, destination }]
    }),
  )
}

/** The oldest first; of one age, the wider. */
async function allZones(store: Store): Promise<readonly Zone[]> {
  const zones: Zone[] = []
  for await (const page of pagesOf(store, 'zone')) zones.push(...page)
  return zones.toSorted((one, other) => one.createdAt - other.createdAt || one.name.length - other.name.length)
}

/** The zone whose a host is: of several, the oldest, so that nobody takes a part of a zone by making another one of it. */
function zoneOf(destination: Destination, zones: readonly Zone[]): Zone | undefined {
  return zones.find(({ name }) => {
    const itself = parseDestination(name)
    return isWithin(destination, name) || (!('flaw' in itself) && hostsOverlap(itself.host, destination.host))
  })
}

function isWithin({ hostName }: Destination, zoneName: string): boolean {
  const zone = zoneName.toLowerCase()
  return hostName === zone || hostName.endsWith(`.${zone}`)
}

/** Alike for destinations that are the same, however they are written. */
function keyOf({ hostName, path }: Destination): string {
  return [hostName, ...path.map((segment) => segment.join('*'))].join('/')
}
