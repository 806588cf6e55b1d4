import { type Static, Type } from 'typebox'
import { printable } from './fields.ts'
import { HexId } from './identifiers.ts'
import { SmallPageQuery } from './pagination.ts'

// Cf. "zones" in the v4 API. A zone is a part of an account with service tokens of its own: it has a name, but no DNS, plan or certificates.

const label = '[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?'
const DomainName = Type.String({
  ...{ minLength: 1, maxLength: 253, pattern: `^${label}(?:\\.${label})*$` },
  description: 'a domain name such as example.com: at most 253 letters, digits, "-" and "_", with at most 63 between dots',
})
// Clients of the original may put an operator before it, such as "contains:". Those are refused here, rather than never found.
const SoughtName = Type.String({
  ...{ maxLength: 253, pattern: '^[^\\s\\p{Cc}\\p{Cs}:]*$' },
  description: 'the whole name of a zone, at most 253 characters without spaces and colons',
})
const SoughtAccountName = Type.String({
  ...{ maxLength: 100, pattern: printable },
  description: 'a text of at most 100 characters without control characters',
})
const Full = Type.Literal('full', { description: '"full", the only type of zone here' })

export const ListZones = Type.Object({
  ...SmallPageQuery,
  name: Type.Optional(SoughtName),
  'account.id': Type.Optional(HexId),
  'account.name': Type.Optional(SoughtAccountName),
  status: Type.Optional(
    Type.Enum(['initializing', 'pending', 'active', 'moved'], { description: 'initializing, pending, active or moved' }),
  ),
  match: Type.Optional(Type.Enum(['all', 'any'], { description: 'all or any' })),
  order: Type.Optional(
    Type.Enum(['name', 'status', 'account.id', 'account.name'], { description: 'name, status, account.id or account.name' }),
  ),
})

export const CreateZone = Type.Object(
  {
    account: Type.Object(
      { id: HexId, name: Type.Optional(Type.String()) },
      { additionalProperties: false, description: 'an object with the "id" of an account, 32 hex digits' },
    ),
    name: DomainName,
    type: Type.Optional(Full),
    jump_start: Type.Optional(
      Type.Boolean({ description: 'true or false, which makes no difference: there are no DNS records to look for' }),
    ),
  },
  { additionalProperties: false, examples: [{ account: { id: '023e105f4ecef8ad9ca31a8372d0c353' }, name: 'example.com', type: 'full' }] },
)

export const EditZone = Type.Object(
  {
    paused: Type.Optional(Type.Literal(false, { description: 'false: a zone cannot be paused here' })),
    type: Type.Optional(Full),
    vanity_name_servers: Type.Optional(
      Type.Array(Type.String(), { maxItems: 0, description: 'an empty list: zones have no name servers here' }),
    ),
  },
  { additionalProperties: false, examples: [{ paused: false }] },
)

const Meta = Type.Object({
  ...{ cdn_only: Type.Boolean(), dns_only: Type.Boolean(), foundation_dns: Type.Boolean(), phishing_detected: Type.Boolean() },
  ...{ custom_certificate_quota: Type.Integer(), page_rule_quota: Type.Integer(), step: Type.Integer() },
})
const Plan = Type.Object({
  ...{ id: Type.String(), name: Type.String(), price: Type.Number(), currency: Type.String(), frequency: Type.String() },
  ...{ is_subscribed: Type.Boolean(), can_subscribe: Type.Boolean() },
  ...{ legacy_id: Type.String(), legacy_discount: Type.Boolean(), externally_managed: Type.Boolean() },
})

const Named = { id: HexId, name: Type.String() }
const Described = {
  ...Named,
  account: Type.Object(Named),
  owner: Type.Object({ ...Named, type: Type.Literal('organization') }),
  ...{ created_on: Type.String(), modified_on: Type.String(), activated_on: Type.Union([Type.String(), Type.Null()]) },
}
const Constant = {
  ...{ status: Type.Literal('active'), paused: Type.Literal(false), type: Type.Literal('full'), development_mode: Type.Literal(0) },
  name_servers: Type.Array(Type.String()),
  ...{ original_name_servers: Type.Null(), original_registrar: Type.Null(), original_dnshost: Type.Null() },
  ...{ meta: Meta, plan: Plan },
}
const Constants = Type.Object(Constant)

/** What is true of every zone, in an installation that serves no DNS and sells nothing. */
export const zoneConstants: Static<typeof Constants> = {
  ...{ status: 'active', paused: false, type: 'full', development_mode: 0 },
  name_servers: [],
  ...{ original_name_servers: null, original_registrar: null, original_dnshost: null },
  meta: {
    ...{ cdn_only: false, dns_only: false, foundation_dns: false, phishing_detected: false },
    ...{ custom_certificate_quota: 0, page_rule_quota: 0, step: 0 },
  },
  // The original's free plan, which clients know by its id.
  plan: {
    ...{ id: '0feeeeeeeeeeeeeeeeeeeeeeeeeeeeee', name: 'Free Website', price: 0, currency: 'USD', frequency: '' },
    ...{ is_subscribed: false, can_subscribe: false, legacy_id: 'free', legacy_discount: false, externally_managed: false },
  },
}

const account = { id: '023e105f4ecef8ad9ca31a8372d0c353', name: 'Payments' }
export const ZoneResult = Type.Object(
  { ...Described, ...Constant },
  {
    examples: [
      {
        ...{ id: '353c6f2a7b2e4d7f9a0b1c2d3e4f5a6b', name: 'example.com', account, owner: { ...account, type: 'organization' } },
        ...{ created_on: '2026-01-15T09:30:00Z', modified_on: '2026-01-15T09:30:00Z', activated_on: '2026-01-15T09:30:00Z' },
        ...zoneConstants,
      },
    ],
  },
)

export const DeletedZone = Type.Object({ id: HexId }, { examples: [{ id: '353c6f2a7b2e4d7f9a0b1c2d3e4f5a6b' }] })

export type ZoneResult = Static<typeof ZoneResult>
