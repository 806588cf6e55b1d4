import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import type { Actor, AuditEntry, Conditions, Kind, Store, Write } from './ports.ts'

/** What was done to one thing, as the audit trail keeps it. */
export interface Deed {
  readonly actor: Actor
  readonly action: string
  readonly at: Instant
  /** In whose trail it stands. */
  readonly accountId: string
  readonly zoneId?: string | null
  readonly resource: { readonly kind: Kind; readonly id: string }
  /** Neither secrets nor digests. */
  readonly before: Readonly<Record<string, unknown>> | null
  readonly after: Readonly<Record<string, unknown>> | null
}

/** Stores changes together with who made them. */
export interface Journal {
  /** As `Store.commit`; once it answers `true`, the gate of this process has applied the changes as well, or its lease bounds the delay. */
  commit(writes: readonly Write[], deeds: Deed | readonly Deed[], conditions?: Conditions): Promise<boolean>
}

export interface JournalDeps {
  readonly store: Store
  readonly random: RandomBytes
  /** Resolves once the gate of this process has applied every change stored before. */
  readonly announce: () => Promise<void>
}

export function createJournal({ store, random, announce }: JournalDeps): Journal {
  return {
    async commit(writes, deeds, conditions) {
      const entries = [deeds].flat().map((deed) => entryOf(deed, newUuid(random)))
      const stored = await store.commit(writes, entries, conditions)
      if (stored && writes.length > 0) await announce()
      return stored
    },
  }
}

/** Property by property, as every command makes one. */
function entryOf(deed: Deed, id: string): AuditEntry {
  return {
    id,
    at: deed.at,
    accountId: deed.accountId,
    zoneId: deed.zoneId ?? null,
    actor: deed.actor,
    action: deed.action,
    succeeded: true,
    resourceKind: deed.resource.kind,
    resourceId: deed.resource.id,
    before: deed.before,
    after: deed.after,
  }
}

/** A round is lost only when someone else's round was won, so this many in a row is a bug and not bad luck. */
const maxRounds = 1000

/** Reads, decides and saves by `round`, again from the start as long as it answers `undefined`: another command came between. */
export async function untilStored<Answer>(what: string, round: () => Promise<Answer | undefined>): Promise<Answer> {
  for (let count = 0; count < maxRounds; count++) {
    const answer = await round()
    if (answer !== undefined) return answer
  }
  throw new Error(`${what} lost ${maxRounds} races in a row`)
}

/** Fails with `not_permitted` when an account or zone has gone since somebody was admitted to it. */
export async function requireScope(store: Store, { accountId, zoneId }: Scope): Promise<void> {
  const found = zoneId === null ? await store.find('account', accountId) : await store.find('zone', zoneId)
  if (found === undefined) throw new Failure('not_permitted')
}

/** Whether something belongs to just this account, or just this zone. */
export function isIn({ accountId, zoneId }: Scope, thing: Scope): boolean {
  return thing.accountId === accountId && thing.zoneId === zoneId
}
