import { type Static, Type } from 'typebox'
import { HexId, Uuid } from './identifiers.ts'
import { PageQuery } from './pagination.ts'

// Cf. "Operations on service tokens" in the API of Cloudflare Access. Each description ends the sentence "<field> must be …".

export const AccountPath = Type.Object({ account_id: HexId })
export const ZonePath = Type.Object({ zone_id: HexId })
export const ServiceTokenPath = Type.Object({ service_token_id: Uuid })

/** Neither control characters, which PostgreSQL and terminals choke on, nor halves of surrogate pairs. */
const printable = '^[^\\p{Cc}\\p{Cs}]*$'
const Name = Type.String({
  ...{ minLength: 1, maxLength: 350, pattern: printable },
  description: 'a text of 1 to 350 characters without control characters',
})
const Sought = Type.String({
  ...{ maxLength: 350, pattern: printable },
  description: 'a text of at most 350 characters without control characters',
})
const Duration = Type.String({ maxLength: 100, description: '"forever" or a duration such as 8760h, 30m or 1h30m' })
const Enabled = Type.Boolean({ description: 'true or false' })
const SecretVersion = Type.Integer({ minimum: 1, maximum: 2_147_483_647, description: 'a whole number from 1 to 2147483647' })
const Timestamp = Type.String({ maxLength: 40, description: 'an RFC 3339 date and time such as 2030-01-31T12:00:00Z' })

const PreviousEnd = { previous_client_secret_expires_at: Type.Optional(Timestamp) }
const Optionals = {
  duration: Type.Optional(Duration),
  enabled: Type.Optional(Enabled),
  client_secret_version: Type.Optional(SecretVersion),
  ...PreviousEnd,
}

/** Fields that the server sets. An update may carry them as they were shown, so that clients can send back what they got. */
export const readOnlyFields = ['id', 'client_id', 'created_at', 'expires_at'] as const
const Shown = Type.Optional(Type.String({ description: 'left out: it is set by the server' }))
// `updated_at` and `last_seen_at` change by themselves between the two requests, so they may hold anything.
const ReadOnly = { id: Shown, client_id: Shown, created_at: Shown, updated_at: Shown, expires_at: Shown, last_seen_at: Shown }

export const CreateServiceToken = Type.Object({ name: Name, ...Optionals }, { additionalProperties: false })
export const UpdateServiceToken = Type.Object({ name: Type.Optional(Name), ...Optionals, ...ReadOnly }, { additionalProperties: false })
export const RotateServiceToken = Type.Object(PreviousEnd, { additionalProperties: false })

export const ListServiceTokens = Type.Object({
  ...PageQuery,
  name: Type.Optional(Sought),
  search: Type.Optional(Sought),
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

export const ServiceTokenResult = Type.Object({ ...Common, last_seen_at: Type.Optional(Type.String()) })
export const IssuedServiceTokenResult = Type.Object({ ...Common, client_secret: Type.String() })
export const UpdatedServiceTokenResult = Type.Union([ServiceTokenResult, IssuedServiceTokenResult])

export type ServiceTokenResult = Static<typeof ServiceTokenResult>
export type IssuedServiceTokenResult = Static<typeof IssuedServiceTokenResult>
