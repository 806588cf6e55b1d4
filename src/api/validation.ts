import type { Static, TObject, TSchema } from 'typebox'
import { Compile } from 'typebox/compile'
import { Check } from 'typebox/value'
import { Failure } from '../authority/failure.ts'
import { pointerTo } from './json-pointer.ts'

/** Checks a value and answers with it, typed, or throws a failure that names the field and says what would be right. */
export type Validator<Schema extends TObject> = (value: unknown) => Static<Schema>

/** For a request body. None at all counts as `{}`. */
export function createBodyValidator<Schema extends TObject>(schema: Schema): Validator<Schema> {
  const check = Compile(schema)
  return (value = {}) => {
    if (check.Check(value)) return value
    throw new Failure('invalid_request', objectionTo(schema, value))
  }
}

/** For the query of a URL, where everything is text: numbers are read as such. Parameters that are not in the schema are left out. */
export function createQueryValidator<Schema extends TObject>(schema: Schema): Validator<Schema> {
  const check = Compile(schema)
  const names = Object.keys(schema.properties)
  return (value) => {
    const given = value as Readonly<Record<string, unknown>>
    const known = Object.fromEntries(
      names.filter((name) => given[name] !== undefined).map((name) => [name, asNumber(schema, name, given[name])]),
    )
    if (check.Check(known)) return known
    throw new Failure('invalid_query', objectionTo(schema, known))
  }

  function asNumber(of: TObject, name: string, text: unknown): unknown {
    return typeof text === 'string' && typeOf(of, name) === 'integer' && /^\d{1,16}$/.test(text) ? Number(text) : text
  }
}

type Path = readonly (string | number)[]

interface Objection {
  readonly field?: string
  readonly message: string
}

function objectionTo(schema: TObject, value: unknown): Objection {
  const names = Object.keys(schema.properties)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return { message: 'the body must be a JSON object' }
  const given = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(given).find((name) => !names.includes(name))
  if (unknown !== undefined && (schema as { readonly additionalProperties?: unknown }).additionalProperties === false) {
    return { field: pointerTo([unknown]), message: `is not a field of this request, which may have: ${names.join(', ')}` }
  }
  for (const name of names) {
    const property = schema.properties[name]
    if (property === undefined) continue
    if (given[name] === undefined) {
      if (schema.required?.includes(name)) return { field: name, message: `is missing; it must be ${describe(property)}` }
    } else if (!Check(property, given[name])) {
      return objectionToPart(property, given[name], [name])
    }
  }
  return { message: 'the request does not have the documented form' }
}

interface Part {
  readonly anyOf?: readonly Part[]
  readonly type?: string
  readonly items?: Part
  readonly properties?: Readonly<Record<string, Part>>
  readonly required?: readonly string[]
  readonly description?: string
}

/** Of a list whose items say what they must be, it names the item; of such an item, its field. Of all else, the whole. */
function objectionToPart(schema: Part, value: unknown, path: Path): Objection {
  const { items } = alternativeFor(schema, value)
  if (!Array.isArray(value) || items?.description === undefined) return demand(schema, path)
  const index = value.findIndex((item) => !Check(items as TSchema, item))
  return index === -1 ? demand(schema, path) : objectionToItem(items, value[index], [...path, index])
}

function objectionToItem(schema: Part, value: unknown, path: Path): Objection {
  const { properties } = alternativeFor(schema, value)
  if (properties === undefined || typeof value !== 'object' || value === null) return demand(schema, path)
  const given = value as Readonly<Record<string, unknown>>
  const unknown = Object.keys(given).find((name) => !Object.hasOwn(properties, name))
  if (unknown !== undefined) {
    return { field: pointerTo([...path, unknown]), message: `is not known there: ${pointerTo(path)} must be ${describe(schema)}` }
  }
  for (const [name, property] of Object.entries(properties)) {
    if (given[name] !== undefined && !Check(property as TSchema, given[name]))
      return objectionToPart(property, given[name], [...path, name])
  }
  return demand(schema, path)
}

/** The only one of several schemas that is about values of this type, where there is just one. */
function alternativeFor(schema: Part, value: unknown): Part {
  const type = Array.isArray(value) ? 'array' : typeof value
  const fitting = schema.anyOf?.filter((one) => one.type === type) ?? []
  return fitting.length === 1 && fitting[0] !== undefined ? fitting[0] : schema
}

function demand(schema: Part, path: Path): Objection {
  return { field: pointerTo(path), message: `must be ${describe(schema)}` }
}

function typeOf(schema: TObject, name: string): unknown {
  return (schema.properties[name] as { readonly type?: unknown } | undefined)?.type
}

function describe(schema: unknown): string {
  return (schema as { readonly description?: string }).description ?? 'of the documented form'
}
