import { newHexId } from '../domain/identifier.ts'
import { type Grants, parseResource, permissionGroups, permits, unnamed } from '../domain/permission.ts'
import type { Account } from '../domain/principal.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import { type Journal, untilStored } from './journal.ts'
import { type Clock, installationTrail, type Kind, type Store } from './ports.ts'
import type { Page, PageQuery } from './queries.ts'
import type { Caller } from './sign-in.ts'

/** The tenants of this installation. */
export interface Accounts {
  /** Those in which the caller may do anything at all. */
  list(caller: Caller, query: AccountList): Promise<Page<Account>>
  get(scope: Scope): Promise<Account>
  /** Fails with `not_permitted` unless the caller may manage every account. */
  create(caller: Caller, name: string): Promise<Account>
  rename(caller: Caller, scope: Scope, name: string): Promise<Account>
  /** Fails with `not_empty` while something belongs to it, and with `last_way_in` for the last account. */
  delete(caller: Caller, scope: Scope): Promise<void>
}

export interface AccountList extends PageQuery {
  readonly name?: string | undefined
  readonly direction: 'asc' | 'desc'
}

const anyPermission = [...new Set(permissionGroups.flatMap(({ permissions }) => permissions))]

export function createAccounts({
  store,
  journal,
  clock,
  random,
}: {
  store: Store
  journal: Journal
  clock: Clock
  random: RandomBytes
}): Accounts {
  async function get({ accountId }: Scope): Promise<Account> {
    const account = await store.find('account', accountId)
    if (account === undefined) throw new Failure('no_route')
    return account
  }

  async function requireEmpty(scope: Scope): Promise<void> {
    const contents = await store.contentsOf(scope)
    if (contents.size > 0) throw new Failure('not_empty', { message: `the account still has ${listed(contents)}; delete them first` })
    const { total } = await store.listAccounts({ page: 1, perPage: 1, visible: 'all', direction: 'asc' })
    if (total < 2) throw new Failure('last_way_in', { message: 'this is the only account; make another one first' })
  }

  return {
    get,

    list({ grants }, query) {
      if (grants === 'everything') return store.listAccounts({ ...query, visible: 'all' })
      const may = (accountId: string) => anyPermission.some((permission) => permits(grants, permission, { accountId, zoneId: null }))
      const named = accountsIn(grants)
      const hidden = new Set(named.filter((id) => !may(id)))
      const visible = may(unnamed) ? 'all' : new Set(named.filter(may))
      return store.listAccounts({ ...query, visible, hidden })
    },

    async create({ actor, grants }, name) {
      if (!permits(grants, 'accounts:write', { accountId: unnamed, zoneId: null })) throw new Failure('not_permitted')
      const at = clock.now()
      const account: Account = { id: newHexId(random), name, createdAt: at, revision: 0 }
      const stored = await journal.commit([{ kind: 'account', before: null, after: account }], {
        ...{ actor, action: 'account.create', at, accountId: account.id, resource: { kind: 'account', id: account.id } },
        ...{ before: null, after: { name } },
      })
      if (!stored) throw new Error('a new account was not stored')
      return account
    },

    rename: ({ actor }, scope, name) =>
      untilStored('account.update', async () => {
        const before = await get(scope)
        if (before.name === name) return before
        const after = { ...before, name }
        const stored = await journal.commit([{ kind: 'account', before, after }], {
          ...{ actor, action: 'account.update', at: clock.now(), accountId: before.id, resource: { kind: 'account', id: before.id } },
          ...{ before: { name: before.name }, after: { name } },
        })
        return stored ? after : undefined
      }),

    async delete({ actor }, scope) {
      await untilStored('account.delete', async () => {
        const before = await get(scope)
        await requireEmpty(scope)
        const organization = await store.find('organization', before.id)
        const keys = await store.signingKeysOf(before.id)
        const writes = [
          ...keys.map((key) => ({ kind: 'signing_key' as const, before: key, after: null })),
          ...(organization ? [{ kind: 'organization' as const, before: organization, after: null }] : []),
          { kind: 'account' as const, before, after: null },
        ]
        const stored = await journal.commit(writes, {
          // Nobody can read the trail of an account that is gone.
          ...{ actor, action: 'account.delete', at: clock.now(), accountId: installationTrail },
          ...{ resource: { kind: 'account', id: before.id } },
          ...{ before: { name: before.name }, after: null },
        })
        return stored || undefined
      })
    },
  }
}

/** The accounts that grants name, whatever they say of them. */
function accountsIn(grants: Exclude<Grants, 'everything'>): readonly string[] {
  const resources = grants.flatMap((grant) => grant.resources.map(parseResource))
  return resources.flatMap((resource) => (resource?.kind === 'account' && resource.id !== '*' ? [resource.id] : []))
}

/** Of one and of several. */
const names: { readonly [K in Kind]?: readonly [string, string] } = {
  service_token: ['service token', 'service tokens'],
  api_token: ['API token', 'API tokens'],
  application: ['application', 'applications'],
  policy: ['reusable policy', 'reusable policies'],
  group: ['group', 'groups'],
  zone: ['zone', 'zones'],
  webhook: ['webhook', 'webhooks'],
  alert_policy: ['notification policy', 'notification policies'],
}

/** "2 zones, 1 service token". */
export function listed(contents: ReadonlyMap<Kind, number>): string {
  return [...contents].map(([kind, count]) => `${count} ${names[kind]?.[count === 1 ? 0 : 1] ?? kind}`).join(', ')
}
