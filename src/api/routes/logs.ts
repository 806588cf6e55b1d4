import { type Static, Type } from 'typebox'
import { Failure } from '../../authority/failure.ts'
import type { LogFilter } from '../../authority/queries.ts'
import type { Instant } from '../../domain/instant.ts'
import {
  accessRequestFilters,
  defaultAccessRequestsPerPage,
  ListAccessRequests,
  ShownAccessRequestResult,
} from '../../wire/access-request.ts'
import {
  type AuditLogFilter,
  AuditLogResult,
  AuditLogResultInfo,
  auditLogFilters,
  defaultAuditLogLimit,
  ListAuditLogs,
} from '../../wire/audit-log.ts'
import { inAccount, type Route } from '../route.ts'
import { accessRequestResult, auditLogResult, cursorOf, positionOf } from '../views/logs.ts'
import { queryInstantOf } from '../views/timestamp.ts'

export const logRoutes: readonly Route[] = [
  inAccount({
    ...{ method: 'GET', path: '/logs/audit', summary: 'List what was changed, by whom and from where', permission: 'audit_logs:read' },
    ...{ params: Type.Object({}), query: ListAuditLogs, result: Type.Array(AuditLogResult), info: AuditLogResultInfo },
    async handle({ authority, caller, scope, query }) {
      const { direction = 'desc', limit = defaultAuditLogLimit } = query
      const page = await authority.logs.audit(caller, scope, {
        ...{ since: queryInstantOf(query.since, 'since'), before: queryInstantOf(query.before, 'before'), direction, limit },
        ...{ filters: auditFilters(query), after: positionOf(query.cursor) },
      })
      const cursor = page.next && cursorOf(page.next)
      const info = { count: page.entries.length, ...(cursor && { cursor }), cursors: cursor ? { after: cursor } : {} }
      return { result: page.entries.map((entry) => auditLogResult(entry, page)), info }
    },
  }),

  inAccount({
    ...{
      method: 'GET',
      path: '/access/logs/access_requests',
      summary: 'List what machines asked of the gate',
      permission: 'audit_logs:read',
    },
    ...{ params: Type.Object({}), query: ListAccessRequests, result: Type.Array(ShownAccessRequestResult) },
    async handle({ authority, scope, query }) {
      const shown = fieldsIn(query.fields)
      const { page = 1, per_page = defaultAccessRequestsPerPage, limit = per_page, direction = 'desc', since, until } = query
      const requests = await authority.logs.accessRequests(scope, {
        ...{ page, perPage: Math.min(limit, query.per_page ?? limit), direction, filters: accessRequestFiltersIn(query) },
        ...{ since: momentOf(since, 'since'), until: momentOf(until, 'until') },
      })
      return { result: requests.map((request) => only(shown, accessRequestResult(request))) }
    },
  }),
]

function momentOf(text: string | undefined, field: string): Instant | undefined {
  return text === undefined ? undefined : queryInstantOf(text, field)
}

/** Names on the wire whose values are kept in another form: `success` as 1, `api_token` as the kinds of actors that sign in with one. */
const kept: { readonly [Name in AuditLogFilter]?: Readonly<Record<string, readonly string[]>> } = {
  action_result: { success: ['1'], failure: ['0'] },
  actor_context: { api_key: ['user'], api_token: ['api_token', 'account_token'] },
  actor_type: { user: ['user', 'api_token'], account: ['account_token'], system: ['system', 'nobody'] },
}

function auditFilters(query: Static<typeof ListAuditLogs>): readonly LogFilter[] {
  return (Object.keys(auditLogFilters) as AuditLogFilter[]).flatMap((name) =>
    [false, true].flatMap((isNegated) => {
      const given = query[isNegated ? (`${name}.not` as const) : name]
      if (given === undefined) return []
      const field = name === 'audit_log_id' ? 'id' : name
      const values = [given].flat().flatMap((value) => kept[name]?.[value] ?? (kept[name] ? [] : [value]))
      return [{ field, values, isNegated }]
    }),
  )
}

function accessRequestFiltersIn(query: Static<typeof ListAccessRequests>): readonly LogFilter[] {
  return accessRequestFilters.flatMap((field) => {
    const value = query[field]
    if (value === undefined) return []
    return [{ field, values: [value], isNegated: query[`${field}Op`] === 'neq' }]
  })
}

/** The fields that a client named; `undefined` for all. */
function fieldsIn(list: string | undefined): readonly string[] | undefined {
  const names = list?.split(',')
  const known = Object.keys(ShownAccessRequestResult.properties)
  if (names?.every((name) => known.includes(name)) === false) {
    const message = `must be names of fields separated by commas, of these: ${known.join(', ')}`
    throw new Failure('invalid_query', { field: 'fields', message })
  }
  return names
}

function only<Entry extends object>(names: readonly string[] | undefined, entry: Entry): Partial<Entry> {
  if (names === undefined) return entry
  return Object.fromEntries(Object.entries(entry).filter(([name]) => names.includes(name))) as Partial<Entry>
}
