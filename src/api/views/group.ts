import type { Static } from 'typebox'
import type { GroupDraft } from '../../authority/groups.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { Group } from '../../domain/policy.ts'
import type { CreateGroup, GroupResult } from '../../wire/access-group.ts'
import { rulesOf, shownRules } from './rule.ts'

/** What a client asks for, in the terms of the use cases. */
export function groupDraft({ name, ...rules }: Static<typeof CreateGroup>): GroupDraft {
  return { name, ...rulesOf(rules) }
}

export function groupResult(group: Group): GroupResult {
  const { id, name, createdAt, updatedAt } = group
  return { id, name, ...shownRules(group), created_at: formatInstant(createdAt), updated_at: formatInstant(updatedAt) }
}
