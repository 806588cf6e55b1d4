import type { Store } from '../authority/ports.ts'
import type { Database } from './database.ts'
import { createServiceTokenLists, toSeen } from './service-token-lists.ts'
import { inScope } from './service-token-order.ts'

type Queries = Pick<Store, 'findServiceToken' | 'listServiceTokens'>

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
  }
}
