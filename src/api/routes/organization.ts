import { type Static, Type } from 'typebox'
import type { OrganizationChanges } from '../../authority/organizations.ts'
import { AccessKeysResult, UpdateAccessKeys } from '../../wire/access-key.ts'
import { OrganizationResult, UpdateOrganization } from '../../wire/organization.ts'
import { inAccount, type Route } from '../route.ts'
import { accessKeysResult, organizationResult } from '../views/organization.ts'

const organization = '/access/organizations'
const keys = '/access/keys'

/** The original has both methods, for the same thing. */
const update = (method: 'PUT' | 'PATCH') =>
  inAccount({
    ...{ method, path: organization, summary: 'Update the organization', permission: 'organization:write' },
    ...{ params: Type.Object({}), body: UpdateOrganization, result: OrganizationResult },
    async handle({ authority, caller, scope, body }) {
      return { result: organizationResult(await authority.organizations.update(caller.actor, scope, changesOf(body))) }
    },
  })

export const organizationRoutes: readonly Route[] = [
  inAccount({
    ...{ method: 'GET', path: organization, summary: 'Get the organization', permission: 'organization:read' },
    ...{ params: Type.Object({}), result: OrganizationResult },
    handle: async ({ authority, scope }) => ({ result: organizationResult(await authority.organizations.get(scope)) }),
  }),
  update('PUT'),
  update('PATCH'),

  inAccount({
    ...{ method: 'GET', path: keys, summary: 'Get the state of the signing keys', permission: 'organization:read' },
    ...{ params: Type.Object({}), result: AccessKeysResult },
    handle: async ({ authority, scope, now }) => ({ result: accessKeysResult(await authority.accessKeys.get(scope), now) }),
  }),

  inAccount({
    ...{ method: 'PUT', path: keys, summary: 'Choose how often the signing key is replaced', permission: 'organization:write' },
    ...{ params: Type.Object({}), body: UpdateAccessKeys, result: AccessKeysResult },
    async handle({ authority, caller, scope, now, body }) {
      return { result: accessKeysResult(await authority.accessKeys.setInterval(caller.actor, scope, body.key_rotation_interval_days), now) }
    },
  }),

  inAccount({
    ...{ method: 'POST', path: `${keys}/rotate`, summary: 'Replace the signing key now', permission: 'organization:write' },
    ...{ params: Type.Object({}), result: AccessKeysResult },
    handle: async ({ authority, caller, scope, now }) => ({
      result: accessKeysResult(await authority.accessKeys.rotate(caller.actor, scope), now),
    }),
  }),
]

function changesOf(body: Static<typeof UpdateOrganization>): OrganizationChanges {
  const { auth_domain: authDomain, name, session_duration: sessionDuration, strict_service_token_auth: isStrict } = body
  const { service_token_inactivity: inactivity } = body
  return {
    ...{ authDomain, name, sessionDuration, isStrict },
    // Clients that configure none send null.
    inactivity: inactivity
      ? { isOn: inactivity.enabled, afterDays: inactivity.inactivity_threshold_days, action: inactivity.action }
      : inactivity === null
        ? { isOn: false, afterDays: 90, action: 'disable' }
        : undefined,
  }
}
