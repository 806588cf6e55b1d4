import { type Static, Type } from 'typebox'
import { printable, Timestamp } from './fields.ts'
import { Uuid } from './identifiers.ts'
import { Direction, Page } from './pagination.ts'

// Cf. "Access authentication logs" in the API of Cloudflare Access: what machines asked of the gate, and what became of it.

const PerPage = Type.Integer({ minimum: 1, maximum: 1000, description: 'a number of entries, from 1 to 1000' })
const Operator = Type.Optional(Type.Enum(['eq', 'neq'], { description: 'eq or neq' }))
const absent = (why: string) => Type.Optional(Type.Never({ description: `left out: ${why}` }))

/** The filters by name. With `<name>Op=neq` they drop the entries that they would keep. */
export const accessRequestFilters = ['allowed', 'app_uid', 'ray_id', 'service_token_id'] as const

export const defaultAccessRequestsPerPage = 25

export const ListAccessRequests = Type.Object({
  page: Type.Optional(Page),
  // The original calls the same thing by both names; the smaller of the two counts.
  ...{ per_page: Type.Optional(PerPage), limit: Type.Optional(PerPage) },
  ...{ since: Type.Optional(Timestamp), until: Type.Optional(Timestamp), direction: Type.Optional(Direction) },
  fields: Type.Optional(
    Type.String({ maxLength: 500, pattern: '^[a-z_]+(?:,[a-z_]+)*$', description: 'names of fields separated by commas' }),
  ),
  ...{ allowed: Type.Optional(Type.Enum(['true', 'false'], { description: 'true or false' })), allowedOp: Operator },
  ...{ app_uid: Type.Optional(Uuid), app_uidOp: Operator, service_token_id: Type.Optional(Uuid), service_token_idOp: Operator },
  ray_id: Type.Optional(Type.String({ maxLength: 100, pattern: printable, description: 'a ray id of at most 100 characters' })),
  ray_idOp: Operator,
  // Leaving these out of account would show more than was asked for.
  email: absent('machines have no e-mail address'),
  idp: absent('machines sign in with no identity provider'),
  country_code: absent('countries are not recorded'),
  app_type: absent('every application is self-hosted here'),
  non_identity: absent("every request here is a machine's"),
})

const examples = [
  {
    ...{ action: 'login', allowed: false, connection: 'service_token', created_at: '2026-02-01T08:00:00Z' },
    ...{ app_domain: 'api.example.com', app_uid: 'df7e205f-02b7-4d9d-af26-8d1988fca630', app_name: 'Payments API' },
    ...{ ip_address: '203.0.113.5', ray_id: '8e9b1c60ef9e1c9a', user_email: '' },
    ...{ service_token_id: '3537a672-e4d8-4d89-aab9-26cb622918a1', service_token_name: 'CI/CD token', reason: 'wrong_secret' },
  },
]

export const AccessRequestResult = Type.Object(
  {
    ...{ action: Type.String(), allowed: Type.Boolean(), connection: Type.String(), created_at: Type.String() },
    ...{ app_domain: Type.String(), app_uid: Uuid, app_name: Type.Optional(Type.String()) },
    ...{ ip_address: Type.String(), ray_id: Type.String(), user_email: Type.String() },
    ...{ service_token_id: Type.Optional(Uuid), service_token_name: Type.Optional(Type.String()), reason: Type.Optional(Type.String()) },
  },
  { examples },
)

/** The entries of which only the `fields` are shown that the client named. */
export const ShownAccessRequestResult = Type.Partial(AccessRequestResult, { examples })

export type AccessRequestResult = Static<typeof AccessRequestResult>
