import type { Kysely } from 'kysely'
import type { Kind, Reference, Write } from '../authority/ports.ts'
import { groupsNamedBy, type RuleSet, tokensNamedBy } from '../domain/policy.ts'
import { batches } from './batches.ts'
import type { Tables } from './schema.ts'
import { ask, type Steps } from './steps.ts'

// What names what: applications their policies, policies and groups the service tokens and groups in their rules, notification policies their webhooks. All
// that is JSON, so no foreign key can hold it; the writes of a commit are checked together instead, at its end. Commits come one after the other, so nothing
// slips in between.

const tables = { service_token: 'service_token', group: 'access_group', policy: 'policy', webhook: 'webhook' } as const
type Target = keyof typeof tables
const targets = Object.keys(tables) as readonly Target[]

/** Keeps the references in step with one write, right after it. */
export function* noteReferences(db: Kysely<Tables>, { kind, before, after }: Write): Steps<void> {
  if (!refers(kind)) return
  const id = (after ?? before)?.id ?? ''
  if (before !== null) yield* ask(db.deleteFrom('reference').where('from_kind', '=', kind).where('from_id', '=', id))
  const rows = namedBy({ kind, before, after } as Write).map((target) => ({
    from_kind: kind,
    from_id: id,
    to_kind: target.kind,
    to_id: target.id,
  }))
  for (const batch of batches(rows)) yield* ask(db.insertInto('reference').values([...batch]))
}

/** Whether everything that the writes name is there, and nothing is gone that something names. */
export function* referencesHold(db: Kysely<Tables>, writes: readonly Write[]): Steps<boolean> {
  for (const { kind, before, after } of writes) {
    if (before === null || after !== null || !isTarget(kind)) continue
    if ((yield* ask(naming(db, kind, before.id).limit(1))).rows.length > 0) return false
  }
  const named = writes.flatMap(namedBy)
  if (named.length === 0) return true
  for (const kind of targets) {
    const ids = [...new Set(named.flatMap((target) => (target.kind === kind ? [target.id] : [])))]
    for (const batch of batches(ids)) {
      const found = yield* ask(db.selectFrom(tables[kind]).select('id').where('id', 'in', batch))
      if (found.rows.length < batch.length) return false
    }
  }
  return true
}

/** Up to `limit` of those that name it. */
export async function referencesTo(db: Kysely<Tables>, kind: Kind, id: string, limit: number): Promise<readonly Reference[]> {
  const rows = await naming(db, kind, id).orderBy('from_kind').orderBy('from_id').limit(limit).execute()
  return rows.map((row) => ({ kind: row.from_kind as Reference['kind'], id: row.from_id }))
}

function naming(db: Kysely<Tables>, kind: Kind, id: string) {
  return db.selectFrom('reference').select(['from_kind', 'from_id']).where('to_kind', '=', kind).where('to_id', '=', id)
}

function refers(kind: Kind): kind is Reference['kind'] {
  return kind === 'application' || kind === 'policy' || kind === 'group' || kind === 'alert_policy'
}

function isTarget(kind: Kind): kind is Target {
  return kind in tables
}

function namedBy({ kind, after }: Write): readonly { readonly kind: Target; readonly id: string }[] {
  if (after === null) return []
  if (kind === 'application') return after.policies.map(({ policyId }) => ({ kind: 'policy', id: policyId }))
  if (kind === 'alert_policy') return after.webhookIds.map((id) => ({ kind: 'webhook', id }))
  if (kind !== 'policy' && kind !== 'group') return []
  const rules: RuleSet = after
  const tokens = [...tokensNamedBy(rules)].map((id) => ({ kind: 'service_token' as const, id }))
  return [...tokens, ...[...groupsNamedBy(rules)].map((id) => ({ kind: 'group' as const, id }))]
}
