import { type Kysely, sql } from 'kysely'

const int64 = sql`bigint`

export async function up(db: Kysely<unknown>): Promise<void> {
  const { schema } = db
  await schema
    .createTable('policy')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('zone_id', 'text', (column) => column.references('zone.id'))
    .addColumn('application_id', 'text', (column) => column.references('application.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('decision', 'text', (column) => column.notNull())
    .addColumn('rules', 'text', (column) => column.notNull())
    .addColumn('session_duration', 'text')
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('policy_scope').on('policy').columns(['account_id', 'zone_id', 'application_id']).execute()
  await schema.createIndex('policy_application').on('policy').column('application_id').execute()
  // "group" is a reserved word.
  await schema
    .createTable('access_group')
    .addColumn('id', 'text', (column) => column.primaryKey())
    .addColumn('account_id', 'text', (column) => column.notNull().references('account.id'))
    .addColumn('zone_id', 'text', (column) => column.references('zone.id'))
    .addColumn('name', 'text', (column) => column.notNull())
    .addColumn('rules', 'text', (column) => column.notNull())
    .addColumn('created_at', int64, (column) => column.notNull())
    .addColumn('updated_at', int64, (column) => column.notNull())
    .addColumn('revision', int64, (column) => column.notNull())
    .execute()
  await schema.createIndex('access_group_scope').on('access_group').columns(['account_id', 'zone_id']).execute()
  await schema
    .createTable('reference')
    .addColumn('from_kind', 'text', (column) => column.notNull())
    .addColumn('from_id', 'text', (column) => column.notNull())
    .addColumn('to_kind', 'text', (column) => column.notNull())
    .addColumn('to_id', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('reference_pair', ['from_kind', 'from_id', 'to_kind', 'to_id'])
    .execute()
  await schema.createIndex('reference_target').on('reference').columns(['to_kind', 'to_id']).execute()
  await extendApplications(db)
  await createSecretUses(db)
  await movePolicies(db as Kysely<Old>)
}

async function extendApplications({ schema }: Kysely<unknown>): Promise<void> {
  const application = () => schema.alterTable('application')
  await application()
    .addColumn('destinations', 'text', (column) => column.notNull().defaultTo('[]'))
    .execute()
  await application().addColumn('session_duration', 'text').execute()
  await application()
    .addColumn('asks_for_credentials', 'integer', (column) => column.notNull().defaultTo(0))
    .execute()
  await application().addColumn('token_header', 'text').execute()
  await schema.createIndex('application_scope').on('application').columns(['account_id', 'zone_id', 'created_at']).execute()
}

async function createSecretUses(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('service_token').addColumn('previous_version', int64).execute()
  await sql`update service_token set previous_version = secret_version - 1 where previous_until is not null`.execute(db)
  await db.schema
    .createTable('secret_use')
    .addColumn('service_token_id', 'text', (column) => column.notNull().references('service_token.id').onDelete('cascade'))
    .addColumn('secret_version', int64, (column) => column.notNull())
    .addColumn('address', 'text', (column) => column.notNull())
    .addColumn('last_seen_at', int64, (column) => column.notNull())
    .addPrimaryKeyConstraint('secret_use_key', ['service_token_id', 'secret_version', 'address'])
    .execute()
}

/** The tables as they are after the changes above. */
interface Old {
  readonly application: {
    readonly id: string
    readonly account_id: string
    readonly zone_id: string | null
    readonly domain: string
    readonly policies: string
    readonly destinations: string
    readonly created_at: number
    readonly updated_at: number
  }
  readonly policy: Readonly<Record<string, string | number | null>>
  readonly reference: Readonly<Record<string, string>>
}

/** Policies stood as JSON in their application. */
async function movePolicies(db: Kysely<Old>): Promise<void> {
  for (const { id, account_id, zone_id, domain, policies, created_at, updated_at } of await db
    .selectFrom('application')
    .selectAll()
    .execute()) {
    const old = JSON.parse(policies) as readonly { readonly id: string; readonly name: string; readonly decision: string }[]
    for (const { id: policyId, name, decision, ...rules } of old) {
      const owner = { account_id, zone_id, application_id: id }
      const rest = { name, decision, rules: JSON.stringify(rules), session_duration: null, created_at, updated_at, revision: 1 }
      await db
        .insertInto('policy')
        .values({ id: policyId, ...owner, ...rest })
        .execute()
      await db.insertInto('reference').values({ from_kind: 'application', from_id: id, to_kind: 'policy', to_id: policyId }).execute()
    }
    const uses = JSON.stringify(old.map(({ id: policyId }, at) => ({ policyId, precedence: at + 1 })))
    await db
      .updateTable('application')
      .set({ policies: uses, destinations: JSON.stringify([domain]) })
      .where('id', '=', id)
      .execute()
  }
}
