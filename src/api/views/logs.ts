import { Failure } from '../../authority/failure.ts'
import type { AuditPage, Position } from '../../authority/logs.ts'
import { type Actor, type AuditEntry, installationTrail, type Kind } from '../../authority/ports.ts'
import type { AccessRequest } from '../../authority/queries.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { AccessRequestResult } from '../../wire/access-request.ts'
import type { AuditLogResult } from '../../wire/audit-log.ts'

type ActionType = 'create' | 'delete' | 'view' | 'update'

const verbs: Readonly<Record<string, ActionType>> = {
  ...{ create: 'create', bootstrap: 'create', delete: 'delete' },
  ...{ POST: 'create', DELETE: 'delete', GET: 'view', HEAD: 'view' },
}

/** `service_token.rotate` is an update, and so is everything that is nothing else. */
function actionType(action: string): ActionType {
  return verbs[action.slice(action.indexOf('.') + 1)] ?? 'update'
}

const products: { readonly [K in Kind]: string } = {
  ...{ service_token: 'access', application: 'access', policy: 'access', group: 'access', organization: 'access', signing_key: 'access' },
  ...{ account: 'accounts', zone: 'zones', user: 'user', api_token: 'api_tokens' },
  ...{ webhook: 'alerting', alert_policy: 'alerting' },
}

const contexts: { readonly [K in Actor['kind']]?: 'api_key' | 'api_token' } = {
  ...{ user: 'api_key', api_token: 'api_token', account_token: 'api_token' },
}
const actorTypes: { readonly [K in Actor['kind']]: 'user' | 'account' | 'system' } = {
  ...{ user: 'user', api_token: 'user', account_token: 'account', system: 'system', nobody: 'system' },
}

/** An entry of the audit trail in the form of the audit log, version 2. */
export function auditLogResult(entry: AuditEntry, { account, zones }: AuditPage): AuditLogResult {
  const { id, at, action, succeeded, actor, zoneId, before, after } = entry
  const { request } = actor
  const zone = zoneId === null ? undefined : { id: zoneId, name: zones.get(zoneId)?.name }
  return {
    ...{ id, account: { id: account.id, name: account.name } },
    action: { type: actionType(action), description: inWords(action), result: succeeded ? 'success' : 'failure', time: formatInstant(at) },
    actor: withoutNothing({
      ...{ id: actor.id || null, type: actorTypes[actor.kind], context: contexts[actor.kind] },
      ...{ email: actor.email, token_id: actor.tokenId, token_name: actor.tokenName, ip_address: request?.sourceIp },
    }),
    ...(request && {
      raw: {
        ...{ cf_ray_id: request.rayId, method: request.method, uri: request.path },
        ...{ user_agent: request.userAgent, status_code: request.status },
      },
    }),
    resource: withoutNothing({
      ...{
        id: entry.resourceId,
        product: entry.resourceKind ? products[entry.resourceKind] : 'api',
        type: entry.resourceKind ?? 'request',
      },
      scope: zoneId !== null ? 'zones' : entry.accountId === installationTrail ? 'user' : 'accounts',
      // What it was, and what it became.
      ...{ request: before, response: after },
    }),
    ...(zone && { zone: withoutNothing(zone) }),
  }
}

/** "Rotate service token". */
function inWords(action: string): string {
  const [subject = '', verb = ''] = action.split('.')
  if (subject === 'refused') return `Refused ${verb} request`
  return `${verb.charAt(0).toUpperCase()}${verb.slice(1)} ${subject.replaceAll('_', ' ')}`
}

/** The same without what is null or undefined: such fields are left out on the wire. */
function withoutNothing<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], null | undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], null | undefined>
  }
}

/** Where a page goes on. Clients hand it back as it is. */
export function cursorOf({ at, id }: Position): string {
  return Buffer.from(`${at} ${id}`).toString('base64url')
}

export function positionOf(cursor: string | undefined): Position | undefined {
  if (cursor === undefined || cursor === '') return undefined
  const [found, at, id] = /^(\d{1,15}) ([\w-]{1,64})$/.exec(Buffer.from(cursor, 'base64url').toString()) ?? []
  if (found === undefined || id === undefined)
    throw new Failure('invalid_query', { field: 'cursor', message: 'must be the cursor of the answer before' })
  return { at: Number(at), id }
}

export function accessRequestResult(request: AccessRequest): AccessRequestResult {
  return {
    ...{ action: 'login', allowed: request.allowed, connection: 'service_token', created_at: formatInstant(request.at) },
    ...{ app_domain: request.applicationDomain, app_uid: request.applicationId, app_name: request.applicationName },
    ...{ ip_address: request.sourceIp, ray_id: request.rayId, user_email: '' },
    ...(request.serviceTokenId !== null && { service_token_id: request.serviceTokenId }),
    ...(request.serviceTokenName !== null && { service_token_name: request.serviceTokenName }),
    reason: request.reason,
  }
}
