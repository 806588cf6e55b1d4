import { type Static, Type } from 'typebox'
import { Uuid } from './identifiers.ts'

// Cf. "Rules" in the API of Cloudflare Access. Those about people and devices cannot match a machine, so there are none of them.

const strict = { additionalProperties: false }
const Nothing = Type.Object({}, { ...strict, description: 'an empty object, {}' })
const AddressRange = Type.String({ maxLength: 50, description: 'an IPv4 or IPv6 address or range such as 203.0.113.0/24' })

const forms =
  '{"service_token": {"token_id": "…"}}, {"any_valid_service_token": {}}, {"ip": {"ip": "…"}}, {"everyone": {}} or {"group": {"id": "…"}}'

/** It has one of the fields. */
export const Rule = Type.Object(
  {
    service_token: Type.Optional(Type.Object({ token_id: Uuid }, { ...strict, description: '{"token_id": "<UUID of a service token>"}' })),
    any_valid_service_token: Type.Optional(Nothing),
    ip: Type.Optional(Type.Object({ ip: AddressRange }, { ...strict, description: '{"ip": "<address or range>"}' })),
    everyone: Type.Optional(Nothing),
    group: Type.Optional(Type.Object({ id: Uuid }, { ...strict, description: '{"id": "<UUID of a group>"}' })),
  },
  {
    ...{ ...strict, minProperties: 1, maxProperties: 1, examples: [{ any_valid_service_token: {} }] },
    description: `one rule that a machine can meet: ${forms}`,
  },
)
export type Rule = Static<typeof Rule>

const maxRules = 1000

const list = { maxItems: maxRules }
const orNull = (what: string) =>
  Type.Optional(Type.Union([Type.Array(Rule, list), Type.Null()], { description: `a list of at most ${maxRules} rules, ${what}, or null` }))

/** Rules as clients send them. */
export const RuleFields = {
  include: Type.Array(Rule, { ...list, minItems: 1, description: `a list of 1 to ${maxRules} rules, of which one is enough` }),
  require: orNull('all of which must be met'),
  exclude: orNull('none of which may be met'),
}

/** And as they are shown. */
export const ShownRules = { include: Type.Array(Rule), require: Type.Array(Rule), exclude: Type.Array(Rule) }
