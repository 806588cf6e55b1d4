import { type Static, Type } from 'typebox'
import { Name, Shown, Sought } from './fields.ts'
import { Uuid } from './identifiers.ts'
import { PageQuery } from './pagination.ts'
import { RuleFields, ShownRules } from './rule.ts'
import { unused } from './unused.ts'

// Cf. "Access groups" in the API of Cloudflare Access.

export const GroupPath = Type.Object({ group_id: Uuid })

export const ListGroups = Type.Object({ ...PageQuery, name: Type.Optional(Sought), search: Type.Optional(Sought) })

const rules = { include: [{ ip: { ip: '203.0.113.0/24' } }], require: [], exclude: [{ ip: { ip: '203.0.113.7/32' } }] }
const Chosen = { name: Name, ...RuleFields, ...unused(['is_default']) }

export const CreateGroup = Type.Object(Chosen, { additionalProperties: false, examples: [{ name: 'Build servers', ...rules }] })

/** Replaces all that can be chosen. */
export const UpdateGroup = Type.Object(
  { ...Chosen, ...{ id: Shown, created_at: Shown, updated_at: Shown } },
  { additionalProperties: false, examples: [{ name: 'Build servers', ...rules }] },
)

export const GroupResult = Type.Object(
  { id: Uuid, name: Type.String(), ...ShownRules, created_at: Type.String(), updated_at: Type.String() },
  {
    examples: [
      {
        ...{ id: 'f174e90a-fafe-4643-bbbc-4a0ed4fc8415', name: 'Build servers', ...rules },
        ...{ created_at: '2026-01-15T09:30:00Z', updated_at: '2026-02-01T08:00:00Z' },
      },
    ],
  },
)
export type GroupResult = Static<typeof GroupResult>

export const DeletedGroup = Type.Object({ id: Uuid }, { examples: [{ id: 'f174e90a-fafe-4643-bbbc-4a0ed4fc8415' }] })
