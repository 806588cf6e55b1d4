import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { RandomBytes } from '../domain/secret.ts'
import { type Batch, createBatch } from './batch.ts'
import type { FailureCode } from './failure.ts'
import { type Actor, type AuditEntry, type Clock, installationTrail, type Log, type RequestTrace, type Store } from './ports.ts'

/** An attempt at something that was not allowed or not possible. */
export interface Refusal {
  /** Who signed in, if that went well. */
  readonly actor: Actor | null
  readonly trace: RequestTrace
  /** The account or zone that the path named; neither for the installation as a whole. */
  readonly place: { readonly accountId: string | null; readonly zoneId: string | null }
  readonly code: FailureCode
}

const nobody: Omit<Actor, 'request'> = { kind: 'nobody', id: '', email: null, tokenId: null, tokenName: null }

/** Refused attempts on their way into the audit trail. */
export function createRefusals({
  store,
  clock,
  random,
  log,
}: {
  store: Store
  clock: Clock
  random: RandomBytes
  log: Log
}): Batch<Refusal> {
  /** In whose trail it belongs: that of the account or zone which the path named, if there is one, or the installation's. */
  async function trailOf(place: Refusal['place']): Promise<{ readonly accountId: string; readonly zoneId: string | null } | undefined> {
    if (place.zoneId !== null) {
      const zone = await store.find('zone', place.zoneId)
      return zone && { accountId: zone.accountId, zoneId: zone.id }
    }
    if (place.accountId === null) return { accountId: installationTrail, zoneId: null }
    const account = await store.find('account', place.accountId)
    return account && { accountId: account.id, zoneId: null }
  }

  async function entryOf({ actor, trace, place, code }: Refusal, at: Instant): Promise<AuditEntry | undefined> {
    const trail = await trailOf(place)
    if (trail === undefined) return undefined
    return {
      ...{ id: newUuid(random), at, ...trail, action: `refused.${trace.method}`, succeeded: false },
      actor: { ...(actor ?? nobody), request: trace },
      ...{ resourceKind: null, resourceId: null, before: null, after: { error: code } },
    }
  }

  async function record(refusals: readonly (Refusal & { readonly at: Instant })[]): Promise<void> {
    const entries = await Promise.all(refusals.map((refusal) => entryOf(refusal, refusal.at)))
    await store.recordAudit(entries.filter((entry) => entry !== undefined))
  }

  const { note, flush } = createBatch(record, { max: 500, what: 'refused requests', log })
  return { note: (refusal) => note({ ...refusal, at: clock.now() }), flush }
}
