import { type Kysely, sql } from 'kysely'

const int64 = sql`bigint`

export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema
    .createTable('webhook')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('sealed_secret', sql`bytea`)
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('webhook_account').on('webhook').column('account_id').execute()
  await schema
    .createTable('alert_policy')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('description', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .addColumn('webhooks', 'text', (column) => column.notNull())
    .addColumn('tokens', 'text')
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('alert_policy_account').on('alert_policy').column('account_id').execute()
  await createDeliveries(schema)
}

/** It refers to nothing: what was said stays known when policy, webhook and token are gone. */
async function createDeliveries(schema: Kysely<unknown>['schema']): Promise<void> {
  await schema
    .createTable('alert_delivery')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull())
    .addColumn('policy_id', 'text', (column) => column.notNull())
    .addColumn('policy_name', 'text', (column) => column.notNull())
    .addColumn('policy_description', 'text', (column) => column.notNull())
    .addColumn('webhook_id', 'text', (column) => column.notNull())
    .addColumn('service_token_id', 'text', (column) => column.notNull())
    .addColumn('token_expires_at', int64, (column) => column.notNull())
    .addColumn('body', 'text', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('attempts', int64, (column) => column.notNull())
    .addColumn('due_at', int64)
    .addColumn('sent_at', int64)
    .addColumn('failed_at', int64)
    .execute()
  const index = (name: string, ...columns: readonly string[]) =>
    schema
      .createIndex(name)
      .on('alert_delivery')
      .columns([...columns])
  await index('alert_delivery_told', 'policy_id', 'service_token_id', 'token_expires_at').execute()
  await index('alert_delivery_due', 'due_at', 'webhook_id').execute()
  await index('alert_delivery_webhook', 'webhook_id', 'due_at').execute()
  await index('alert_delivery_sent', 'account_id', 'sent_at', 'id').execute()
  await index('alert_delivery_age', 'created_at').execute()
}
