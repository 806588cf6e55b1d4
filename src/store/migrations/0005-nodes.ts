import { type Kysely, sql } from 'kysely'

const int64 = sql`bigint`

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  // A row for each process that is a gate; its instants are the database's, by which all can be compared.
  await schema
    .createTable('gate')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('role', 'text', (column) => column.notNull())
    .addColumn('version', 'text', (column) => column.notNull())
    .addColumn('started_at', int64, (column) => column.notNull())
    .addColumn('reported_at', int64, (column) => column.notNull())
    .addColumn('applied_change', int64, (column) => column.notNull())
    .addColumn('confirmed_age_ms', int64, (column) => column.notNull())
    .addColumn('staleness_budget_ms', int64, (column) => column.notNull())
    .addColumn('on_stale', 'text', (column) => column.notNull())
    .execute()
  // What one node at a time may do, which of them does, and until when that needs no word from it.
  await schema
    .createTable('lease')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('holder', 'text', (column) => column.notNull())
    .addColumn('ends_at', int64, (column) => column.notNull())
    .addColumn('done_at', int64)
    .execute()
}
