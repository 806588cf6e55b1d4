import { setImmediate } from 'node:timers/promises'
import { type SelectQueryBuilder, sql } from 'kysely'
import type { Deliveries, Delivery, Outcomes, SentQuery } from '../authority/deliveries.ts'
import { alertAheadMs, alertShare, isExpiring } from '../domain/alert.ts'
import type { Instant } from '../domain/instant.ts'
import type { ServiceToken } from '../domain/service-token.ts'
import type { AlertDeliveryRow } from './alert-rows.ts'
import { batches } from './batches.ts'
import type { Database } from './database.ts'
import { mappings } from './mapping.ts'
import type { ServiceTokenRow, Tables } from './schema.ts'
import { ask, stored } from './steps.ts'

/** Rows a transaction, so few that the process does not stand still for it. */
const rowsAtOnce = 100
/** Tokens a page. */
const tokensAtOnce = 500

/** Webhooks, policies, and what became of the alerts that they led to. */
export function createAlertQueries(database: Database): Deliveries {
  const { db, reader, record } = database
  return {
    ...createTelling(database),

    async listWebhooks(accountId) {
      const rows = db.selectFrom('webhook').selectAll().where('account_id', '=', accountId).orderBy('created_at', 'desc').orderBy('id')
      return (await rows.execute()).map(mappings.webhook.fromRow)
    },

    async listAlertPolicies(accountId) {
      const rows = db.selectFrom('alert_policy').selectAll().where('account_id', '=', accountId).orderBy('created_at', 'desc').orderBy('id')
      return (await rows.execute()).map(mappings.alert_policy.fromRow)
    },

    async webhooksDue(now, limit) {
      const due = db.selectFrom('alert_delivery').select('webhook_id').where('due_at', '<=', now).groupBy('webhook_id')
      const rows = await due
        .orderBy(({ fn }) => fn.min('due_at'))
        .orderBy('webhook_id')
        .limit(limit)
        .execute()
      return rows.map((row) => row.webhook_id)
    },

    async deliveriesDue(webhookId, now, limit) {
      const due = db.selectFrom('alert_delivery').selectAll().where('webhook_id', '=', webhookId).where('due_at', '<=', now)
      const rows = await due.orderBy('attempts').orderBy('created_at').orderBy('id').limit(limit).execute()
      return rows.map(delivery)
    },

    async noteUnsent(unsent, at) {
      const statements = unsent.map(({ id, dueAt }, index) =>
        db
          .updateTable('alert_delivery')
          .set((row) => ({ due_at: dueAt, ...(index === 0 && { failed_at: at, attempts: row('attempts', '+', 1) }) }))
          .where('id', '=', id)
          .compile(),
      )
      if (statements.length > 0) await record(statements)
    },

    async dropDelivery(id) {
      await record([db.deleteFrom('alert_delivery').where('id', '=', id).compile()])
    },

    async outcomesOf(webhookIds) {
      const outcomes = new Map<string, Outcomes>()
      for (const batch of batches(webhookIds)) {
        const latest = db
          .selectFrom('alert_delivery')
          .select(({ fn }) => ['webhook_id', fn.max('sent_at').as('sent_at'), fn.max('failed_at').as('failed_at')])
        for (const row of await latest.where('webhook_id', 'in', batch).groupBy('webhook_id').execute()) {
          outcomes.set(row.webhook_id, { lastSuccessAt: row.sent_at, lastFailureAt: row.failed_at })
        }
      }
      return outcomes
    },

    async listSent(query) {
      const { page, perPage } = query
      const sent = () => sentOf(reader.selectFrom('alert_delivery'), query)
      const { total } = await sent()
        .select(({ fn }) => fn.countAll<number>().as('total'))
        .executeTakeFirstOrThrow()
      const inOrder = sent().selectAll().orderBy('sent_at', 'desc').orderBy('id', 'desc')
      const offset = Math.min((page - 1) * perPage, Number.MAX_SAFE_INTEGER)
      const rows = await inOrder.limit(perPage).offset(offset).execute()
      return { items: rows.map((row) => ({ ...delivery(row), sentAt: row.sent_at ?? 0 })), total }
    },

    async forgetDeliveries(before, limit) {
      const old = db.selectFrom('alert_delivery').select('id').where('created_at', '<', before).limit(limit)
      return record([db.deleteFrom('alert_delivery').where('id', 'in', old).compile()])
    },
  }
}

function createTelling({ db, scanner, write }: Database): Pick<Deliveries, 'listUntold' | 'queueDeliveries' | 'noteSent'> {
  return {
    async listUntold({ accountId, webhookIds, tokenIds }, now, limit) {
      const untold = scanner
        .selectFrom('service_token')
        .selectAll()
        .where('account_id', '=', accountId)
        .where('enabled', '=', 1)
        .where('expires_at', '>', now)
        .where('expires_at', '<=', now + alertAheadMs)
        // Its lifetime began when it was made or later, so this leaves none out that is expiring.
        .where(sql<boolean>`expires_at - ${now} <= (expires_at - created_at) * ${sql.lit(alertShare)}`)
        .where(({ eb, selectFrom }) => {
          const told = selectFrom('alert_delivery')
            .select(({ fn }) => fn.count<number>('alert_delivery.webhook_id').distinct().as('webhooks'))
            .whereRef('alert_delivery.service_token_id', '=', 'service_token.id')
            .whereRef('alert_delivery.token_expires_at', '=', 'service_token.expires_at')
          return eb(told.where('webhook_id', 'in', webhookIds), '<', webhookIds.length)
        })
      const inOrder = untold.orderBy('expires_at').orderBy('id').limit(tokensAtOnce)
      // One for each beginning of the index: on a condition for both, every token of the account would be looked at.
      const zones = db.selectFrom('zone').select('zone.id').where('zone.account_id', '=', accountId)
      const places =
        tokenIds === null
          ? [inOrder.where('zone_id', 'is', null), inOrder.where('zone_id', 'in', zones)]
          : [...batches(tokenIds)].map((batch) => inOrder.where('id', 'in', batch))
      const found: ServiceToken[] = []
      for (const place of places) if (found.length < limit) found.push(...(await expiringAmong(place, now, limit - found.length)))
      return found
    },

    async queueDeliveries(deliveries) {
      for (const batch of batches(deliveries, rowsAtOnce)) {
        const insert = db.insertInto('alert_delivery').values(batch.map(deliveryRow))
        await stored(
          write,
          insert.onConflict((conflict) => conflict.doNothing()),
        )
        // The gate of this process answers in between.
        await setImmediate()
      }
    },

    // On disk, as nothing else that is noted of it: what has arrived must not be sent again after a crash.
    async noteSent(id, at) {
      await write(function* () {
        yield* ask(db.updateTable('alert_delivery').set({ due_at: null, sent_at: at }).where('id', '=', id))
        return true
      })
    },
  }
}

/** The first `limit` that are expiring, of a page after the other: how long a token lasts is in words, which no statement reads. */
async function expiringAmong(
  ordered: SelectQueryBuilder<Tables, 'service_token', ServiceTokenRow>,
  now: Instant,
  limit: number,
): Promise<readonly ServiceToken[]> {
  const found: ServiceToken[] = []
  for (let page = ordered; ; ) {
    const rows = await page.execute()
    found.push(...rows.map(mappings.service_token.fromRow).filter((token) => isExpiring(token, now)))
    const last = rows.at(-1)
    if (last === undefined || rows.length < tokensAtOnce || found.length >= limit) return found.slice(0, limit)
    page = ordered.where(sql<boolean>`(expires_at, id) > (${last.expires_at}, ${last.id})`)
  }
}

function sentOf<Row>(
  query: SelectQueryBuilder<Tables, 'alert_delivery', Row>,
  { accountId, since, before }: SentQuery,
): SelectQueryBuilder<Tables, 'alert_delivery', Row> {
  let sent = query.where('account_id', '=', accountId).where('sent_at', 'is not', null)
  if (since !== undefined) sent = sent.where('sent_at', '>', since)
  if (before !== undefined) sent = sent.where('sent_at', '<', before)
  return sent
}

function deliveryRow(delivery: Delivery): AlertDeliveryRow {
  return {
    ...{ id: delivery.id, account_id: delivery.accountId, policy_id: delivery.policyId, policy_name: delivery.policyName },
    ...{ policy_description: delivery.policyDescription, webhook_id: delivery.webhookId, service_token_id: delivery.tokenId },
    ...{ token_expires_at: delivery.tokenExpiresAt, body: delivery.body, created_at: delivery.createdAt },
    ...{ attempts: 0, due_at: delivery.createdAt, sent_at: null, failed_at: null },
  }
}

function delivery(row: AlertDeliveryRow): Delivery {
  return {
    ...{ id: row.id, accountId: row.account_id, policyId: row.policy_id, policyName: row.policy_name },
    ...{ policyDescription: row.policy_description, webhookId: row.webhook_id, tokenId: row.service_token_id },
    ...{ tokenExpiresAt: row.token_expires_at, body: row.body, createdAt: row.created_at },
  }
}
