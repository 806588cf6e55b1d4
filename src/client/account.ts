import type { Static } from 'typebox'
import type { AccessKeysResult } from '../wire/access-key.ts'
import type { AccessRequestResult, ListAccessRequests } from '../wire/access-request.ts'
import type { AccountResult } from '../wire/account.ts'
import type { ActivityResult } from '../wire/activity.ts'
import type { AuditLogResult, AuditLogResultInfo } from '../wire/audit-log.ts'
import type { GateResult } from '../wire/gate.ts'
import type { OrganizationResult, UpdateOrganization } from '../wire/organization.ts'
import type { ResultInfo } from '../wire/pagination.ts'
import type { PermissionResult } from '../wire/permission.ts'
import type { UserResult } from '../wire/user.ts'
import type { ZoneResult } from '../wire/zone.ts'
import { type Page, type Place, pageOf, pathOf } from './place.ts'
import type { Query, Transport } from './transport.ts'

export interface DirectoryQuery {
  readonly name?: string
  readonly page?: number
}

/** Who is signed in, and where they may do something. */
export interface DirectoryClient {
  /** Fails with 403 for an account's own token, which is nobody's. */
  user(signal?: AbortSignal): Promise<UserResult>
  /** Those whose name contains the text, 50 at a time. */
  accounts(sought: DirectoryQuery, signal?: AbortSignal): Promise<Page<AccountResult>>
  /** All, 50 at a time; with a name the one that has it. */
  zones(sought: DirectoryQuery, signal?: AbortSignal): Promise<Page<ZoneResult>>
  account(id: string, signal?: AbortSignal): Promise<AccountResult>
  zone(id: string, signal?: AbortSignal): Promise<ZoneResult>
  /** What the caller may do there. */
  permissions(place: Place, signal?: AbortSignal): Promise<readonly PermissionResult[]>
}

export function createDirectoryClient(call: Transport): DirectoryClient {
  async function page<Item>(path: string, { name, page: number = 1 }: DirectoryQuery, signal?: AbortSignal): Promise<Page<Item>> {
    const { result, info } = await call<Item[]>(path, { query: { name, page: number, per_page: 50 }, signal })
    return pageOf(result, info as ResultInfo)
  }
  return {
    user: async (signal) => (await call<UserResult>('/user', { signal })).result,
    accounts: (sought, signal) => page('/accounts', sought, signal),
    zones: (sought, signal) => page('/zones', sought, signal),
    account: async (id, signal) => (await call<AccountResult>(`/accounts/${id}`, { signal })).result,
    zone: async (id, signal) => (await call<ZoneResult>(`/zones/${id}`, { signal })).result,
    permissions: async (place, signal) => (await call<PermissionResult[]>(`${pathOf(place)}/permissions`, { signal })).result,
  }
}

export interface AuditPage {
  readonly entries: readonly AuditLogResult[]
  /** Where the next page begins; nothing at the end. */
  readonly cursor: string | undefined
}

/** What was done, by operators and by machines. `activity` is for zones too, the rest for accounts. */
export interface LogClient {
  audit(place: Place, query: Query, signal?: AbortSignal): Promise<AuditPage>
  requests(place: Place, query: Static<typeof ListAccessRequests>, signal?: AbortSignal): Promise<readonly AccessRequestResult[]>
  activity(place: Place, hours: number, signal?: AbortSignal): Promise<readonly ActivityResult[]>
}

export function createLogClient(call: Transport): LogClient {
  return {
    async audit(place, query, signal) {
      const { result, info } = await call<AuditLogResult[]>(`${pathOf(place)}/logs/audit`, { query, signal })
      return { entries: result, cursor: (info as AuditLogResultInfo).cursors.after }
    },
    requests: async (place, query, signal) =>
      (await call<AccessRequestResult[]>(`${pathOf(place)}/access/logs/access_requests`, { query, signal })).result,
    activity: async (place, hours, signal) =>
      (await call<ActivityResult[]>(`${pathOf(place)}/access/activity`, { query: { hours }, signal })).result,
  }
}

/** What an account has decided about its machines' access, and the keys that it signs with. */
export interface OrganizationClient {
  get(place: Place, signal?: AbortSignal): Promise<OrganizationResult>
  update(place: Place, changes: Static<typeof UpdateOrganization>): Promise<OrganizationResult>
  keys(place: Place, signal?: AbortSignal): Promise<AccessKeysResult>
  setKeyInterval(place: Place, days: number): Promise<AccessKeysResult>
  rotateKeys(place: Place): Promise<AccessKeysResult>
  gates(place: Place, signal?: AbortSignal): Promise<readonly GateResult[]>
}

export function createOrganizationClient(call: Transport): OrganizationClient {
  const organization = (place: Place) => `${pathOf(place)}/access/organizations`
  const keys = (place: Place) => `${pathOf(place)}/access/keys`
  return {
    get: async (place, signal) => (await call<OrganizationResult>(organization(place), { signal })).result,
    update: async (place, body) => (await call<OrganizationResult>(organization(place), { method: 'PATCH', body })).result,
    keys: async (place, signal) => (await call<AccessKeysResult>(keys(place), { signal })).result,
    async setKeyInterval(place, days) {
      return (await call<AccessKeysResult>(keys(place), { method: 'PUT', body: { key_rotation_interval_days: days } })).result
    },
    rotateKeys: async (place) => (await call<AccessKeysResult>(`${keys(place)}/rotate`, { method: 'POST' })).result,
    gates: async (place, signal) => (await call<GateResult[]>(`${pathOf(place)}/access/gates`, { signal })).result,
  }
}
