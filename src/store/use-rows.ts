import type { Kysely } from 'kysely'
import type { Write } from '../authority/ports.ts'
import { compiledOnce } from './compiled-once.ts'
import type { Tables } from './schema.ts'
import { isSamePlace } from './service-token-blocks.ts'
import { zoneKey } from './service-token-order.ts'
import { ask, type Steps } from './steps.ts'

interface UseRow {
  readonly service_token_id: string
  readonly last_seen_at: number
  readonly account_id: string
  readonly zone_id: string
  readonly created_at: number
}

/** Gives every service token that is written its row among the uses, with its place in lists: so lists find those that nobody used as they find others. */
export function followingTokens(db: Kysely<Tables>): (write: Write) => Steps<void> {
  const place = compiledOnce((row: UseRow) =>
    db
      .insertInto('service_token_use')
      .values(row)
      .onConflict((conflict) =>
        conflict.column('service_token_id').doUpdateSet(({ ref }) => ({
          account_id: ref('excluded.account_id'),
          zone_id: ref('excluded.zone_id'),
          created_at: ref('excluded.created_at'),
        })),
      ),
  )
  return function* ({ kind, before, after }) {
    if (kind !== 'service_token' || after === null) return
    if (before !== null && isSamePlace(before, after)) return
    const { id, accountId, zoneId, createdAt } = after
    yield* ask(place({ service_token_id: id, last_seen_at: 0, account_id: accountId, zone_id: zoneKey(zoneId), created_at: createdAt }))
  }
}
