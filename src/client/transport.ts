import type { Envelope, ErrorItem } from '../wire/envelope.ts'

/** What a caller shows of itself, with every request. */
export type Credentials =
  | { readonly kind: 'api_token'; readonly value: string }
  | { readonly kind: 'api_key'; readonly email: string; readonly key: string }

export interface TransportOptions {
  /** Where the API is, without `/client/v4`; empty for the host that a page came from. */
  readonly baseUrl: string
  /** What is shown with each request; asked for each time, where it may change. */
  readonly credentials: Credentials | (() => Credentials)
  readonly fetch?: typeof fetch
}

export interface Answer<Result> {
  readonly result: Result
  /** `result_info`: what is said beside a part of a list. */
  readonly info: unknown
}

type Value = string | number | boolean | undefined
export type Query = Readonly<Record<string, Value | readonly string[]>>

export interface Demand {
  readonly method?: 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  readonly query?: Query
  readonly body?: object
  /** Makes a repetition of this request answer what the first one did (`Idempotency-Key`). */
  readonly attempt?: string | undefined
  readonly signal?: AbortSignal | undefined
}

export type Transport = <Result>(path: string, demand?: Demand) => Promise<Answer<Result>>

/** The API refused, or could not be reached (`status` 0). The message is meant for people. */
export class ApiError extends Error {
  override readonly name = 'ApiError'
  readonly status: number
  readonly errors: readonly ErrorItem[]
  /** Seconds after which it is worth trying again, where the API said so. */
  readonly retryAfter: number | undefined

  constructor(status: number, message: string, errors: readonly ErrorItem[] = [], retryAfter?: number) {
    super(message)
    this.status = status
    this.errors = errors
    this.retryAfter = retryAfter
  }
}

/** Asks below `/client/v4`, and answers with the envelope's result. Fails with `ApiError`, or with an `AbortError` where the caller gave up. */
export function createTransport({ baseUrl, credentials, fetch: send = fetch }: TransportOptions): Transport {
  return async <Result>(path: string, { method, query, body, attempt, signal }: Demand = {}) => {
    const request: RequestInit = {
      method: method ?? 'GET',
      headers: {
        ...headersOf(typeof credentials === 'function' ? credentials() : credentials),
        ...(body && { 'content-type': 'application/json' }),
        ...(attempt !== undefined && { 'idempotency-key': attempt }),
      },
      ...(body && { body: JSON.stringify(body) }),
      ...(signal && { signal }),
    }
    const response = await send(`${baseUrl}/client/v4${path}${searchOf(query)}`, request).catch((error: unknown) => {
      if (signal?.aborted) throw error
      throw new ApiError(0, 'The API cannot be reached.')
    })
    const envelope = (await response.json().catch(() => undefined)) as Envelope<Result> | undefined
    if (envelope === undefined) throw new ApiError(response.status, `The API answered with ${response.status} and no JSON.`)
    if (!envelope.success) throw refused(response, envelope)
    return { result: envelope.result as Result, info: envelope.result_info }
  }
}

function headersOf(credentials: Credentials): Record<string, string> {
  if (credentials.kind === 'api_token') return { authorization: `Bearer ${credentials.value}` }
  return { 'x-auth-email': credentials.email, 'x-auth-key': credentials.key }
}

function searchOf(query: Query = {}): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((one) => (one === undefined || one === '' ? [] : [[name, String(one)] as [string, string]])),
  )
  return pairs.length === 0 ? '' : `?${new URLSearchParams(pairs)}`
}

/** The texts of the API, without the names for programs before them. */
function refused({ status, headers }: Response, { errors, messages }: Envelope<unknown>): ApiError {
  const texts = [...errors, ...messages].map(({ message }) => message.replace(/^access\.api\.error\.[a-z_]+(?:: )?/, '')).filter(Boolean)
  const message = texts.length === 0 ? (wordings[status] ?? `The API refused with ${status}.`) : texts.join('. ')
  const retryAfter = Number(headers.get('retry-after') ?? Number.NaN)
  return new ApiError(status, message, errors, Number.isFinite(retryAfter) ? retryAfter : undefined)
}

const wordings: Readonly<Record<number, string>> = { 404: 'There is no such thing, or it is gone.' }
