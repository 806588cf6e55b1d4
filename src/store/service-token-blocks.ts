import { type Kysely, sql, type Transaction } from 'kysely'
import type { Write } from '../authority/ports.ts'
import type { Scope, ServiceToken } from '../domain/service-token.ts'
import type { ServiceTokenBlockRow, Tables } from './schema.ts'
import { from, inScope, newestFirst, type Place } from './service-token-order.ts'

// The list of each scope is divided into blocks that know how many tokens they hold. Their sum is the number of all, and a page is found by adding up
// blocks, a few hundred for a million tokens, instead of walking past every token before it.

/** Before all tokens, those to come as well: where the newest block of a scope begins. */
const front: Place = { created_at: Number.MAX_SAFE_INTEGER, id: '' }

const zoneKey = (zoneId: string | null) => zoneId ?? ''

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
export async function countServiceTokens(db: Kysely<Tables>, accountId: string): Promise<number> {
  const total = sql<number>`cast(coalesce(sum(tokens), 0) as bigint)`.as('total')
  return (await db.selectFrom('service_token_block').select(total).where('account_id', '=', accountId).executeTakeFirstOrThrow()).total
}

/** Keeps the blocks in step with one write, right after it; a block with more than `fullBlock` tokens is divided. */
export async function countWrite(trx: Transaction<Tables>, { kind, before, after }: Write, fullBlock: number): Promise<void> {
  if (kind !== 'service_token') return
  if (before && after && isSamePlace(before, after)) return
  if (before) await strike(trx, before)
  if (after) await enter(trx, after, fullBlock)
}

function isSamePlace(one: ServiceToken, other: ServiceToken): boolean {
  return one.accountId === other.accountId && one.zoneId === other.zoneId && one.createdAt === other.createdAt
}

async function enter(trx: Transaction<Tables>, token: ServiceToken, fullBlock: number): Promise<void> {
  const block = await add(trx, token, 1)
  if (block === undefined) {
    const first = { account_id: token.accountId, zone_id: zoneKey(token.zoneId), ...front, tokens: 1 }
    await trx.insertInto('service_token_block').values(first).execute()
  } else if (block.tokens > fullBlock) {
    await divide(trx, token, block)
  }
}

async function strike(trx: Transaction<Tables>, token: ServiceToken): Promise<void> {
  const block = await add(trx, token, -1)
  if (block === undefined || block.tokens > 0 || block.created_at === front.created_at) return
  // What is created in its stretch from now on falls to the newer block.
  const { account_id, zone_id, created_at, id } = block
  await trx
    .deleteFrom('service_token_block')
    .where(({ and }) => and({ account_id, zone_id, created_at, id }))
    .execute()
}

/** Adds to the block that a token falls into: the oldest one that does not begin behind it. */
async function add(trx: Transaction<Tables>, token: ServiceToken, number: 1 | -1): Promise<ServiceTokenBlockRow | undefined> {
  const { accountId, zoneId, createdAt, id } = token
  const ofScope = sql`account_id = ${accountId} and zone_id = ${zoneKey(zoneId)}`
  const { rows } = await sql<ServiceTokenBlockRow>`
    update service_token_block set tokens = tokens + ${number}
    where ${ofScope} and (created_at, id) = (
      select created_at, id from service_token_block
      where ${ofScope} and created_at >= ${createdAt} and not (created_at = ${createdAt} and id > ${id})
      order by created_at, id desc limit 1
    )
    returning account_id, zone_id, created_at, id, tokens
  `.execute(trx)
  return rows[0]
}

/** Makes the older half of a block one of its own. */
async function divide(trx: Transaction<Tables>, scope: Scope, block: ServiceTokenBlockRow): Promise<void> {
  const kept = Math.floor(block.tokens / 2)
  const { account_id, zone_id, created_at, id } = block
  const listed = newestFirst(from(inScope(trx, scope), block))
  const middle = await listed.select(['created_at', 'id']).offset(kept).limit(1).executeTakeFirst()
  // Only if somebody has deleted rows behind our back; a wrong count is no reason to refuse new tokens.
  if (middle === undefined) return
  const shortened = trx.updateTable('service_token_block').set({ tokens: kept })
  await shortened.where(({ and }) => and({ account_id, zone_id, created_at, id })).execute()
  const added = { account_id, zone_id, ...middle, tokens: block.tokens - kept }
  await trx.insertInto('service_token_block').values(added).execute()
}
