import { type Static, Type } from 'typebox'

// How much machines ask of the gate, hour by hour.

export const defaultHours = 24

export const ListActivity = Type.Object({
  hours: Type.Optional(Type.Integer({ minimum: 1, maximum: 168, description: 'a number of hours, from 1 to 168' })),
})

const Common = { hour: Type.String(), allowed: Type.Integer(), refused: Type.Integer() }
const common = { hour: '2026-02-01T08:00:00Z', allowed: 1204, refused: 3 }

export const TokenActivityResult = Type.Object(
  { ...Common, previous_secret: Type.Integer({ description: 'those of the allowed that came with the secret before the last rotation' }) },
  { examples: [{ ...common, previous_secret: 12 }] },
)
export const ActivityResult = Type.Object(Common, { examples: [common] })

export type TokenActivityResult = Static<typeof TokenActivityResult>
export type ActivityResult = Static<typeof ActivityResult>
