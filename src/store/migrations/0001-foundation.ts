import { type Kysely, sql } from 'kysely'

// Types that SQLite and PostgreSQL both understand: text, integer, bigint (64 bits) and bytea (in SQLite a name without affinity to text).
const bytes = sql`bytea`
const int64 = sql`bigint`

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('account')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema
    .createTable('zone')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  // "user" is a reserved word of PostgreSQL.
  await schema
    .createTable('user_account')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('email', 'text', (column) => column.notNull().unique())
    .addColumn('key_digest', bytes, (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema
    .createTable('api_token')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('user_id', 'text', (column) => column.notNull().references('user_account.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('digest', bytes, (column) => column.notNull().unique())
    .addColumn('grants', 'text', (column) => column.notNull())
    .addColumn('disabled', 'integer', (column) => column.notNull())
    .addColumn('not_before', int64)
    .addColumn('expires_at', int64)
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await createServiceTokens(db)
  await createApplications(db)
  await createLogs(db)
}

async function createServiceTokens({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('service_token')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('zone_id', 'text', (column) => column.references('zone.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('client_id', 'text', (column) => column.notNull().unique())
    .addColumn('search_text', 'text', (column) => column.notNull())
    .addColumn('digest', bytes, (column) => column.notNull())
    .addColumn('previous_digest', bytes)
    .addColumn('previous_until', int64)
    .addColumn('secret_version', int64, (column) => column.notNull())
    .addColumn('duration', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('expires_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('service_token_newest').on('service_token').columns(['account_id', 'zone_id', 'created_at desc', 'id']).execute()
  await schema.createIndex('service_token_name').on('service_token').columns(['account_id', 'zone_id', 'name']).execute()
  await schema
    .createTable('service_token_use')
    .addColumn('service_token_id', 'text', (column) => column.primaryKey().references('service_token.id').onDelete('cascade'))
    .addColumn('last_seen_at', int64, (column) => column.notNull())
    .execute()
}

async function createApplications({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('application')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('zone_id', 'text', (column) => column.references('zone.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('domain', 'text', (column) => column.notNull())
    .addColumn('audience', 'text', (column) => column.notNull().unique())
    .addColumn('origin_url', 'text')
    .addColumn('policies', 'text', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
}

async function createLogs(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('change')
    .addColumn('seq', int64, (column) => column.primaryKey())
    .addColumn('kind', 'text', (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .execute()
  await db.schema
    .createTable('change_head')
    .addColumn('id', 'integer', (column) => column.primaryKey())
    .addColumn('seq', int64, (column) => column.notNull())
    .execute()
  await sql`insert into change_head (id, seq) values (1, 0)`.execute(db)
  await db.schema
    .createTable('audit')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('at', int64, (column) => column.notNull())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('actor_kind', 'text', (column) => column.notNull())
    .addColumn('actor_id', 'text', (column) => column.notNull())
    .addColumn('actor_name', 'text', (column) => column.notNull())
    .addColumn('source_ip', 'text')
    .addColumn('ray_id', 'text')
    .addColumn('action', 'text', (column) => column.notNull())
    .addColumn('resource_kind', 'text', (column) => column.notNull())
    .addColumn('resource_id', 'text', (column) => column.notNull())
    .addColumn('before', 'text')
    .addColumn('after', 'text')
    .execute()
  await db.schema.createIndex('audit_newest').on('audit').columns(['account_id', 'at desc', 'id']).execute()
}
