import { newUuid } from '../domain/identifier.ts'
import type { Instant } from '../domain/instant.ts'
import type { Group, RuleSet } from '../domain/policy.ts'
import type { RandomBytes } from '../domain/secret.ts'
import type { Scope } from '../domain/service-token.ts'
import { Failure } from './failure.ts'
import { type Deed, isIn, type Journal, requireScope, untilStored } from './journal.ts'
import { requireUnnamed } from './naming.ts'
import type { Actor, Clock, Store } from './ports.ts'
import type { GroupQuery, Page } from './queries.ts'
import { requireReach, requireRules, rulesInWords } from './rules.ts'

export interface GroupDraft extends RuleSet {
  readonly name: string
}

/** Rules under a name. All commands fail with `group_not_found` for a group of another account or zone. */
export interface Groups {
  list(scope: Scope, query: GroupQuery): Promise<Page<Group>>
  get(scope: Scope, id: string): Promise<Group>
  create(actor: Actor, scope: Scope, draft: GroupDraft): Promise<Group>
  /** Replaces name and rules. */
  update(actor: Actor, scope: Scope, id: string, draft: GroupDraft): Promise<Group>
  /** Fails with `in_use` while a policy or another group names it. */
  delete(actor: Actor, scope: Scope, id: string): Promise<void>
}

export interface GroupsDeps {
  readonly store: Store
  readonly journal: Journal
  readonly clock: Clock
  readonly random: RandomBytes
}

export function createGroups({ store, journal, clock, random }: GroupsDeps): Groups {
  async function get(scope: Scope, id: string): Promise<Group> {
    const group = await store.find('group', id)
    if (group === undefined || !isIn(scope, group)) throw new Failure('group_not_found')
    return group
  }

  return {
    get,
    list: (scope, query) => store.listGroups(scope, query),

    create: (actor, scope, draft) =>
      untilStored('group.create', async () => {
        await requireScope(store, scope)
        await requireRules(store, scope, draft)
        const at = clock.now()
        const group: Group = { id: newUuid(random), ...scope, ...draft, createdAt: at, updatedAt: at, revision: 0 }
        return (await journal.commit([{ kind: 'group', before: null, after: group }], deed(actor, 'group.create', null, group, at)))
          ? group
          : undefined
      }),

    update: (actor, scope, id, draft) =>
      untilStored('group.update', async () => {
        // Two groups that are made to contain each other at once would each look fine: so of two changes of groups at once, one is decided anew.
        const since = await store.head()
        const before = await get(scope, id)
        await requireRules(store, scope, draft)
        const changed: Group = { ...before, ...draft }
        if (JSON.stringify(changed) === JSON.stringify(before)) return before
        requireReach(
          changed,
          (await store.groupsOf(scope.accountId)).filter((group) => group.id !== id),
        )
        const after: Group = { ...changed, updatedAt: clock.now() }
        const unchanged = { kind: 'group', since } as const
        const stored = await journal.commit(
          [{ kind: 'group', before, after }],
          deed(actor, 'group.update', before, after, after.updatedAt),
          { unchanged },
        )
        return stored ? after : undefined
      }),

    async delete(actor, scope, id) {
      await untilStored('group.delete', async () => {
        const before = await get(scope, id)
        await requireUnnamed(store, scope, 'group', id)
        const stored = await journal.commit(
          [{ kind: 'group', before, after: null }],
          deed(actor, 'group.delete', before, null, clock.now()),
        )
        return stored || undefined
      })
    },
  }
}

function deed(actor: Actor, action: string, before: Group | null, after: Group | null, at: Instant): Deed {
  const subject = after ?? before
  if (subject === null) throw new Error('a change of nothing to nothing')
  return {
    ...{ actor, action, at, accountId: subject.accountId, zoneId: subject.zoneId, resource: { kind: 'group', id: subject.id } },
    ...{ before: before && auditView(before), after: after && auditView(after) },
  }
}

function auditView(group: Group): Readonly<Record<string, unknown>> {
  return { name: group.name, ...rulesInWords(group) }
}
