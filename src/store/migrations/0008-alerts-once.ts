import type { Kysely } from 'kysely'

/** A webhook is told once of a token and its expiry, whichever policies name it. */
export async function up({ schema }: Kysely<unknown>): Promise<void> {
  await schema.dropIndex('alert_delivery_told').execute()
  await schema
    .createIndex('alert_delivery_told')
    .on('alert_delivery')
    .columns(['service_token_id', 'token_expires_at', 'webhook_id'])
    .execute()
}
