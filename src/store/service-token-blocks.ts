import { type Kysely, sql } from 'kysely'
import type { Write } from '../authority/ports.ts'
import type { Scope, ServiceToken } from '../domain/service-token.ts'
import { compiledOnce } from './compiled-once.ts'
import type { ServiceTokenBlockRow, Tables } from './schema.ts'
import { from, inScope, newestFirst, type Place, zoneKey } from './service-token-order.ts'
import { ask, type Steps } from './steps.ts'

// The list of each scope is divided into blocks that know how many tokens they hold. Their sum is the number of all, and a page is found by adding up
// blocks, a few hundred for a million tokens, instead of walking past every token before it.

/** Before all tokens, those to come as well: where the newest block of a scope begins. */
const front: Place = { created_at: Number.MAX_SAFE_INTEGER, id: '' }

/** A block, and how many tokens come before it and are there in all. */
interface Located extends Place {
  readonly before: number
  readonly total: number
}

/** The block that holds the token at `offset` in the list of a scope, or the last one; none when the scope never had a token. */
export async function locate(db: Kysely<Tables>, { accountId, zoneId }: Scope, offset: number): Promise<Located | undefined> {
  // Sums of 64-bit integers are of a wider type in PostgreSQL.
  const { rows } = await sql<Located>`
    select created_at, id, tokens_before as before, total
    from (
      select
        created_at, id,
        cast(sum(tokens) over (order by created_at desc, id) - tokens as bigint) as tokens_before,
        cast(sum(tokens) over () as bigint) as total
      from service_token_block where account_id = ${accountId} and zone_id = ${zoneKey(zoneId)}
    ) as block
    where tokens_before <= ${offset} order by tokens_before desc limit 1
  `.execute(db)
  return rows[0]
}

/** How many service tokens an account has, those of its zones included. */
export function countingServiceTokens(db: Kysely<Tables>): (accountId: string) => Steps<number> {
  const total = sql<number>`cast(coalesce(sum(tokens), 0) as bigint)`.as('total')
  const count = compiledOnce(({ accountId }: Pick<Scope, 'accountId'>) =>
    db.selectFrom('service_token_block').select(total).where('account_id', '=', accountId),
  )
  return function* (accountId) {
    return (yield* ask(count({ accountId }))).rows[0]?.total ?? 0
  }
}

export interface Blocks {
  /** Keeps the blocks in step with one write, right after it. */
  countWrite(write: Write): Steps<void>
}

/** Blocks of which none gets longer than `fullBlock` tokens: such a one is divided. */
export function createBlocks(db: Kysely<Tables>, fullBlock: number): Blocks {
  const add = compiledOnce(addition)

  function* enter(token: ServiceToken): Steps<void> {
    const [block] = (yield* ask(add(placeOf(token, 1)))).rows
    if (block === undefined) {
      const first = { account_id: token.accountId, zone_id: zoneKey(token.zoneId), ...front, tokens: 1 }
      yield* ask(db.insertInto('service_token_block').values(first))
    } else if (block.tokens > fullBlock) {
      yield* divide(token, block)
    }
  }

  function* strike(token: ServiceToken): Steps<void> {
    const [block] = (yield* ask(add(placeOf(token, -1)))).rows
    if (block === undefined || block.tokens > 0 || block.created_at === front.created_at) return
    // What is created in its stretch from now on falls to the newer block.
    const { account_id, zone_id, created_at, id } = block
    yield* ask(db.deleteFrom('service_token_block').where(({ and }) => and({ account_id, zone_id, created_at, id })))
  }

  /** Makes the older half of a block one of its own. */
  function* divide(scope: Scope, block: ServiceTokenBlockRow): Steps<void> {
    const kept = Math.floor(block.tokens / 2)
    const { account_id, zone_id, created_at, id } = block
    const listed = newestFirst(from(inScope(db, scope), block))
    const [middle] = (yield* ask(listed.select(['created_at', 'id']).offset(kept).limit(1))).rows
    // Only if somebody has deleted rows behind our back; a wrong count is no reason to refuse new tokens.
    if (middle === undefined) return
    const shortened = db.updateTable('service_token_block').set({ tokens: kept })
    yield* ask(shortened.where(({ and }) => and({ account_id, zone_id, created_at, id })))
    const added = { account_id, zone_id, ...middle, tokens: block.tokens - kept }
    yield* ask(db.insertInto('service_token_block').values(added))
  }

  /** Adds to the block that a token falls into: the oldest one that does not begin behind it. */
  function addition({ accountId, zone, createdAt, id, number }: ReturnType<typeof placeOf>) {
    const ofScope = sql`account_id = ${accountId} and zone_id = ${zone}`
    const query = sql<ServiceTokenBlockRow>`
      update service_token_block set tokens = tokens + ${number}
      where ${ofScope} and (created_at, id) = (
        select created_at, id from service_token_block
        where ${ofScope} and created_at >= ${createdAt} and not (created_at = ${createdAt} and id > ${id})
        order by created_at, id desc limit 1
      )
      returning account_id, zone_id, created_at, id, tokens
    `
    return { compile: () => query.compile(db) }
  }

  return {
    *countWrite({ kind, before, after }) {
      if (kind !== 'service_token') return
      if (before && after && isSamePlace(before, after)) return
      if (before) yield* strike(before)
      if (after) yield* enter(after)
    },
  }
}

function placeOf({ accountId, zoneId, createdAt, id }: ServiceToken, number: 1 | -1) {
  return { accountId, zone: zoneKey(zoneId), createdAt, id, number }
}

/** Whether lists show both at the same place. */
export function isSamePlace(one: ServiceToken, other: ServiceToken): boolean {
  return one.accountId === other.accountId && one.zoneId === other.zoneId && one.createdAt === other.createdAt
}
