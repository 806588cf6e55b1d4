import type { Entities, Kind } from '../../authority/ports.ts'
import type { Application } from '../../domain/application.ts'
import type { ServiceToken } from '../../domain/service-token.ts'

/** The kinds that the gate needs in order to answer. */
export const replicated = ['application', 'service_token'] as const satisfies readonly Kind[]
export type Replicated = (typeof replicated)[number]

/** What the gate knows: every service token and application, in memory. */
export interface Replica {
  tokenByClientId(clientId: string): ServiceToken | undefined
  /** The application that answers for a host (lower case, without port): the one that names it, else the one for every host. */
  applicationFor(host: string): Application | undefined
  put<K extends Replicated>(kind: K, entity: Entities[K]): void
  remove(kind: Replicated, id: string): void
  clear(): void
  /** How many service tokens it holds. */
  readonly size: number
}

export function createReplica(): Replica {
  const tokens = new Map<string, ServiceToken>()
  const clientIds = new Map<string, string>()
  const applications = new Map<string, Application>()
  let byDomain: ReadonlyMap<string, Application> = new Map()

  function indexApplications(): void {
    // Of two with the same domain the older one answers, so that a new application never takes over another's requests.
    const oldestLast = [...applications.values()].sort((one, other) => other.createdAt - one.createdAt || (one.id < other.id ? 1 : -1))
    byDomain = new Map(oldestLast.map((application) => [application.domain, application]))
  }

  return {
    tokenByClientId: (clientId) => tokens.get(clientId),
    applicationFor: (host) => byDomain.get(host) ?? byDomain.get('*'),

    put(kind, entity) {
      if (kind === 'service_token') {
        const token = entity as ServiceToken
        clientIds.set(token.id, token.clientId)
        tokens.set(token.clientId, token)
      } else {
        applications.set(entity.id, entity as Application)
        indexApplications()
      }
    },

    remove(kind, id) {
      if (kind === 'service_token') {
        tokens.delete(clientIds.get(id) ?? '')
        clientIds.delete(id)
      } else {
        applications.delete(id)
        indexApplications()
      }
    },

    clear() {
      tokens.clear()
      clientIds.clear()
      applications.clear()
      indexApplications()
    },

    get size() {
      return tokens.size
    },
  }
}
