import { type TOptional, Type } from 'typebox'

// Fields of the original about people, their browsers and devices, or its network. There is nothing here that they could change.

const Nothing = [Type.Null(), Type.Literal(false), Type.Literal(''), Type.Array(Type.Unknown(), { maxItems: 0 })]

/** The values that say of such a field that it is not used. Terraform sends whole objects, so these must be let through. */
const Off = Type.Union([...Nothing, Type.Record(Type.String(), Type.Union(Nothing), { maxProperties: 20, additionalProperties: false })], {
  description: 'left out, or say nothing (null, false, "", [] or {}): it is about people or about the original\'s network',
})

/** Fields by these names, none of which may say anything. */
export function unused<const Names extends readonly string[]>(names: Names): { readonly [Name in Names[number]]: TOptional<typeof Off> } {
  return Object.fromEntries(names.map((name) => [name, Type.Optional(Off)])) as { [Name in Names[number]]: TOptional<typeof Off> }
}
