import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'

const int64 = sql`bigint`

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema.dropIndex('service_token_listed').execute()
  await schema.dropIndex('service_token_named').execute()
  // One for each order. What decides about a status stands in all of them, so that none but the tokens that are shown are read.
  const status = sql.raw('enabled, expires_at, previous_until')
  const order = (...columns: readonly string[]) => sql.raw(['account_id', 'zone_id', ...columns].join(', '))
  await sql`create index service_token_listed on service_token (${order('created_at', 'id desc', 'search_text')}, ${status})`.execute(db)
  // The name as it is, too: without it PostgreSQL would look for it in the table, though nothing asks for it.
  await sql`create index service_token_named on service_token (${order('lower(name)', 'created_at', 'id desc', 'name')}, ${status})`.execute(
    db,
  )
  await sql`create index service_token_updated on service_token (${order('updated_at', 'created_at', 'id desc')}, ${status})`.execute(db)
  const expiring = order('expires_at', 'created_at', 'id desc', 'enabled', 'previous_until')
  await sql`create index service_token_expiring on service_token (${expiring})`.execute(db)

  for (const column of ['account_id', 'zone_id']) {
    await schema
      .alterTable('service_token_use')
      .addColumn(column, 'text', (added) => added.notNull().defaultTo(''))
      .execute()
  }
  await schema
    .alterTable('service_token_use')
    .addColumn('created_at', int64, (added) => added.notNull().defaultTo(0))
    .execute()
  await fillUses(db)
  const seen = order('last_seen_at', 'created_at', 'service_token_id desc')
  await sql`create index service_token_seen on service_token_use (${seen})`.execute(db)

  // The hour first: what is counted now lies together, and so does what is forgotten.
  await schema
    .createTable('activity')
    .addColumn('hour', int64, (column) => column.notNull())
    .addColumn('subject_id', 'text', (column) => column.notNull())
    .addColumn('allowed', int64, (column) => column.notNull())
    .addColumn('refused', int64, (column) => column.notNull())
    .addColumn('previous_secret', int64, (column) => column.notNull())
    .addPrimaryKeyConstraint('activity_of_hour', ['hour', 'subject_id'])
    .execute()
}

/** Gives every service token its row among the uses. */
export async function fillUses(db: QueryExecutorProvider): Promise<void> {
  // Without a condition, SQLite would take what follows for that of a join.
  await sql`
    insert into service_token_use (service_token_id, last_seen_at, account_id, zone_id, created_at)
    select id, 0, account_id, coalesce(zone_id, ''), created_at from service_token where 1 = 1
    on conflict (service_token_id) do update set
      account_id = excluded.account_id, zone_id = excluded.zone_id, created_at = excluded.created_at
  `.execute(db)
}
