import type { Instant } from '../domain/instant.ts'
import { type Grants, permits, unnamed } from '../domain/permission.ts'
import type { Account, Zone } from '../domain/principal.ts'
import type { Scope } from '../domain/service-token.ts'
import type { AuditEntry, Store } from './ports.ts'
import type { AccessRequest, AccessRequestQuery, LogFilter } from './queries.ts'
import type { Caller } from './sign-in.ts'

/** Who changed what, and which machines asked for what: both logs, for reading. */
export interface Logs {
  audit(caller: Caller, scope: Scope, query: AuditLogQuery): Promise<AuditPage>
  accessRequests(scope: Scope, query: Omit<AccessRequestQuery, 'accountId'>): Promise<readonly AccessRequest[]>
}

export interface AuditLogQuery {
  readonly since: Instant
  readonly before: Instant
  readonly filters: readonly LogFilter[]
  readonly direction: 'asc' | 'desc'
  readonly limit: number
  readonly after?: Position | undefined
}

/** An entry's place in the trail. */
export interface Position {
  readonly at: Instant
  readonly id: string
}

export interface AuditPage {
  readonly account: Account
  readonly zones: ReadonlyMap<string, Zone>
  readonly entries: readonly AuditEntry[]
  /** The last entry's, if there are more. */
  readonly next: Position | undefined
}

export function createLogs({ store }: { store: Store }): Logs {
  async function zonesOf(entries: readonly AuditEntry[]): Promise<ReadonlyMap<string, Zone>> {
    const ids = new Set(entries.flatMap(({ zoneId }) => zoneId ?? []))
    const zones = await Promise.all([...ids].map((id) => store.find('zone', id)))
    return new Map(zones.flatMap((zone) => (zone ? [[zone.id, zone]] : [])))
  }

  return {
    async audit({ grants }, { accountId }, query) {
      const account = await store.find('account', accountId)
      if (account === undefined) throw new Error(`account ${accountId} admitted somebody and is not there`)
      // One more than asked for tells whether there is unnamed page.
      const found = await store.listAudit({ ...query, accountId, withInstallation: mayReadAll(grants), limit: query.limit + 1 })
      const entries = found.slice(0, query.limit)
      const last = entries.at(-1)
      return { account, zones: await zonesOf(entries), entries, next: found.length > entries.length && last ? last : undefined }
    },

    accessRequests: ({ accountId }, query) => store.listAccessRequests({ ...query, accountId }),
  }
}

/** The installation's own trail is for those who may read every account's. */
function mayReadAll(grants: Grants): boolean {
  return permits(grants, 'audit_logs:read', { accountId: unnamed, zoneId: null })
}
