import { type Static, Type } from 'typebox'
import { Name, Shown, Sought, Timestamp } from './fields.ts'
import { HexId, Uuid } from './identifiers.ts'
import { Direction, PageQuery } from './pagination.ts'

// Cf. "Operations on service tokens" in the API of Cloudflare Access.

export const AccountPath = Type.Object({ account_id: HexId })
export const ZonePath = Type.Object({ zone_id: HexId })
export const ServiceTokenPath = Type.Object({ service_token_id: Uuid })

const Duration = Type.String({ maxLength: 100, description: '"forever" or a duration such as 8760h, 30m or 1h30m' })
const Enabled = Type.Boolean({ description: 'true or false' })
const SecretVersion = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'a whole number from 1 to 2147483647' })

const PreviousEnd = { previous_client_secret_expires_at: Type.Optional(Timestamp) }
const Optionals = {
  duration: Type.Optional(Duration),
  enabled: Type.Optional(Enabled),
  client_secret_version: Type.Optional(SecretVersion),
  ...PreviousEnd,
}

/** Fields that the server sets. An update may carry them as they were shown, so that clients can send back what they got. */
export const readOnlyFields = ['id', 'client_id', 'created_at', 'expires_at'] as const
// `updated_at` and `last_seen_at` change by themselves between the two requests, so they may hold anything.
const ReadOnly = { id: Shown, client_id: Shown, created_at: Shown, updated_at: Shown, expires_at: Shown, last_seen_at: Shown }

const previousEnd = '2026-02-02T08:00:00Z'

export const CreateServiceToken = Type.Object(
  { name: Name, ...Optionals },
  { additionalProperties: false, examples: [{ name: 'CI/CD token', duration: '8760h' }] },
)
export const UpdateServiceToken = Type.Object(
  { name: Type.Optional(Name), ...Optionals, ...ReadOnly },
  {
    additionalProperties: false,
    examples: [
      {
        ...{ name: 'CI/CD token', duration: '17520h', enabled: true },
        ...{ client_secret_version: 2, previous_client_secret_expires_at: previousEnd },
      },
    ],
  },
)
export const RotateServiceToken = Type.Object(PreviousEnd, {
  additionalProperties: false,
  examples: [{ previous_client_secret_expires_at: previousEnd }],
})

const statuses = [
  ...(['active', 'disabled', 'expired', 'in_grace', 'grace_unused', 'never_used', 'unused', 'expiring_7d', 'expiring_30d'] as const),
] as const
const orders = ['created_at', 'name', 'expires_at', 'last_seen_at', 'updated_at'] as const

export const ListServiceTokens = Type.Object({
  ...PageQuery,
  name: Type.Optional(Sought),
  search: Type.Optional(Sought),
  status: Type.Optional(Type.Enum([...statuses], { description: `one of ${statuses.join(', ')}` })),
  order: Type.Optional(Type.Enum([...orders], { description: `one of ${orders.join(', ')}` })),
  direction: Type.Optional(Direction),
})

const Common = {
  id: Uuid,
  client_id: Type.String(),
  name: Type.String(),
  enabled: Type.Boolean(),
  duration: Type.String(),
  client_secret_version: Type.Integer(),
  previous_client_secret_expires_at: Type.Optional(Type.String()),
  created_at: Type.String(),
  updated_at: Type.String(),
  expires_at: Type.String(),
}

const common = {
  ...{ id: '3537a672-e4d8-4d89-aab9-26cb622918a1', client_id: '88bf3b6d86161464f6509f7219099e57.access.example.com' },
  ...{ name: 'CI/CD token', enabled: true, duration: '8760h' },
  ...{ client_secret_version: 2, previous_client_secret_expires_at: previousEnd },
  ...{ created_at: '2026-01-15T09:30:00Z', updated_at: '2026-02-01T08:00:00Z', expires_at: '2027-01-15T09:30:00Z' },
}
const shown = { ...common, last_seen_at: '2026-02-01T07:59:50Z' }
// Not a secret: its checksum is wrong.
const issued = { ...common, client_secret: 'pst_ExampleOnlyExampleOnlyExampleOnlyExample00000000' }

export const ServiceTokenResult = Type.Object({ ...Common, last_seen_at: Type.Optional(Type.String()) }, { examples: [shown] })
export const IssuedServiceTokenResult = Type.Object({ ...Common, client_secret: Type.String() }, { examples: [issued] })
/** With a secret when the update rotated it. */
export const UpdatedServiceTokenResult = Type.Object(
  { ...Common, last_seen_at: Type.Optional(Type.String()), client_secret: Type.Optional(Type.String()) },
  { examples: [shown, issued] },
)

export type ServiceTokenResult = Static<typeof ServiceTokenResult>
export type IssuedServiceTokenResult = Static<typeof IssuedServiceTokenResult>

export const SecretUseResult = Type.Object(
  {
    client_secret_version: Type.Integer(),
    secret: Type.Enum(['current', 'previous']),
    ip_address: Type.String(),
    last_seen_at: Type.String(),
  },
  { examples: [{ client_secret_version: 2, secret: 'current', ip_address: '198.51.100.7', last_seen_at: '2026-02-01T07:59:50Z' }] },
)

export type SecretUseResult = Static<typeof SecretUseResult>

const overview = {
  ...{ total: 42, active: 38, disabled: 3, expired: 1, in_grace: 2, grace_unused: 1 },
  ...{ never_used: 4, unused: 6, expiring_7d: 1, expiring_30d: 5 },
}

/** A token is active, disabled or expired; the rest overlaps. */
export const ServiceTokenOverviewResult = Type.Object(
  {
    ...{ total: Type.Integer(), active: Type.Integer(), disabled: Type.Integer(), expired: Type.Integer(), in_grace: Type.Integer() },
    grace_unused: Type.Integer(),
    ...{ never_used: Type.Integer(), unused: Type.Integer(), expiring_7d: Type.Integer(), expiring_30d: Type.Integer() },
  },
  { examples: [overview] },
)
