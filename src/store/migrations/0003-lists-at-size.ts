import { type Kysely, type QueryExecutorProvider, sql } from 'kysely'

const int64 = sql`bigint`

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('service_token_block')
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id').onDelete('cascade'))
    .addColumn('zone_id', 'text', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('id', 'text', (column) => column.notNull())
    .addColumn('tokens', int64, (column) => column.notNull())
    .addPrimaryKeyConstraint('service_token_block_place', ['account_id', 'zone_id', 'created_at', 'id'])
    .execute()

  await schema.dropIndex('service_token_newest').execute()
  await schema.dropIndex('service_token_name').execute()
  // Both are read backwards, newest first. New tokens so come at the end, where an index fills its pages; at the front it would leave them half empty.
  const listed = ['account_id', 'zone_id', 'created_at', 'id desc', 'search_text']
  const named = ['account_id', 'zone_id', 'name', 'created_at', 'id desc']
  await schema.createIndex('service_token_listed').on('service_token').columns(listed).execute()
  await schema.createIndex('service_token_named').on('service_token').columns(named).execute()
  await fillBlocks(db)
}

/** Divides the tokens that are there. The newest block of a scope begins at the end of time, so that whatever is created falls into one. */
export async function fillBlocks(db: QueryExecutorProvider): Promise<void> {
  await sql`
    insert into service_token_block (account_id, zone_id, created_at, id, tokens)
    select
      account_id,
      coalesce(zone_id, ''),
      case when place / 2048 = 0 then 9007199254740991 else max(created_at) end,
      case when place / 2048 = 0 then '' else max(case when place % 2048 = 0 then id end) end,
      count(*)
    from (
      select
        account_id, zone_id, created_at, id,
        row_number() over (partition by account_id, zone_id order by created_at desc, id) - 1 as place
      from service_token
    ) as listed
    group by account_id, zone_id, place / 2048
  `.execute(db)
}
