import { expect } from 'vitest'
import type { Grant } from '../../src/domain/permission.ts'
import { type Answer, type Call, json, type RawApi } from '../raw-api.ts'
import { everything } from './full-tenant.ts'
import type { Credentials } from './route-calls.ts'

type Resources = Readonly<Record<string, '*' | Readonly<Record<string, '*'>>>>

/** One policy of an API token as the API takes it. */
export interface Policy {
  readonly effect: Grant['effect']
  readonly resources: Resources
  readonly permission_groups: readonly { readonly id: string }[]
}

const prefix = 'com.cloudflare.api.account'
export const account = (id: string): Resources => ({ [`${prefix}.${id}`]: '*' })
export const zone = (id: string): Resources => ({ [`${prefix}.zone.${id}`]: '*' })
export const zoneIn = (accountId: string, id: string): Resources => ({ [`${prefix}.${accountId}`]: { [`${prefix}.zone.${id}`]: '*' } })
export const user = (id: string): Resources => ({ [`com.cloudflare.api.user.${id}`]: '*' })

export function allow(resources: Resources, ...groups: readonly string[]): Policy {
  return { effect: 'allow', resources, permission_groups: groups.map((id) => ({ id })) }
}

export function deny(resources: Resources, ...groups: readonly string[]): Policy {
  return { ...allow(resources, ...groups), effect: 'deny' }
}

/** The same policies as they are stored. */
export function grantsOf(policies: readonly Policy[]): readonly Grant[] {
  return policies.map(({ effect, resources, permission_groups }, index) => ({
    ...{ id: index.toString(16).padStart(32, '0'), effect },
    resources: Object.entries(resources).flatMap(([outer, value]) =>
      value === '*' ? [outer] : Object.keys(value).map((inner) => `${outer}/${inner}`),
    ),
    permissionGroups: permission_groups.map(({ id }) => id),
  }))
}

export type Change = Omit<Call, 'credentials'>

/** Refused with that status and a text that has all of `words` in it, and nothing has changed. */
export async function expectRefused(
  api: RawApi,
  { credentials }: { readonly credentials: Credentials },
  change: Change,
  status: number,
  ...words: readonly string[]
): Promise<Answer> {
  const before = await everything(api)
  const answer = await api.call({ ...change, credentials })
  expect([answer.status, answer.envelope.errors]).toEqual([status, [expect.anything()]])
  for (const word of words) expect(answer.envelope.errors[0]?.message).toContain(word)
  expect(await everything(api)).toEqual(before)
  return answer
}

export async function expectDone(
  api: RawApi,
  { credentials }: { readonly credentials: Credentials },
  change: Change,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await api.call({ ...change, credentials, ...(change.body === undefined && { headers: json }) })
  expect([answer.status, answer.envelope.errors]).toEqual([200, []])
  return answer.envelope.result ?? {}
}
