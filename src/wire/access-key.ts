import { type Static, Type } from 'typebox'
import { Shown } from './fields.ts'

// Cf. "Access key configuration" in the API of Cloudflare Access: the keys with which an account's assertions are signed.

const RotationDays = Type.Integer({ minimum: 21, maximum: 365, description: 'a whole number of days, from 21 to 365' })

export const UpdateAccessKeys = Type.Object(
  {
    key_rotation_interval_days: RotationDays,
    last_key_rotation_at: Shown,
    days_until_next_rotation: Type.Optional(Type.Number({ description: 'left out: it is set by the server' })),
  },
  { additionalProperties: false, examples: [{ key_rotation_interval_days: 42 }] },
)

export const AccessKeysResult = Type.Object(
  { key_rotation_interval_days: Type.Integer(), last_key_rotation_at: Type.String(), days_until_next_rotation: Type.Integer() },
  { examples: [{ key_rotation_interval_days: 42, last_key_rotation_at: '2026-01-15T09:30:00Z', days_until_next_rotation: 30 }] },
)

export type AccessKeysResult = Static<typeof AccessKeysResult>
