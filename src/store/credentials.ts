import { type Kysely, sql } from 'kysely'
import type { Credential } from '../domain/service-token.ts'
import type { ServiceTokenRow, Tables } from './schema.ts'

/** What decides about a token; the names and texts that only people read are most of a row. */
const columns = [
  ...(['id', 'account_id', 'zone_id', 'client_id', 'digest', 'previous_digest', 'previous_until', 'previous_version'] as const),
  ...(['secret_version', 'enabled', 'expires_at', 'revision'] as const),
] as const

/** All service tokens in the order of their ids. Each page is a statement of its own, so a pool that lends connections by the transaction will do. */
export async function* credentialRows(db: Kysely<Tables>, pageSize: number): AsyncGenerator<readonly Credential[]> {
  const ordered = db
    .selectFrom('service_token')
    .select([...columns])
    .orderBy('id')
    .limit(pageSize)
  for (let after = ''; ; ) {
    const rows = await ordered.where('id', '>', after).execute()
    if (rows.length > 0) yield rows.map(fromRow)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = last.id
  }
}

function fromRow(row: Pick<ServiceTokenRow, (typeof columns)[number]>): Credential {
  return {
    id: row.id,
    accountId: row.account_id,
    zoneId: row.zone_id,
    clientId: row.client_id,
    digest: row.digest,
    previous:
      row.previous_until === null ? null : { digest: row.previous_digest, until: row.previous_until, version: row.previous_version ?? 0 },
    secretVersion: row.secret_version,
    enabled: row.enabled === 1,
    expiresAt: row.expires_at,
    revision: row.revision,
  }
}

/** A page of tokens in one row, because rows with their columns, and bytes most of all, cost more on the way out of SQLite than all else. */
interface PackedPage {
  /** Where the page ends; null when it is empty. */
  readonly last: number | null
  /** A JSON array of `PackedCredential`. */
  readonly traits: string
  /** The digests of all, in the same order. */
  readonly digests: string
}

type PackedCredential = readonly [
  ...[id: string, accountId: string, zoneId: string | null, clientId: string, secretVersion: number, enabled: number, expiresAt: number],
  ...[revision: number, previousDigest: string, previousUntil: number | null, previousVersion: number | null],
]

const digestBytes = 32

/** All service tokens as they are in one moment, from a connection to SQLite: while a page is being looked at, its thread makes the next. */
export async function* packedCredentials(db: Kysely<Tables>, pageSize: number): AsyncGenerator<readonly Credential[]> {
  // The order in which rows lie in the file, which needs no index. Only a VACUUM changes it, and none is seen inside of a transaction.
  const trx = await db.startTransaction().execute()
  let next = packedPage(trx, 0, pageSize)
  try {
    for (;;) {
      const page = await next
      if (page === undefined || page.last === null) return
      next = packedPage(trx, page.last, pageSize)
      yield unpacked(page)
    }
  } finally {
    await Promise.allSettled([next])
    await trx.rollback().execute()
  }
}

async function packedPage(db: Kysely<Tables>, after: number, pageSize: number): Promise<PackedPage | undefined> {
  const { rows } = await sql<PackedPage>`
    select max(place) as last, group_concat(hex(digest), '') as digests, json_group_array(json_array(
      id, account_id, zone_id, client_id, secret_version, enabled, expires_at, revision, hex(previous_digest), previous_until, previous_version
    )) as traits
    from (select rowid as place, * from service_token where rowid > ${after} order by rowid limit ${pageSize})
  `.execute(db)
  return rows[0]
}

function unpacked({ traits, digests }: PackedPage): readonly Credential[] {
  const packed = JSON.parse(traits) as readonly PackedCredential[]
  const bytes = Buffer.from(digests, 'hex')
  if (bytes.length !== packed.length * digestBytes) throw new Error('service tokens with digests of another length')
  return packed.map((one, index) => fromPacked(one, bytes.subarray(index * digestBytes, (index + 1) * digestBytes)))
}

function fromPacked(packed: PackedCredential, digest: Uint8Array): Credential {
  const [previousDigest, until, version] = [packed[8], packed[9], packed[10]]
  return {
    id: packed[0],
    accountId: packed[1],
    zoneId: packed[2],
    clientId: packed[3],
    digest,
    previous:
      until === null ? null : { digest: previousDigest === '' ? null : Buffer.from(previousDigest, 'hex'), until, version: version ?? 0 },
    secretVersion: packed[4],
    enabled: packed[5] === 1,
    expiresAt: packed[6],
    revision: packed[7],
  }
}
