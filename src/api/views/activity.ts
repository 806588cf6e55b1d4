import type { HourlyCount } from '../../domain/activity.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { ActivityResult, TokenActivityResult } from '../../wire/activity.ts'

export function activityResult({ hour, allowed, refused }: HourlyCount): ActivityResult {
  return { hour: formatInstant(hour), allowed, refused }
}

export function tokenActivityResult(count: HourlyCount): TokenActivityResult {
  return { ...activityResult(count), previous_secret: count.previousSecret }
}
