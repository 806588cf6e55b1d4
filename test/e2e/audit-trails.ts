import type { AuditRow } from '../../src/store/log-rows.ts'
import type { AuditLogResult } from '../../src/wire/audit-log.ts'
import type { Call, RawApi } from '../raw-api.ts'

/** The audit trails, as they are stored and as the API shows them. */
export interface Trails {
  /** What is stored in every trail. */
  all(): Promise<readonly AuditRow[]>
  /** What is in the second and not in the first. */
  added(before: readonly AuditRow[], after: readonly AuditRow[]): readonly AuditRow[]
  /** A trail as somebody is shown it; the owner when nobody else is named. */
  of(accountId: string, credentials?: Call['credentials']): Promise<readonly AuditLogResult[]>
  /** The same entry in the trail of an account. */
  shown(accountId: string, row: AuditRow | undefined): Promise<AuditLogResult | undefined>
}

export function createTrails(api: RawApi, owner: NonNullable<Call['credentials']>): Trails {
  async function of(accountId: string, credentials: Call['credentials'] = owner): Promise<readonly AuditLogResult[]> {
    const path = `/accounts/${accountId}/logs/audit?since=2000-01-01&before=2100-01-01&limit=1000`
    const { result } = (await api.call({ method: 'GET', path, credentials })).envelope
    if (result === null) throw new Error(`the trail of account ${accountId} was not shown`)
    return result as unknown as readonly AuditLogResult[]
  }

  return {
    of,
    all: () => api.db.selectFrom('audit').selectAll().orderBy('at').orderBy('id').execute(),
    added: (before, after) => after.filter(({ id }) => !before.some((known) => known.id === id)),
    shown: async (accountId, row) => (await of(accountId)).find(({ id }) => id === row?.id),
  }
}
