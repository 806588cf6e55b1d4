import fc from 'fast-check'
import type { TSchema } from 'typebox'

/** What a schema may say, as far as the wire uses it. */
interface Schema {
  readonly type?: string
  readonly const?: unknown
  readonly enum?: readonly unknown[]
  readonly anyOf?: readonly Schema[]
  readonly not?: unknown
  readonly items?: Schema
  readonly properties?: Readonly<Record<string, Schema>>
  readonly patternProperties?: Readonly<Record<string, Schema>>
  readonly required?: readonly string[]
  readonly minimum?: number
  readonly maximum?: number
  readonly minItems?: number
}

/** What the texts of a schema may be, beyond what it says of them. */
export interface Words {
  /** Texts that mean something somewhere: most patterns and most rules are met by one of them. */
  readonly any: readonly string[]
  /** Values for fields whose rules are met by little else, by their names. */
  readonly byField: Readonly<Record<string, fc.Arbitrary<unknown>>>
}

/** Values that a schema describes, and values that it nearly describes. */
export function anyOf(schema: TSchema, words: Words): fc.Arbitrary<unknown> {
  return nearly(schema as Schema, words)
}

const wild = fc.oneof(
  fc.jsonValue({ maxDepth: 2 }),
  fc.string({ unit: 'binary', maxLength: 30 }),
  fc.constantFrom<unknown>(null, '', -1, 0, 1e308, 2 ** 53, [], {}, '0', '\u0000', 'a'.repeat(5000)),
)

function nearly(schema: Schema, words: Words): fc.Arbitrary<unknown> {
  return fc.oneof({ arbitrary: exactly(schema, words), weight: 30 }, { arbitrary: wild, weight: 1 })
}

function exactly(schema: Schema, words: Words): fc.Arbitrary<unknown> {
  if ('const' in schema) return fc.constant(schema.const)
  if (schema.enum) return fc.constantFrom(...schema.enum)
  if (schema.anyOf) return fc.oneof(...schema.anyOf.map((one) => nearly(one, words)))
  if (schema.not) return wild
  switch (schema.type) {
    case 'string':
      return fc.oneof({ arbitrary: fc.constantFrom(...words.any), weight: 4 }, { arbitrary: fc.string({ maxLength: 20 }), weight: 1 })
    case 'integer':
    case 'number':
      return fc.integer({ min: schema.minimum ?? -5, max: Math.min(schema.maximum ?? 1000, (schema.minimum ?? 0) + 1000) })
    case 'boolean':
      return fc.boolean()
    case 'null':
      return fc.constant(null)
    case 'array':
      return fc.array(nearly(schema.items ?? {}, words), { minLength: schema.minItems ?? 0, maxLength: 3 })
    case 'object':
      return anObject(schema, words)
    default:
      return wild
  }
}

function anObject({ properties, patternProperties, required = [] }: Schema, words: Words): fc.Arbitrary<object> {
  const values = Object.values(patternProperties ?? {})
  if (properties === undefined && values[0]) return fc.dictionary(fc.constantFrom(...words.any), nearly(values[0], words), { maxKeys: 3 })
  const fields = Object.entries(properties ?? {})
  const optional = fields.map(([name]) => name).filter((name) => !required.includes(name))
  const whole = fc.record(Object.fromEntries(fields.map(([name, schema]) => [name, ofField(name, schema, words)])))
  // Few optional fields at a time: each may be wrong, and one wrong field spoils the whole.
  return fc.tuple(whole, fc.subarray(optional, { maxLength: Math.min(2, optional.length) }), fc.boolean()).map(([all, some, isWhole]) => {
    const names = isWhole ? [...required, ...some] : some
    return Object.fromEntries(Object.entries(all).filter(([name]) => names.includes(name)))
  })
}

function ofField(name: string, schema: Schema, words: Words): fc.Arbitrary<unknown> {
  const known = words.byField[name]
  return known ? fc.oneof({ arbitrary: known, weight: 20 }, { arbitrary: nearly(schema, words), weight: 1 }) : nearly(schema, words)
}
