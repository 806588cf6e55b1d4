import { createHash } from 'node:crypto'
import { type Kysely, sql } from 'kysely'

// Types that both engines understand, as in the foundation.
const bytes = sql`bytea`
const int64 = sql`bigint`

/** Account-owned API tokens and their conditions, organizations, signing keys, repeatable attempts, and both logs. */
export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .alterTable('zone')
    .addColumn('updated_at', int64, (column) => column.notNull().defaultTo(0))
    .execute()
  await sql`update zone set updated_at = created_at`.execute(db)
  await db.schema.createIndex('zone_name').on('zone').columns(['account_id', 'name']).unique().execute()
  await rebuildApiTokens(db)
  await rebuildAudit(db)
  await createOrganizations(db)
  await createAttempts(db)
  await createAccessRequests(db)
}

/** SQLite cannot make a column nullable, so the table is made anew. */
async function rebuildApiTokens(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('api_token').renameTo('api_token_before').execute()
  await db.schema
    .createTable('api_token')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.references('user_account.id'))
    .addColumn('account_id', 'text', (column) => column.references('account.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('digest', bytes, (column) => column.notNull().unique())
    .addColumn('grants', 'text', (column) => column.notNull())
    .addColumn('location', 'text', (column) => column.notNull())
    .addColumn('disabled', 'integer', (column) => column.notNull())
    .addColumn('not_before', int64)
    .addColumn('expires_at', int64)
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await sql`insert into api_token (id, user_id, name, digest, grants, location, disabled, not_before, expires_at, created_at, updated_at, revision)
    select id, user_id, name, digest, grants, '{"in":[],"notIn":[]}', disabled, not_before, expires_at, created_at, created_at, revision
    from api_token_before`.execute(db)
  await db.schema.dropTable('api_token_before').execute()
  await db.schema.createIndex('api_token_owner').on('api_token').columns(['user_id', 'account_id', 'created_at', 'id']).execute()
  await db.schema
    .createTable('api_token_use')
    .addColumn('api_token_id', 'text', (column) => column.primaryKey().references('api_token.id').onDelete('cascade'))
    .addColumn('last_seen_at', int64, (column) => column.notNull())
    .execute()
  await nameGrants(db)
}

/** Policies of API tokens have ids now. */
async function nameGrants(db: Kysely<unknown>): Promise<void> {
  const { rows } = await sql<{ id: string; grants: string }>`select id, grants from api_token`.execute(db)
  for (const { id, grants } of rows) {
    const named = (JSON.parse(grants) as object[]).map((grant, index) => ({ id: idOfGrant(id, index), ...grant }))
    await sql`update api_token set grants = ${JSON.stringify(named)} where id = ${id}`.execute(db)
  }
}

function idOfGrant(tokenId: string, index: number): string {
  return createHash('sha256').update(`${tokenId} ${index}`).digest('hex').slice(0, 32)
}

async function rebuildAudit(db: Kysely<unknown>): Promise<void> {
  await db.schema.dropIndex('audit_newest').execute()
  await db.schema.alterTable('audit').renameTo('audit_before').execute()
  await db.schema
    .createTable('audit')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', int64, (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('zone_id', 'text')
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('succeeded', 'integer', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('actor_email', 'text')
    .addColumn('token_id', 'text')
    .addColumn('token_name', 'text')
    .addColumn('ray_id', 'text')
    .addColumn('source_ip', 'text')
    .addColumn('method', 'text')
    .addColumn('path', 'text')
    .addColumn('user_agent', 'text')
    .addColumn('status', 'integer')
    .addColumn('resource_kind', 'text')
    .addColumn('resource_id', 'text')
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .execute()
  // Who acted was kept as an id and a name: of a user, or of an API token, all of which were users'. Whose it was is known while it is there.
  await sql`insert into audit (id, at, account_id, action, succeeded, actor_kind, actor_id, actor_email, token_id, token_name, ray_id, source_ip,
      resource_kind, resource_id, before, after)
    select audit_before.id, at, audit_before.account_id, action, 1, actor_kind, coalesce(user_account.id, case when actor_kind = 'user' then actor_id end, ''),
      case when actor_kind = 'user' then actor_name else user_account.email end, case when actor_kind = 'api_token' then actor_id end,
      case when actor_kind = 'api_token' then actor_name end, ray_id, source_ip, resource_kind, resource_id, before, after
    from audit_before
    left join api_token on actor_kind = 'api_token' and api_token.id = actor_id
    left join user_account on user_account.id = api_token.user_id`.execute(db)
  await db.schema.dropTable('audit_before').execute()
  await db.schema.createIndex('audit_at').on('audit').columns(['account_id', 'at', 'id']).execute()
}

async function createOrganizations({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('organization')
    .addColumn('id', 'text', (column) => column.primaryKey().references('account.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('auth_domain', 'text', (column) => column.notNull())
    .addColumn('session_duration', 'text', (column) => column.notNull())
    .addColumn('strict', 'integer', (column) => column.notNull())
    .addColumn('inactivity_on', 'integer', (column) => column.notNull())
    .addColumn('inactivity_days', 'integer', (column) => column.notNull())
    .addColumn('inactivity_action', 'text', (column) => column.notNull())
    .addColumn('key_rotation_days', 'integer', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema
    .createTable('signing_key')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('sealed_private_key', bytes, (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('ends_at', int64)
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('signing_key_account').on('signing_key').columns(['account_id', 'created_at']).execute()
  // One row: proves that the master key is the one under which everything was sealed.
  await schema
    .createTable('master_key_proof')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('proof', bytes, (column) => column.notNull())
    .execute()
}

async function createAttempts({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('attempt')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('fingerprint', 'text', (column) => column.notNull())
    .addColumn('sealed_answer', bytes, (column) => column.notNull())
    .addColumn('ends_at', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('attempt_end').on('attempt').columns(['ends_at']).execute()
}

async function createAccessRequests({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('access_request')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', int64, (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('application_id', 'text', (column) => column.notNull())
    .addColumn('application_name', 'text', (column) => column.notNull())
    .addColumn('application_domain', 'text', (column) => column.notNull())
    .addColumn('service_token_id', 'text')
    .addColumn('service_token_name', 'text')
    .addColumn('allowed', 'integer', (column) => column.notNull())
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('source_ip', 'text', (column) => column.notNull())
    .addColumn('ray_id', 'text', (column) => column.notNull())
    .execute()
  await schema.createIndex('access_request_at').on('access_request').columns(['account_id', 'at', 'id']).execute()
  await schema.createIndex('access_request_age').on('access_request').columns(['at']).execute()
}
