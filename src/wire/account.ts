import { type Static, Type } from 'typebox'
import { printable, Shown } from './fields.ts'
import { HexId } from './identifiers.ts'
import { SmallPageQuery } from './pagination.ts'

// Cf. "accounts" in the v4 API.

const Name = Type.String({
  ...{ minLength: 1, maxLength: 100, pattern: printable },
  description: 'a text of 1 to 100 characters without control characters',
})
const Sought = Type.String({
  ...{ maxLength: 100, pattern: printable },
  description: 'a text of at most 100 characters without control characters',
})
const Standard = Type.Literal('standard', { description: '"standard", the only type of account here' })
const Settings = Type.Object(
  {
    enforce_twofactor: Type.Optional(Type.Union([Type.Literal(false), Type.Null()])),
    abuse_contact_email: Type.Optional(Type.Union([Type.Literal(''), Type.Null()])),
  },
  {
    additionalProperties: false,
    description: '{"enforce_twofactor": false, "abuse_contact_email": null} or left out: accounts have no settings here',
  },
)
const NoParent = Type.Union([Type.Null(), Type.Object({}, { additionalProperties: false })], {
  description: 'null or left out: nothing stands above an account here',
})

export const ListAccounts = Type.Object({ ...SmallPageQuery, name: Type.Optional(Sought) })

export const CreateAccount = Type.Object(
  {
    name: Name,
    type: Type.Optional(Standard),
    standalone: Type.Optional(Type.Literal(true, { description: 'true or left out: every account stands by itself here' })),
    unit: Type.Optional(NoParent),
  },
  { additionalProperties: false, examples: [{ name: 'Payments', type: 'standard' }] },
)

export const UpdateAccount = Type.Object(
  {
    name: Type.Optional(Name),
    ...{ type: Type.Optional(Standard), settings: Type.Optional(Settings), managed_by: Type.Optional(NoParent) },
    ...{ id: Shown, created_on: Shown },
  },
  { additionalProperties: false, examples: [{ id: '023e105f4ecef8ad9ca31a8372d0c353', name: 'Payments and billing', type: 'standard' }] },
)

export const AccountResult = Type.Object(
  {
    id: HexId,
    name: Type.String(),
    type: Type.Literal('standard'),
    settings: Type.Object({ enforce_twofactor: Type.Literal(false), abuse_contact_email: Type.Null() }),
    created_on: Type.String(),
  },
  {
    examples: [
      {
        id: '023e105f4ecef8ad9ca31a8372d0c353',
        name: 'Payments',
        type: 'standard',
        settings: { enforce_twofactor: false, abuse_contact_email: null },
        created_on: '2026-01-15T09:30:00Z',
      },
    ],
  },
)

export const DeletedAccount = Type.Object({ id: HexId }, { examples: [{ id: '023e105f4ecef8ad9ca31a8372d0c353' }] })

export type AccountResult = Static<typeof AccountResult>

/** What is true of every account. */
export const accountConstants: Pick<AccountResult, 'type' | 'settings'> = {
  type: 'standard',
  settings: { enforce_twofactor: false, abuse_contact_email: null },
}
