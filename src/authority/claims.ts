import { type Destination, hostsOverlap, parseDestination } from '../domain/destination.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
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
 * Fails with `application_exists` where another account answers for one of the hosts, or another application of this account for just the same. Whoever may
 * make applications in a zone must not put one over a path of the account's: outside of the zone's own name, hosts of the rest of the account are taken, too.
 * @param applicationId whose claims they are to be, if it is there already.
 */
export async function requireFree(store: Store, scope: Scope, wanted: readonly WantedDestination[], applicationId?: string): Promise<void> {
  const zone = scope.zoneId === null ? undefined : await store.find('zone', scope.zoneId)
  const claims = (await store.listClaims())
    .filter(({ id }) => id !== applicationId)
    .flatMap(({ destinations, ...claim }) => destinations.map((uri) => ({ ...claim, destination: parseDestination(uri) })))
  for (const [index, destination] of readDestinations(wanted).entries()) {
    const { uri = '', field = 'domain' } = wanted[index] ?? {}
    const isOutside = zone !== undefined && !isWithin(destination, zone.name)
    if (isOutside && destination.host.isEveryHost) {
      throw new Failure('invalid_request', { field, message: 'must name a host: every host is for applications of the account' })
    }
    for (const claim of claims) {
      if ('flaw' in claim.destination) continue
      const isForeign = claim.accountId !== scope.accountId || (isOutside && claim.zoneId !== scope.zoneId)
      if (isForeign && hostsOverlap(claim.destination.host, destination.host)) {
        throw new Failure('application_exists', { field, message: `must be free: ${destination.hostName} is taken` })
      }
      if (claim.accountId === scope.accountId && keyOf(claim.destination) === keyOf(destination)) {
        throw new Failure('application_exists', {
          field,
          message: `must be free: ${uri} is what the application "${claim.name}" answers for`,
        })
      }
    }
  }
}

function isWithin({ hostName }: Destination, zoneName: string): boolean {
  const zone = zoneName.toLowerCase()
  return hostName === zone || hostName.endsWith(`.${zone}`)
}

/** Alike for destinations that are the same, however they are written. */
function keyOf({ hostName, path }: Destination): string {
  return [hostName, ...path.map((segment) => segment.join('*'))].join('/')
}
