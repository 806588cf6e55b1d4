import { dayMs } from './signing-key.ts'

/**
 * What lists of service tokens can be narrowed to. Every token is one of the first three, and may be any of the others besides:
 * - `active` works now, `disabled` is switched off, `expired` would work if its life had not ended;
 * - `in_grace` is active, and so is its secret before the last rotation; `grace_unused` besides came with that secret no more in the last day;
 * - `never_used`, and `unused`: not used for 90 days, or created 90 days ago and never used;
 * - `expiring_7d`, `expiring_30d` are active, and will not be in so many days.
 */
export const serviceTokenStatuses = [
  ...(['active', 'disabled', 'expired', 'in_grace', 'grace_unused'] as const),
  ...(['never_used', 'unused', 'expiring_7d', 'expiring_30d'] as const),
] as const
export type ServiceTokenStatus = (typeof serviceTokenStatuses)[number]

export const unusedAfterMs = 90 * dayMs

/** How long nobody came with the secret before the last rotation when it is taken for unused. */
export const graceUnusedAfterMs = dayMs

/** How long before its end a token is about to expire. */
export const expiringWithinMs = { expiring_7d: 7 * dayMs, expiring_30d: 30 * dayMs } as const
