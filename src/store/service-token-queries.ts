import type { Store } from '../authority/ports.ts'
import type { Database } from './database.ts'
import { mappings } from './mapping.ts'
import { createServiceTokenLists, toSeen } from './service-token-lists.ts'
import { inScope } from './service-token-order.ts'

type Queries = Pick<Store, 'findServiceToken' | 'listServiceTokens' | 'serviceTokenOverview' | 'listInactiveServiceTokens'>

export function createServiceTokenQueries(database: Database): Queries {
  const { db } = database

  return {
    ...createServiceTokenLists(database),

    async findServiceToken(scope, id) {
      const row = await inScope(db, scope)
        .where('id', '=', id)
        .leftJoin('service_token_use', 'service_token_use.service_token_id', 'service_token.id')
        .selectAll('service_token')
        .select('last_seen_at')
        .executeTakeFirst()
      return row && toSeen(row)
    },

    async listInactiveServiceTokens(accountId, since, onlyEnabled, limit) {
      let idle = db
        .selectFrom('service_token')
        .leftJoin('service_token_use', 'service_token_use.service_token_id', 'service_token.id')
        .selectAll('service_token')
        .where('service_token.account_id', '=', accountId)
        .where('updated_at', '<', since)
        .where(({ eb, or }) => or([eb('last_seen_at', 'is', null), eb('last_seen_at', '<', since)]))
        .where(({ not, exists, selectFrom }) =>
          not(
            exists(
              selectFrom('reference').select('to_id').where('to_kind', '=', 'service_token').whereRef('to_id', '=', 'service_token.id'),
            ),
          ),
        )
      if (onlyEnabled) idle = idle.where('enabled', '=', 1)
      return (await idle.orderBy('service_token.id').limit(limit).execute()).map(mappings.service_token.fromRow)
    },
  }
}
