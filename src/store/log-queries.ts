import { type RawBuilder, type SelectQueryBuilder, sql } from 'kysely'
import { type AuditEntry, installationTrail, type Kind, type Store } from '../authority/ports.ts'
import type { AccessRequest, LogFilter } from '../authority/queries.ts'
import { batches } from './batches.ts'
import type { Database } from './database.ts'
import type { AccessRequestRow, AuditRow } from './log-rows.ts'
import type { Tables } from './schema.ts'
import { stored } from './steps.ts'

type Queries = Pick<
  Store,
  'recordAudit' | 'listAudit' | 'recordAccessRequests' | 'forgetAccessRequests' | 'trimAccessRequests' | 'listAccessRequests'
>

/** So few that making the statement holds nothing up. */
const requestsAtOnce = 100

/** The audit trail and the log of requests at the gate: written once, never changed. */
export function createLogQueries({ db, scanner, write, record }: Database): Queries {
  return {
    async recordAudit(entries) {
      for (const batch of batches(entries)) await stored(write, db.insertInto('audit').values(batch.map(auditRow)))
    },

    async listAudit({ accountId, withInstallation, since, before, filters, direction, limit, after }) {
      // One ordered and limited part for each of the two trails, so that neither is sorted as a whole.
      const part = (trail: string) => {
        let query = scanner
          .selectFrom('audit')
          .selectAll()
          .where('account_id', '=', trail)
          .where('at', '>=', since)
          .where('at', '<', before)
        query = matching(query, filters)
        if (after !== undefined) {
          const beyond = sql.raw(direction === 'asc' ? '>' : '<')
          query = query.where(sql<boolean>`(at, id) ${beyond} (${after.at}, ${after.id})`)
        }
        return query.orderBy('at', direction).orderBy('id', direction).limit(limit)
      }
      const trails = withInstallation ? [accountId, installationTrail] : [accountId]
      const parts = await Promise.all(trails.map((trail) => part(trail).execute()))
      const sign = direction === 'asc' ? 1 : -1
      const inOrder = parts.flat().sort((one, other) => sign * (one.at - other.at || (one.id < other.id ? -1 : 1)))
      return inOrder.slice(0, limit).map(auditEntry)
    },

    async recordAccessRequests(requests) {
      for (const batch of batches(requests, requestsAtOnce)) {
        await record([db.insertInto('access_request').values(batch.map(accessRequestRow)).compile()])
      }
    },

    async forgetAccessRequests(before, limit) {
      const old = db.selectFrom('access_request').select('id').where('at', '<', before).orderBy('at').limit(limit)
      return record([db.deleteFrom('access_request').where('id', 'in', old).compile()])
    },

    async trimAccessRequests(max, limit) {
      const beyond = db.selectFrom('access_request').select('id').orderBy('at', 'desc').orderBy('id').offset(max).limit(limit)
      return record([db.deleteFrom('access_request').where('id', 'in', beyond).compile()])
    },

    async listAccessRequests({ accountId, since, until, filters, direction, page, perPage }) {
      let query = scanner.selectFrom('access_request').selectAll().where('account_id', '=', accountId)
      if (since !== undefined) query = query.where('at', '>=', since)
      if (until !== undefined) query = query.where('at', '<=', until)
      const inOrder = matching(query, filters).orderBy('at', direction).orderBy('id', direction)
      const rows = await inOrder
        .limit(perPage)
        .offset((page - 1) * perPage)
        .execute()
      return rows.map(accessRequest)
    },
  }
}

/** Fields that are not simply columns. What products there are is told by what was done. */
const expressions: Readonly<Record<string, RawBuilder<unknown>>> = {
  account_name: sql`(select name from account where account.id = account_id)`,
  zone_name: sql`(select name from zone where zone.id = zone_id)`,
  action_result: sql`succeeded`,
  action_type: sql`case when action like '%.create' or action like '%.bootstrap' or action like '%.POST' then 'create'
    when action like '%.delete' or action like '%.DELETE' then 'delete' when action like '%.GET' or action like '%.HEAD' then 'view' else 'update' end`,
  actor_context: sql`actor_kind`,
  actor_type: sql`actor_kind`,
  actor_ip_address: sql`source_ip`,
  actor_token_id: sql`token_id`,
  actor_token_name: sql`token_name`,
  raw_cf_ray_id: sql`ray_id`,
  raw_method: sql`method`,
  raw_status_code: sql`status`,
  raw_uri: sql`path`,
  resource_product: sql`case when resource_kind in ('service_token', 'application', 'policy', 'group', 'organization', 'signing_key') then 'access'
    when resource_kind in ('webhook', 'alert_policy') then 'alerting' when resource_kind = 'api_token' then 'api_tokens'
    when resource_kind in ('account', 'zone') then resource_kind || 's' else coalesce(resource_kind, 'api') end`,
  resource_scope: sql`case when zone_id is not null then 'zones' when account_id = ${installationTrail} then 'user' else 'accounts' end`,
  resource_type: sql`coalesce(resource_kind, 'request')`,
  allowed: sql`case when allowed = 1 then 'true' else 'false' end`,
  app_uid: sql`application_id`,
}

/** The fields of filters are chosen by the use cases and never by a caller. */
function matching<Table extends keyof Tables, Row>(
  query: SelectQueryBuilder<Tables, Table, Row>,
  filters: readonly LogFilter[],
): SelectQueryBuilder<Tables, Table, Row> {
  let matching = query
  for (const { field, values, isNegated } of filters) {
    const column = expressions[field] ?? sql.ref(field)
    // Text against text: numbers are compared as they are written.
    const found = values.length === 0 ? sql<boolean>`(1 = 0)` : sql<boolean>`cast(${column} as text) in (${sql.join(values)})`
    matching = matching.where(isNegated ? sql<boolean>`(${column} is null or not ${found})` : found)
  }
  return matching
}

/** Property by property, as are rows of service tokens: it is made at each command, and spreading takes ten times as long. */
export function auditRow(entry: AuditEntry): AuditRow {
  const { actor, before, after } = entry
  const { request } = actor
  return {
    id: entry.id,
    at: entry.at,
    account_id: entry.accountId,
    zone_id: entry.zoneId,
    action: entry.action,
    succeeded: entry.succeeded ? 1 : 0,
    actor_kind: actor.kind,
    actor_id: actor.id,
    actor_email: actor.email,
    token_id: actor.tokenId,
    token_name: actor.tokenName,
    ray_id: request?.rayId ?? null,
    source_ip: request?.sourceIp ?? null,
    method: request?.method ?? null,
    path: request?.path ?? null,
    user_agent: request?.userAgent ?? null,
    status: request?.status ?? null,
    resource_kind: entry.resourceKind,
    resource_id: entry.resourceId,
    before: before && JSON.stringify(before),
    after: after && JSON.stringify(after),
  }
}

function auditEntry(row: AuditRow): AuditEntry {
  const { id, at, account_id: accountId, zone_id: zoneId, action, ray_id: rayId } = row
  const request = rayId !== null && {
    ...{ rayId, sourceIp: row.source_ip ?? '', method: row.method ?? '', path: row.path ?? '' },
    ...{ userAgent: row.user_agent ?? '', status: row.status ?? 0 },
  }
  return {
    ...{ id, at, accountId, zoneId, action, succeeded: row.succeeded === 1 },
    actor: {
      ...{ kind: row.actor_kind as AuditEntry['actor']['kind'], id: row.actor_id, email: row.actor_email },
      ...{ tokenId: row.token_id, tokenName: row.token_name, request: request || null },
    },
    ...{ resourceKind: row.resource_kind as Kind | null, resourceId: row.resource_id },
    ...{ before: row.before && JSON.parse(row.before), after: row.after && JSON.parse(row.after) },
  }
}

function accessRequestRow(request: AccessRequest): AccessRequestRow {
  return {
    ...{ id: request.id, at: request.at, account_id: request.accountId },
    ...{ application_id: request.applicationId, application_name: request.applicationName, application_domain: request.applicationDomain },
    ...{ service_token_id: request.serviceTokenId, service_token_name: request.serviceTokenName },
    ...{ allowed: Number(request.allowed), reason: request.reason, source_ip: request.sourceIp, ray_id: request.rayId },
  }
}

function accessRequest(row: AccessRequestRow): AccessRequest {
  return {
    ...{ id: row.id, at: row.at, accountId: row.account_id },
    ...{ applicationId: row.application_id, applicationName: row.application_name, applicationDomain: row.application_domain },
    ...{ serviceTokenId: row.service_token_id, serviceTokenName: row.service_token_name },
    ...{ allowed: row.allowed === 1, reason: row.reason, sourceIp: row.source_ip, rayId: row.ray_id },
  }
}
