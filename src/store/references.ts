import type { Kysely, Transaction } from 'kysely'
import type { Kind, Reference, Write } from '../authority/ports.ts'
import { groupsNamedBy, type RuleSet, tokensNamedBy } from '../domain/policy.ts'
import { batches } from './batches.ts'
import type { Tables } from './schema.ts'

// What names what: applications their policies, policies and groups the service tokens and groups in their rules. Rules are JSON, so no foreign key can hold
// them; the writes of a commit are checked together instead, at its end. Commits come one after the other, so nothing slips in between.

type Target = 'service_token' | 'group' | 'policy'
const tables = { service_token: 'service_token', group: 'access_group', policy: 'policy' } as const

/** Keeps the references in step with one write, right after it. */
export async function noteReferences(trx: Transaction<Tables>, { kind, before, after }: Write): Promise<void> {
  if (!refers(kind)) return
  const id = (after ?? before)?.id ?? ''
  if (before !== null) await trx.deleteFrom('reference').where('from_kind', '=', kind).where('from_id', '=', id).execute()
  const rows = namedBy({ kind, before, after } as Write).map((target) => ({
    from_kind: kind,
    from_id: id,
    to_kind: target.kind,
    to_id: target.id,
  }))
  for (const batch of batches(rows))
    await trx
      .insertInto('reference')
      .values([...batch])
      .execute()
}

/** Whether everything that the writes name is there, and nothing is gone that something names. */
export async function referencesHold(trx: Transaction<Tables>, writes: readonly Write[]): Promise<boolean> {
  for (const { kind, before, after } of writes) {
    if (before !== null && after === null && isTarget(kind) && (await isNamed(trx, kind, before.id))) return false
  }
  const named = writes.flatMap(namedBy)
  for (const kind of ['service_token', 'group', 'policy'] as const) {
    const ids = [...new Set(named.flatMap((target) => (target.kind === kind ? [target.id] : [])))]
    for (const batch of batches(ids)) {
      const found = await trx.selectFrom(tables[kind]).select('id').where('id', 'in', batch).execute()
      if (found.length < batch.length) return false
    }
  }
  return true
}

/** Up to `limit` of those that name it. */
export async function referencesTo(db: Kysely<Tables>, kind: Kind, id: string, limit: number): Promise<readonly Reference[]> {
  const naming = db.selectFrom('reference').select(['from_kind', 'from_id']).where('to_kind', '=', kind).where('to_id', '=', id)
  const rows = await naming.orderBy('from_kind').orderBy('from_id').limit(limit).execute()
  return rows.map((row) => ({ kind: row.from_kind as Reference['kind'], id: row.from_id }))
}

async function isNamed(trx: Transaction<Tables>, kind: Kind, id: string): Promise<boolean> {
  return (await referencesTo(trx, kind, id, 1)).length > 0
}

function refers(kind: Kind): kind is Reference['kind'] {
  return kind === 'application' || kind === 'policy' || kind === 'group'
}

function isTarget(kind: Kind): kind is Target {
  return kind in tables
}

function namedBy({ kind, after }: Write): readonly { readonly kind: Target; readonly id: string }[] {
  if (after === null) return []
  if (kind === 'application') return after.policies.map(({ policyId }) => ({ kind: 'policy', id: policyId }))
  if (kind !== 'policy' && kind !== 'group') return []
  const rules: RuleSet = after
  const tokens = [...tokensNamedBy(rules)].map((id) => ({ kind: 'service_token' as const, id }))
  return [...tokens, ...[...groupsNamedBy(rules)].map((id) => ({ kind: 'group' as const, id }))]
}
