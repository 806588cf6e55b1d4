import { type RawBuilder, sql } from 'kysely'
import type { Kind, SeenApiToken, Store } from '../authority/ports.ts'
import type { PageQuery, Visible } from '../authority/queries.ts'
import type { Owner } from '../domain/principal.ts'
import { compiledOnce } from './compiled-once.ts'
import type { Database } from './database.ts'
import { mappings } from './mapping.ts'
import type { Memory } from './memory.ts'
import type { ApiTokenRow } from './schema.ts'

type Queries = Pick<
  Store,
  'findApiToken' | 'findOwnedApiToken' | 'listApiTokens' | 'findUser' | 'listAccounts' | 'listZones' | 'contentsOf' | 'signingKeysOf'
>

/** Who there is, and what belongs to whom. */
export function createPrincipalQueries({ db, answer }: Database, memory: Memory): Queries {
  const findByDigest = compiledOnce(({ digest }: Pick<ApiTokenRow, 'digest'>) =>
    db.selectFrom('api_token').selectAll().where('digest', '=', digest),
  )

  function ownedBy({ userId, accountId }: Owner) {
    return userId === null
      ? db.selectFrom('api_token').where('user_id', 'is', null).where('account_id', '=', accountId)
      : db.selectFrom('api_token').where('user_id', '=', userId)
  }

  function seen(query: ReturnType<typeof ownedBy>) {
    return query.leftJoin('api_token_use', 'api_token_use.api_token_id', 'api_token.id').selectAll('api_token').select('last_seen_at')
  }

  async function count(
    kind: 'service_token' | 'application' | 'zone' | 'api_token' | 'policy' | 'group' | 'webhook' | 'alert_policy',
    accountId: string,
    zoneId: string | null,
  ) {
    let query = db
      .selectFrom(mappings[kind].table as 'policy')
      .select(({ fn }) => fn.countAll<number>().as('total'))
      .where('account_id', '=', accountId)
    if (zoneId !== null) query = query.where('zone_id', '=', zoneId)
    // The others are a part of their application.
    if (kind === 'policy') query = query.where('application_id', 'is', null)
    return (await query.executeTakeFirstOrThrow()).total
  }

  return {
    findApiToken: (digest) =>
      memory.recall(`digest ${Buffer.from(digest).toString('latin1')}`, async () => {
        const [row] = (await answer(findByDigest({ digest }))).rows
        return row && mappings.api_token.fromRow(row)
      }),

    async findOwnedApiToken(owner, id) {
      const row = await seen(ownedBy(owner).where('id', '=', id)).executeTakeFirst()
      return row && toSeen(row)
    },

    async listApiTokens(owner, { direction, expiredSince, ...page }) {
      let matching = ownedBy(owner)
      if (expiredSince !== undefined)
        matching = matching.where((row) => row.or([row('expires_at', 'is', null), row('expires_at', '>', expiredSince)]))
      const { total } = await matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const rows = await seen(matching).orderBy('created_at', direction).orderBy('id').limit(page.perPage).offset(offset(page)).execute()
      return { items: rows.map(toSeen), total }
    },

    async findUser(email) {
      const row = await db.selectFrom('user_account').selectAll().where('email', '=', email).executeTakeFirst()
      return row && mappings.user.fromRow(row)
    },

    async listAccounts({ visible, hidden = noIds, name, direction, ...page }) {
      const matching = db.selectFrom('account').where(sql<boolean>`${isIn('id', visible)} and not ${isIn('id', hidden)}`)
      const inOrder = matching.selectAll().orderBy('created_at', direction).orderBy('id')
      if (name !== undefined) {
        // SQLite knows the other case of ASCII letters only, and PostgreSQL of what its locale does: so names are compared here.
        const accounts = (await inOrder.execute()).map(mappings.account.fromRow)
        const found = accounts.filter((account) => account.name.toLowerCase().includes(name.toLowerCase()))
        return { items: found.slice(offset(page), offset(page) + page.perPage), total: found.length }
      }
      const { total } = await matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const rows = await inOrder.limit(page.perPage).offset(offset(page)).execute()
      return { items: rows.map(mappings.account.fromRow), total }
    },

    async listZones({ visible, hidden = { zones: noIds, accounts: noIds }, accountId, accountName, name, direction, ...page }) {
      const throughAccount = sql`(${isIn('account_id', visible.accounts)} and not ${isIn('account_id', hidden.accounts)})`
      let matching = db
        .selectFrom('zone')
        .where(sql<boolean>`(${isIn('id', visible.zones)} or ${throughAccount}) and not ${isIn('id', hidden.zones)}`)
      if (accountId !== undefined) matching = matching.where('account_id', '=', accountId)
      if (accountName !== undefined) {
        matching = matching.where('account_id', 'in', db.selectFrom('account').select('id').where('name', '=', accountName))
      }
      if (name !== undefined) matching = matching.where('name', '=', name)
      const { total } = await matching.select(({ fn }) => fn.countAll<number>().as('total')).executeTakeFirstOrThrow()
      const rows = await matching.selectAll().orderBy('name', direction).orderBy('id').limit(page.perPage).offset(offset(page)).execute()
      return { items: rows.map(mappings.zone.fromRow), total }
    },

    async contentsOf({ accountId, zoneId }) {
      const kinds =
        zoneId === null
          ? (['zone', 'api_token', 'service_token', 'application', 'policy', 'group', 'alert_policy', 'webhook'] as const)
          : (['service_token', 'application', 'policy', 'group'] as const)
      const found = new Map<Kind, number>()
      for (const kind of kinds) {
        const total = await count(kind, accountId, zoneId)
        if (total > 0) found.set(kind, total)
      }
      return found
    },

    async signingKeysOf(accountId) {
      const rows = await db
        .selectFrom('signing_key')
        .selectAll()
        .where('account_id', '=', accountId)
        .orderBy('created_at', 'desc')
        .orderBy('id')
        .execute()
      return rows.map(mappings.signing_key.fromRow)
    },
  }
}

const noIds: ReadonlySet<string> = new Set()

function isIn(column: 'id' | 'account_id', ids: Visible): RawBuilder<boolean> {
  if (ids === 'all') return sql`(1 = 1)`
  return ids.size === 0 ? sql`(1 = 0)` : sql`(${sql.ref(column)} in (${sql.join([...ids])}))`
}

function offset({ page, perPage }: PageQuery): number {
  return (page - 1) * perPage
}

function toSeen(row: ApiTokenRow & { readonly last_seen_at: number | null }): SeenApiToken {
  return { token: mappings.api_token.fromRow(row), lastUsedAt: row.last_seen_at }
}
