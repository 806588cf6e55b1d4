import { type Static, Type } from 'typebox'

// The gates of an installation, and what a change has come to at each: extensions of ours, which the original does not have.

const example = {
  ...{ id: '3f1c2a9be07d4c5f8a6b1d2e3f405162', name: 'gate-1:4711', role: 'gate', version: '0.1.0', status: 'live' },
  ...{ started_at: '2026-01-15T09:00:00Z', reported_at: '2026-01-15T09:30:00Z', applied_change: 1204, behind_changes: 0 },
  ...{ confirmed_age_ms: 140, staleness_budget_ms: 30_000, on_stale: 'refuse' },
}

export const GateResult = Type.Object(
  {
    id: Type.String({ description: 'Another one at each start.' }),
    name: Type.String({ description: 'Its host and process.' }),
    role: Type.Enum(['both', 'gate']),
    version: Type.String(),
    status: Type.Enum(['live', 'silent'], { description: 'One that has been silent for ten budgets lets nobody in.' }),
    started_at: Type.String(),
    reported_at: Type.String({ description: "When it was last heard of, by the database's clock." }),
    applied_change: Type.Integer({ description: 'The newest change that it had applied by then, and all before it.' }),
    behind_changes: Type.Integer({ description: 'How many changes there are after that one.' }),
    confirmed_age_ms: Type.Integer({ description: 'How old its knowledge might have been by then.' }),
    staleness_budget_ms: Type.Integer({ description: 'How old it may become.' }),
    on_stale: Type.Enum(['refuse', 'serve'], { description: 'What it does beyond that.' }),
  },
  { examples: [example] },
)

export type GateResult = Static<typeof GateResult>

export const GatesInfo = Type.Object(
  { count: Type.Integer(), change: Type.Integer({ description: 'The newest change that is stored.' }) },
  { examples: [{ count: 1, change: 1204 }] },
)

export const mostSecondsToWait = 50

export const WaitQuery = Type.Object({
  wait: Type.Optional(
    Type.Integer({ minimum: 0, maximum: mostSecondsToWait, description: `a whole number of seconds, from 0 to ${mostSecondsToWait}` }),
  ),
})

const arrival = {
  ...{ id: example.id, name: example.name, status: 'applied', applied_change: 1204 },
  ...{ applied_at: '2026-01-15T09:30:00.082Z', lease_ends_at: null },
}

/** Beside a result, where the request said how long to wait for it. */
export const ReceiptResult = Type.Object(
  {
    complete: Type.Boolean({ description: 'From now on, no gate acts on what was before the change.' }),
    change: Type.Union([Type.Integer(), Type.Null()], {
      description: 'The change in question, or a later one; null where the database did not say.',
    }),
    at: Type.String(),
    gates: Type.Array(
      Type.Object({
        ...{ id: Type.String(), name: Type.String(), status: Type.Enum(['applied', 'lease_ended', 'waiting']) },
        applied_change: Type.Integer({ description: 'The newest change that it is known to have applied.' }),
        applied_at: Type.Union([Type.String(), Type.Null()], {
          description: 'Where it has applied the change: by when, at the latest.',
        }),
        lease_ends_at: Type.Union([Type.String(), Type.Null()], {
          description:
            'Where it has not applied the change: until when at most it acts on what it knew before. Null where that has no end.',
        }),
      }),
    ),
  },
  { examples: [{ complete: true, change: 1204, at: '2026-01-15T09:30:00.120Z', gates: [arrival] }] },
)

export type ReceiptResult = Static<typeof ReceiptResult>
