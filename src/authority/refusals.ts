import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { FailureCode } from './failure.ts'
import type { Actor, AuditEntry, Clock, Log, RequestTrace, Store } from './ports.ts'

/** An attempt at something that was not allowed or not possible. */
export interface Refusal {
  /** Who signed in, if that went well. */
  readonly actor: Actor | null
  readonly trace: RequestTrace
  /** The account or zone that the path named; neither for the installation as a whole. */
  readonly place: { readonly accountId: string | null; readonly zoneId: string | null }
  readonly code: FailureCode
}

/** Collects refused attempts for the audit trail, so that whoever makes many of them writes little. */
export interface Refusals {
  note(refusal: Refusal): void
  flush(): Promise<void>
}

/** Between two flushes. What comes beyond that is counted in the log. */
const maxWaiting = 500

const nobody: Omit<Actor, 'request'> = { kind: 'nobody', id: '', email: null, tokenId: null, tokenName: null }

export function createRefusals({ store, clock, random, log }: { store: Store; clock: Clock; random: RandomBytes; log: Log }): Refusals {
  let waiting: { readonly refusal: Refusal; readonly at: Instant }[] = []
  let dropped = 0

  /** In the trail of an account that there is, or of none. */
  async function entryOf({ actor, trace, place, code }: Refusal, at: Instant): Promise<AuditEntry | undefined> {
    const zone = place.zoneId === null ? undefined : await store.find('zone', place.zoneId)
    const accountId = zone?.accountId ?? place.accountId
    if (accountId === null || (await store.find('account', accountId)) === undefined) return undefined
    return {
      ...{ id: newUuid(random), at, accountId, zoneId: zone?.id ?? null, action: `refused.${trace.method}`, succeeded: false },
      actor: { ...(actor ?? nobody), request: trace },
      ...{ resourceKind: null, resourceId: null, before: null, after: { error: code } },
    }
  }

  return {
    note(refusal) {
      if (waiting.length < maxWaiting) waiting.push({ refusal, at: clock.now() })
      else dropped++
    },
    async flush() {
      const batch = waiting
      waiting = []
      if (dropped > 0)
        log.warn({ count: dropped }, 'more requests were refused than the audit trail takes at once; the rest are only counted here')
      dropped = 0
      const entries = await Promise.all(batch.map(({ refusal, at }) => entryOf(refusal, at)))
      const known = entries.filter((entry) => entry !== undefined)
      if (known.length > 0) await store.recordAudit(known)
    },
  }
}
