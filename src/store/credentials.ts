import type { Credential } from '../domain/service-token.ts'
import type { Database } from './database.ts'
import type { ServiceTokenRow } from './schema.ts'

/** What decides about a token; the names and texts that only people read are most of a row. */
const columns = [
  ...(['id', 'account_id', 'zone_id', 'client_id', 'digest', 'previous_digest', 'previous_until', 'previous_version'] as const),
  ...(['secret_version', 'enabled', 'expires_at', 'revision'] as const),
] as const

/** Tokens a page. */
const pageSize = 1000

/** All service tokens in the order of their ids, as much of them as a gate needs. */
export async function* readCredentials({ db }: Database): AsyncGenerator<readonly Credential[]> {
  const ordered = db
    .selectFrom('service_token')
    .select([...columns])
    .orderBy('id')
    .limit(pageSize)
  for (let after = ''; ; ) {
    const rows = await ordered.where('id', '>', after).execute()
    if (rows.length > 0) yield rows.map(credentialOf)
    const last = rows.at(-1)
    if (last === undefined || rows.length < pageSize) return
    after = last.id
  }
}

function credentialOf(row: Pick<ServiceTokenRow, (typeof columns)[number]>): Credential {
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
