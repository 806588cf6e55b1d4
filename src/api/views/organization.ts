import type { KeyState } from '../../authority/access-keys.ts'
import { formatInstant, type Instant } from '../../domain/instant.ts'
import type { Organization } from '../../domain/organization.ts'
import { dayMs } from '../../domain/signing-key.ts'
import type { AccessKeysResult } from '../../wire/access-key.ts'
import { type OrganizationResult, organizationConstants } from '../../wire/organization.ts'

export function organizationResult(organization: Organization): OrganizationResult {
  const { name, authDomain, sessionDuration, isStrict, inactivity, createdAt, updatedAt } = organization
  return {
    ...{ auth_domain: authDomain, name, session_duration: sessionDuration, strict_service_token_auth: isStrict },
    service_token_inactivity: { enabled: inactivity.isOn, inactivity_threshold_days: inactivity.afterDays, action: inactivity.action },
    ...organizationConstants,
    ...{ created_at: formatInstant(createdAt), updated_at: formatInstant(updatedAt) },
  }
}

export function accessKeysResult({ everyDays, lastRotationAt, nextRotationAt }: KeyState, now: Instant): AccessKeysResult {
  const daysLeft = Math.min(everyDays, Math.max(0, Math.ceil((nextRotationAt - now) / dayMs)))
  return {
    key_rotation_interval_days: everyDays,
    last_key_rotation_at: formatInstant(lastRotationAt),
    days_until_next_rotation: daysLeft,
  }
}
