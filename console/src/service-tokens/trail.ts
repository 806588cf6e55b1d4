import { useQuery } from '@tanstack/react-query'
import type { AuditLogResult } from '../../../src/wire/audit-log.ts'
import type { ServiceTokenResult } from '../../../src/wire/service-token.ts'
import { useClient } from '../session/session.tsx'
import { usePlace } from '../shell/place.tsx'

const dayMs = 86_400_000

/** What the audit log has on a token, the newest entry first; nothing where it may not be read. */
export function useTrail({ id, created_at: created }: ServiceTokenResult) {
  const { place, account, reasonAgainst } = usePlace()
  const client = useClient()
  return useQuery({
    queryKey: [place.id, 'audit', id],
    enabled: place.kind === 'account' && reasonAgainst('audit_logs:read') === undefined,
    queryFn: ({ signal }) => {
      const period = { since: dateOf(Date.parse(created) - dayMs), before: dateOf(Date.now() + dayMs) }
      return client.logs.audit(account, { resource_id: id, ...period, limit: 100 }, signal)
    },
  })
}

/** What an entry shows of a token. */
export interface Shown {
  readonly name?: string
  readonly enabled?: boolean
  readonly duration?: string
  readonly client_secret_version?: number
  readonly previous_client_secret_expires_at?: string
}

/** The token before and after what an entry tells of. */
export function shownIn({ resource }: AuditLogResult): { readonly before: Shown; readonly after: Shown } {
  return { before: (resource.request ?? {}) as Shown, after: (resource.response ?? {}) as Shown }
}

/** When the secret was rotated last. */
export function rotationIn(entries: readonly AuditLogResult[], { client_secret_version: version }: ServiceTokenResult): number | undefined {
  const entry = entries.find((one) => {
    const { before, after } = shownIn(one)
    return after.client_secret_version === version && before.client_secret_version !== version
  })
  return entry && Date.parse(entry.action.time)
}

function dateOf(instant: number): string {
  return new Date(instant).toISOString().slice(0, 10)
}
