import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Static, Type } from 'typebox'
import { Compile } from 'typebox/compile'
import { parseJsonBody } from '../../src/api/json-body.ts'
import { misuseOfMatchers } from './matchers.ts'

// One recorded exchange per file: what is asked, and the whole of what is answered. contract/README.md explains the fields.

const strict = { additionalProperties: false }
const Text = Type.String({ minLength: 1 })
const Repeated = Type.Object({ $repeat: Type.String(), times: Type.Integer() }, strict)
const Headers = Type.Record(Type.String(), Type.Union([Type.String(), Repeated]))
const Name = Type.String({ pattern: '^[a-z_]+$' })
const Move = Type.String({ pattern: '^\\+[0-9.hms]+$' })

const roles = ['api_token', 'account_token', 'reader', 'other_account', 'owner', 'nobody'] as const
export type Role = (typeof roles)[number]

const Request = Type.Object(
  {
    method: Type.Enum(['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS']),
    /** Below `/client/v4`, already percent-encoded. */
    path: Type.String({ pattern: '^/' }),
    /** The installation's first API token when left out. */
    credentials: Type.Optional(Type.Union([Type.Enum([...roles]), Headers])),
    headers: Type.Optional(Headers),
    /** JSON; `{"raw": "…"}` is sent as it stands, and without a content type. */
    body: Type.Optional(Type.Unknown()),
  },
  strict,
)

const scopes = Type.Enum(['accounts', 'zones', 'user'])

/** What happens before. Each step does one thing. */
const Step = Type.Object(
  {
    /** Makes a service token of this body, in the scope of the run or in another. */
    create: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    in: Type.Optional(scopes),
    /** Anything else that must succeed, or be answered with `status`. */
    request: Type.Optional(Request),
    status: Type.Optional(Type.Integer()),
    /** Lets time pass. */
    clock: Type.Optional(Move),
    /** The gate has stored that this service token was used now. */
    used: Type.Optional(Text),
    /** The gate has stored a machine's request in the access log of the account. */
    machine_request: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** Gates have stored these counts of the present hour. */
    counted: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    /** The name under which later steps find the result. */
    as: Type.Optional(Name),
    times: Type.Optional(Type.Integer({ minimum: 2, maximum: 20 })),
  },
  strict,
)

const Exchange = Type.Object(
  {
    /** What this guarantees, in one sentence. */
    about: Type.String({ minLength: 10, maxLength: 200 }),
    /** A section of reference/cloudflare-access.md and how it knows: D documented, C seen in clients, M measured, I inferred, or Postern's decision. */
    source: Type.String({ pattern: '^(?:§[1-8]|SDK|Postern)(?: (?:[DCMI]|Postern)(?:, (?:[DCMI]|Postern))*)?$' }),
    /** Where it holds: `{scope}` in the paths stands for each in turn. */
    scopes: Type.Optional(Type.Array(scopes, { minItems: 1, uniqueItems: true })),
    /** Postern's name for the refusal. */
    failure: Type.Optional(Name),
    given: Type.Optional(Type.Array(Step)),
    /** How much time passes before the request. */
    clock: Type.Optional(Move),
    request: Request,
    expect: Type.Object(
      {
        status: Type.Integer({ minimum: 200, maximum: 599 }),
        headers: Type.Optional(Type.Record(Type.String({ pattern: '^[a-z-]+$' }), Type.Unknown())),
        /** The whole body; none at all when left out. */
        body: Type.Optional(Type.Unknown()),
      },
      strict,
    ),
  },
  strict,
)

const form = Compile(Exchange)

export type Request = Static<typeof Request>
export type Step = Static<typeof Step>
export type Scope = Static<typeof scopes>
export interface Exchange extends Static<typeof Exchange> {
  /** Its path below `contract/`. */
  readonly file: string
}

const contractFolder = join(import.meta.dirname, '../../contract')

/** All exchanges in a folder, by their names. Throws, with the name of the file, for one that is not of the form above. */
export function readExchanges(folder = contractFolder): readonly Exchange[] {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
  return files.toSorted().map((file) => ({ file, ...parseExchange(file, readFileSync(join(folder, file))) }))
}

function parseExchange(file: string, bytes: Uint8Array): Static<typeof Exchange> {
  const problem = (message: string) => new Error(`contract/${file}: ${message}`)
  let content: unknown
  try {
    content = parseJsonBody('application/json', bytes)
  } catch (error) {
    throw problem(String(error))
  }
  const [wrong] = form.Check(content) ? [] : form.Errors(content)
  if (wrong !== undefined) {
    const names = 'additionalProperties' in wrong.params ? `: ${JSON.stringify(wrong.params.additionalProperties)}` : ''
    throw problem(`${wrong.instancePath || 'the whole'} ${wrong.message}${names}`)
  }
  const exchange = content as Static<typeof Exchange>
  const complaint = complaintAbout(exchange)
  if (complaint !== undefined) throw problem(complaint)
  return exchange
}

const deeds = ['create', 'request', 'clock', 'used', 'machine_request', 'counted'] as const

/** What the schema cannot say. */
function complaintAbout(exchange: Static<typeof Exchange>): string | undefined {
  const { scopes: named, failure, given = [], expect } = exchange
  const wrong = given.findIndex((step) => deeds.filter((deed) => step[deed] !== undefined).length !== 1)
  if (wrong !== -1) return `given/${wrong} must have exactly one of ${deeds.join(', ')}`
  if (JSON.stringify(exchange).includes('{scope}') !== (named !== undefined)) return '"scopes" and {scope} need each other'
  if (expect.status >= 400 !== (failure !== undefined)) return '"failure" and a status from 400 need each other'
  return misuseOfMatchers(expect.headers ?? {}) ?? misuseOfMatchers(expect.body)
}

/** Each exchange once for every scope that it holds in. */
export function runsOf(exchange: Exchange): readonly Scope[] {
  return exchange.scopes ?? ['accounts']
}
