import { type Static, Type } from 'typebox'
import { HexId } from './identifiers.ts'

// Cf. "user" in the v4 API. An owner of the installation is an e-mail address and a key; the rest is what official clients expect to find.

const Described = { id: HexId, email: Type.String(), created_on: Type.String() }
const Constant = {
  ...{ first_name: Type.Null(), last_name: Type.Null(), telephone: Type.Null(), country: Type.Null(), zipcode: Type.Null() },
  suspended: Type.Literal(false),
  ...{ two_factor_authentication_enabled: Type.Literal(false), two_factor_authentication_locked: Type.Literal(false) },
  ...{ has_pro_zones: Type.Literal(false), has_business_zones: Type.Literal(false), has_enterprise_zones: Type.Literal(false) },
  ...{ betas: Type.Array(Type.String()), organizations: Type.Array(Type.Object({})) },
}
const Constants = Type.Object(Constant)

/** What is true of every user. */
export const userConstants: Static<typeof Constants> = {
  ...{ first_name: null, last_name: null, telephone: null, country: null, zipcode: null },
  ...{ suspended: false, two_factor_authentication_enabled: false, two_factor_authentication_locked: false },
  ...{ has_pro_zones: false, has_business_zones: false, has_enterprise_zones: false, betas: [], organizations: [] },
}

export const UserResult = Type.Object(
  { ...Described, ...Constant },
  {
    examples: [
      { id: '7c5dae5552338874e5053f2534d2767a', email: 'owner@example.com', created_on: '2026-01-15T09:30:00Z', ...userConstants },
    ],
  },
)

export type UserResult = Static<typeof UserResult>
