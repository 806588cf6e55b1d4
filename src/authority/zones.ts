import { newHexId } from '../domain/identifier.ts'
import { type Grants, parseResource, permits, unnamed } from '../domain/permission.ts'
import type { Account, Zone } from '../domain/principal.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { listed } from './accounts.ts'
import { Failure } from './failure.ts'
import { type Journal, untilStored } from './journal.ts'
import type { Clock, Store } from './ports.ts'
import type { Page, PageQuery, ZoneQuery } from './queries.ts'
import type { Caller } from './sign-in.ts'

/** A zone, and the account that it is a part of. */
export interface PlacedZone {
  readonly zone: Zone
  readonly account: Account
}

/** The parts of accounts that have service tokens and applications of their own. */
export interface Zones {
  /** Those that the caller may read. */
  list(caller: Caller, query: ZoneList): Promise<Page<PlacedZone>>
  get(scope: Scope): Promise<PlacedZone>
  /** Fails with `not_permitted` unless the caller may make zones in that account, and with `zone_exists` when it has one of that name. */
  create(caller: Caller, accountId: string, name: string): Promise<PlacedZone>
  /** Fails with `not_empty` while something belongs to it. */
  delete(caller: Caller, scope: Scope): Promise<void>
}

export interface ZoneList extends PageQuery {
  readonly accountId?: string | undefined
  readonly accountName?: string | undefined
  readonly name?: string | undefined
  readonly direction: 'asc' | 'desc'
}

export function createZones({
  store,
  journal,
  clock,
  random,
}: {
  store: Store
  journal: Journal
  clock: Clock
  random: RandomBytes
}): Zones {
  async function withAccount(zone: Zone): Promise<PlacedZone> {
    const account = await store.find('account', zone.accountId)
    if (account === undefined) throw new Error(`zone ${zone.id} has no account`)
    return { zone, account }
  }

  async function get({ zoneId }: Scope): Promise<PlacedZone> {
    const zone = zoneId === null ? undefined : await store.find('zone', zoneId)
    if (zone === undefined) throw new Failure('no_route')
    return withAccount(zone)
  }

  /** Which zones the grants let be read: some by name, the others of some accounts, the others of all accounts. */
  async function readable(grants: Exclude<Grants, 'everything'>): Promise<Pick<ZoneQuery, 'visible' | 'hidden'>> {
    const may = (accountId: string, zoneId: string) => permits(grants, 'zones:read', { accountId, zoneId })
    const zones = { visible: new Set<string>(), hidden: new Set<string>() }
    const accounts = { visible: new Set<string>(), hidden: new Set<string>() }
    const note = (where: typeof zones, id: string, isReadable: boolean) => (isReadable ? where.visible : where.hidden).add(id)
    for (const resource of grants.flatMap((grant) => grant.resources.map(parseResource))) {
      if (resource?.kind === 'zone' && resource.id !== '*') {
        const zone = await store.find('zone', resource.id)
        if (zone !== undefined) note(zones, zone.id, may(zone.accountId, zone.id))
      } else if (resource?.kind === 'zone' || resource?.kind === 'account') {
        const accountId = resource.kind === 'account' ? resource.id : resource.accountId
        if (accountId !== null && accountId !== '*') note(accounts, accountId, may(accountId, unnamed))
      }
    }
    return {
      visible: { zones: zones.visible, accounts: may(unnamed, unnamed) ? 'all' : accounts.visible },
      hidden: { zones: zones.hidden, accounts: accounts.hidden },
    }
  }

  return {
    get,

    async list({ grants }, query) {
      const filter = grants === 'everything' ? ({ visible: { zones: 'all', accounts: 'all' } } as const) : await readable(grants)
      const { items, total } = await store.listZones({ ...query, ...filter })
      return { items: await Promise.all(items.map(withAccount)), total }
    },

    async create({ actor, grants }, accountId, name) {
      const id = newHexId(random)
      // Before it is told whether there is such an account.
      if (!permits(grants, 'zones:write', { accountId, zoneId: id })) throw new Failure('not_permitted')
      const account = await store.find('account', accountId)
      if (account === undefined) throw new Failure('invalid_request', { field: 'account/id', message: 'must be the id of an account' })
      const at = clock.now()
      const zone: Zone = { id, accountId, name, createdAt: at, updatedAt: at, revision: 0 }
      const stored = await journal.commit([{ kind: 'zone', before: null, after: zone }], {
        ...{ actor, action: 'zone.create', at, accountId, zoneId: id, resource: { kind: 'zone', id } },
        ...{ before: null, after: { name } },
      })
      if (!stored) throw new Failure('zone_exists', { message: `the account has a zone with the name ${name} already` })
      return { zone, account }
    },

    async delete({ actor }, scope) {
      await untilStored('zone.delete', async () => {
        const { zone: before } = await get(scope)
        const contents = await store.contentsOf(scope)
        if (contents.size > 0) throw new Failure('not_empty', { message: `the zone still has ${listed(contents)}; delete them first` })
        const stored = await journal.commit([{ kind: 'zone', before, after: null }], {
          ...{ actor, action: 'zone.delete', at: clock.now(), accountId: before.accountId, zoneId: before.id },
          ...{ resource: { kind: 'zone', id: before.id }, before: { name: before.name }, after: null },
        })
        return stored || undefined
      })
    },
  }
}
