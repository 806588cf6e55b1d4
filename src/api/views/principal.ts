import type { PlacedZone } from '../../authority/zones.ts'
import { formatInstant } from '../../domain/instant.ts'
import type { Account, User } from '../../domain/principal.ts'
import { type AccountResult, accountConstants } from '../../wire/account.ts'
import { type UserResult, userConstants } from '../../wire/user.ts'
import { type ZoneResult, zoneConstants } from '../../wire/zone.ts'

export function accountResult({ id, name, createdAt }: Account): AccountResult {
  return { id, name, ...accountConstants, created_on: formatInstant(createdAt) }
}

export function zoneResult({ zone, account }: PlacedZone): ZoneResult {
  const owner = { id: account.id, name: account.name }
  const createdOn = formatInstant(zone.createdAt)
  return {
    ...{ id: zone.id, name: zone.name, account: owner, owner: { ...owner, type: 'organization' } },
    ...{ created_on: createdOn, modified_on: formatInstant(zone.updatedAt), activated_on: createdOn },
    ...zoneConstants,
  }
}

export function userResult({ id, email, createdAt }: User): UserResult {
  return { id, email, created_on: formatInstant(createdAt), ...userConstants }
}
