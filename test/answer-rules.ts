import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { openApiDocument } from '../src/api/openapi.ts'

/** What a server answered, as its client saw it. */
export interface ObservedAnswer {
  readonly method: string
  readonly url: string
  readonly status: number
  readonly headers: Readonly<Record<string, unknown>>
  readonly body: string
}

type Json = Readonly<Record<string, unknown>>

interface Response {
  readonly headers: Json
  readonly content: { readonly 'application/json': { readonly schema: Json } }
}

interface Document {
  readonly servers: readonly { readonly url: string }[]
  readonly paths: Readonly<Record<string, Readonly<Record<string, { readonly responses: Readonly<Record<string, object>> }>>>>
  readonly components: {
    readonly schemas: Readonly<Record<string, Json>>
    readonly responses: Readonly<Record<string, Response>>
    readonly headers: Readonly<Record<string, { readonly required?: true; readonly schema: Json }>>
  }
}

/** The headers with a meaning: an answer has them only where the document says so. */
const meaningful = /^(?:etag|idempotent-replayed|x-ratelimit-.*|retry-after|allow|location|set-cookie)$/

/** Says what of an answer below `/client/v4` is not as the document of the API has it; nothing when all is. */
export function createAnswerRules(): (answer: ObservedAnswer) => readonly string[] {
  const document = openApiDocument() as unknown as Document
  const { paths, components } = document
  const base = document.servers[0]?.url ?? ''
  const ajv = new Ajv2020({ allErrors: true, strictTypes: false })
  for (const [name, schema] of Object.entries(components.schemas)) ajv.addSchema(closed(schema), name)
  const compiled = new WeakMap<object, ValidateFunction>()

  function errorsIn(schema: Json, value: unknown, at: string): readonly string[] {
    const validate = compiled.get(schema) ?? ajv.compile(closed(schema))
    compiled.set(schema, validate)
    if (validate(value)) return []
    return (validate.errors ?? []).map(({ instancePath, message, params }) => `${at}${instancePath} ${message} ${JSON.stringify(params)}`)
  }

  /** The responses by status that the document has for a request; `undefined` for a path that it does not have. */
  function documented(method: string, path: string): Readonly<Record<string, object>> | undefined {
    const segments = path.split('/')
    const fits = (template: string) => {
      const parts = template.split('/')
      return (
        parts.length === segments.length &&
        parts.every((part, index) => (part.startsWith('{') ? segments[index] : part === segments[index]))
      )
    }
    // As in the server, a name goes before a parameter.
    const [template] = Object.keys(paths)
      .filter(fits)
      .toSorted((a, b) => a.split('{').length - b.split('{').length)
    const operations = template === undefined ? undefined : paths[template]
    return operations && (operations[method.toLowerCase()]?.responses ?? elsewhere.noMethod)
  }

  const elsewhere = {
    noRoute: { 404: components.responses['Refused404NoRoute'] ?? {} },
    // A parameter that is none leads nowhere, whatever the method.
    noMethod: { 404: components.responses['Refused404NoRoute'] ?? {}, 405: components.responses['Refused405MethodNotAllowed'] ?? {} },
  }

  function resolve(response: object): Response {
    const name = '$ref' in response ? String(response.$ref).split('/').at(-1) : undefined
    return (name === undefined ? response : components.responses[name]) as Response
  }

  function headerErrors(described: Json, given: ObservedAnswer['headers']): readonly string[] {
    const known = Object.entries(described).map(([name, reference]) => {
      const key = String((reference as { readonly $ref: string }).$ref.split('/').at(-1))
      return [name, components.headers[key]] as const
    })
    const wrong = known.flatMap(([name, header]) => {
      if (given[name] === undefined) return header?.required ? [`header ${name} is missing`] : []
      const value = header?.schema['type'] === 'integer' ? Number(given[name]) : given[name]
      return errorsIn(header?.schema ?? {}, value, `header ${name}`)
    })
    const unnamed = Object.keys(given).filter((name) => meaningful.test(name) && !(name in described))
    return [...wrong, ...unnamed.map((name) => `header ${name} is not documented`)]
  }

  return ({ method, url, status, headers, body }) => {
    const path = (url.split('?', 1)[0] ?? '').slice(base.length)
    const responses = documented(method, path)
    if (method === 'OPTIONS' && responses !== undefined && status === 204) {
      return body === '' && typeof headers['allow'] === 'string' ? [] : ['OPTIONS answers with Allow and without a body']
    }
    const response = (responses ?? elsewhere.noRoute)[status as 404]
    if (response === undefined) return [`status ${status} is not documented`]
    const { headers: described, content } = resolve(response)
    const type = headers['content-type']
    return [
      ...(type === 'application/json' ? [] : [`content-type is ${String(type)}`]),
      ...headerErrors(described, headers),
      ...errorsIn(content['application/json'].schema, parsed(body), 'body'),
    ]
  }
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    return undefined
  }
}

/** The schema without room for fields that it does not name. The document leaves that room, so that clients are ready for new ones. */
export function closed(schema: unknown): Json {
  const entries = Object.entries(schema as Json).map(([keyword, value]): readonly [string, unknown] => {
    if (keyword === '$ref') return [keyword, String(value).split('/').at(-1)]
    if (keyword === 'properties')
      return [keyword, Object.fromEntries(Object.entries(value as Json).map(([name, of]) => [name, closed(of)]))]
    if (keyword === 'items' || (keyword === 'additionalProperties' && typeof value === 'object')) return [keyword, closed(value)]
    if (keyword === 'anyOf' || keyword === 'allOf') return [keyword, (value as readonly unknown[]).map(closed)]
    return [keyword, value]
  })
  const open = Object.fromEntries(entries)
  return open['type'] === 'object' && open['additionalProperties'] === undefined ? { ...open, additionalProperties: false } : open
}
