import { randomBytes } from 'node:crypto'
import { CompiledQuery, type Kysely, type RawBuilder, sql } from 'kysely'
import { newClientId, newUuid } from '../src/domain/identifier.ts'
import { digestOf, newSecret, type RandomBytes } from '../src/domain/secret.ts'
import { issue } from '../src/domain/service-token.ts'
import { mappings } from '../src/store/mapping.ts'
import { fillBlocks } from '../src/store/migrations/0003-lists-at-size.ts'
import { fillUses } from '../src/store/migrations/0006-console.ts'
import type { Tables } from '../src/store/schema.ts'

const rowsPerStatement = 500
const rowsPerTransaction = 50_000
const work = ['ci', 'deploy', 'backup', 'billing', 'crawler', 'reports', 'search', 'mail', 'metrics', 'ledger']
const place = ['production', 'staging', 'canary']
const firstCreatedAt = Date.parse('2025-01-01T00:00:00Z')

/** The name of the token of this number: a tenth of all tokens contain each of the first words, and no name comes twice. */
export const nameOf = (number: number) => `${work[number % work.length]} ${place[number % place.length]} ${number}`

/** What a token's machine presents, by the token's number. */
export type OnIssued = (number: number, clientId: string, secret: string) => void

/** Fills an account with tokens, one every 25 s of its past, as if they had been created one by one, but without the change log and the audit trail. */
export async function fillTokens(
  db: Kysely<Tables>,
  accountId: string,
  tokens: number,
  onProgress: (done: number) => void,
  onIssued: OnIssued = () => undefined,
): Promise<void> {
  const random = pooledBytes()
  const rowsFrom = (from: number, count: number, told = onIssued) =>
    Array.from({ length: count }, (_, index) => aToken(accountId, from + index, Math.max(tokens, rowsPerStatement), random, told))
  // The statement is the same each time; making it takes longer than running it.
  const { sql: statement } = db
    .insertInto('service_token')
    .values(rowsFrom(0, rowsPerStatement, () => undefined))
    .compile()
  for (let done = 0; done < tokens; ) {
    await db.transaction().execute(async (trx) => {
      for (const until = done + rowsPerTransaction; done < Math.min(until, tokens); done += rowsPerStatement) {
        const rows = rowsFrom(done, Math.min(rowsPerStatement, tokens - done))
        const whole = rows.length === rowsPerStatement
        if (whole) await trx.executeQuery(CompiledQuery.raw(statement, rows.flatMap(Object.values)))
        else await trx.insertInto('service_token').values(rows).execute()
      }
    })
    onProgress(Math.min(done, tokens))
  }
  await db.deleteFrom('service_token_block').execute()
  await fillBlocks(db)
  await fillUses(db)
}

/** Gives tokens that `fillTokens` made all that lists can be narrowed to or ordered by: of each twenty one is disabled, one has expired, one is in grace and so on. */
export async function varyTokens(db: Kysely<Tables>, now: number): Promise<void> {
  const inDays = (days: number) => sql`cast(${now + days * 86_400_000} as bigint)`
  // Of their number, but in no relation to their names.
  const number = sql`((created_at - ${firstCreatedAt}) / 25000 * 7919 % 100003)`
  const change = (what: RawBuilder<unknown>, every: number, at: number) =>
    sql`update service_token set ${what} where ${number} % ${every} = ${at}`.execute(db)
  await change(sql`updated_at = created_at + ${number} * 1000`, 1, 0)
  await change(sql`enabled = 0`, 20, 3)
  await change(sql`expires_at = ${inDays(0)} - (${number} % 1000) * 60000`, 20, 7)
  await change(sql`expires_at = ${inDays(1)} + (${number} % 1000) * 60000`, 100, 11)
  await change(sql`expires_at = ${inDays(20)} + (${number} % 1000) * 60000`, 100, 12)
  await change(sql`previous_until = ${inDays(1)}, previous_digest = digest, previous_version = 0`, 100, 13)
  // Of a hundred, two were never used and five not lately.
  const latest = sql`case when ${number} % 20 = 9 then ${inDays(-100)} else ${inDays(0)} end`
  await sql`update service_token_use set last_seen_at = ${latest} - ${number} * 500 where ${number} % 50 <> 8`.execute(db)
}

/** What autovacuum does after so many changes, in its own time. */
export async function vacuum(db: Kysely<Tables>): Promise<void> {
  await sql`vacuum analyze service_token`.execute(db)
  await sql`vacuum analyze service_token_block`.execute(db)
  await sql`vacuum analyze service_token_use`.execute(db)
}

function aToken(accountId: string, number: number, tokens: number, random: RandomBytes, onIssued: OnIssued) {
  const secret = newSecret('pst_', random)
  const rising = () => risingBytes(random(16), (number + 0.5) / tokens)
  const ids = { id: newUuid(rising), clientId: newClientId(rising), digest: digestOf(secret) }
  onIssued(number, ids.clientId, secret)
  const traits = { accountId, zoneId: null, name: nameOf(number), duration: '87600h', enabled: true, secretVersion: 1 }
  return mappings.service_token.toRow({ ...issue({ ...ids, ...traits }, firstCreatedAt + number * 25_000), revision: 1 })
}

/** Writes a place between 0 and 1 into the first bytes: ids that rise with the number, and are spread as random ones are, fill an index from end to end. */
function risingBytes(bytes: Uint8Array, place: number): Uint8Array {
  Buffer.from(bytes.buffer, bytes.byteOffset).writeUIntBE(Math.floor(place * 2 ** 48), 0, 6)
  return bytes
}

/** Takes bytes from the system many at a time: a few million small requests would take longer than all the rest. */
function pooledBytes(): RandomBytes {
  let pool = randomBytes(1 << 20)
  let used = 0
  return (size) => {
    if (used + size > pool.length) {
      pool = randomBytes(pool.length)
      used = 0
    }
    used += size
    return pool.subarray(used - size, used)
  }
}
