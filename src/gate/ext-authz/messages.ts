import type { Passage } from '../check.ts'
import type { Asked } from '../decide.ts'
import { hostName, isHost } from '../peer.ts'
import { type RefusalStatus, refusal } from '../refusal.ts'
import { asksForJson } from '../request-head.ts'

// Envoy's messages, as authorization.proto has them and @grpc/proto-loader reads them: what is absent is null, lists and maps are never.

export interface CheckRequest {
  readonly attributes: {
    readonly source: { readonly address: { readonly socketAddress: { readonly address: string } | null } | null } | null
    readonly request: { readonly http: HttpRequest | null } | null
  } | null
}

interface HttpRequest {
  readonly method: string
  readonly headers: Readonly<Record<string, string>>
  readonly path: string
  readonly host: string
  readonly headerMap: { readonly headers: readonly HeaderValue[] } | null
}

interface HeaderValue {
  readonly key: string
  readonly value?: string
  readonly rawValue?: Uint8Array
}

interface HeaderValueOption {
  readonly header: HeaderValue
  readonly append: { readonly value: boolean }
}

export interface CheckResponse {
  readonly status: { readonly code: number }
  readonly deniedResponse?: {
    readonly status: { readonly code: number }
    readonly headers: readonly HeaderValueOption[]
    readonly body: string
  }
  readonly okResponse?: {
    readonly headers: readonly HeaderValueOption[]
    readonly headersToRemove: readonly string[]
    readonly responseHeadersToAdd: readonly HeaderValueOption[]
  }
}

/** google.rpc.Code, for each status of a refusal that Envoy can be given. */
const codes: { readonly [Status in RefusalStatus]?: number } = { 400: 3, 401: 16, 403: 7, 503: 14 }

/** Envoy joins repeated headers with commas, which neither of these can contain. */
const credentials: ReadonlySet<string> = new Set(['cf-access-client-id', 'cf-access-client-secret'])
const sessionCookie = 'CF_Authorization'

/** The request that Envoy asks about; `undefined` where it is none over HTTP, or names no host that could be relied on. */
export function askedIn({ attributes }: CheckRequest): Asked | undefined {
  const http = attributes?.request?.http ?? null
  if (http === null || !isHost(http.host) || (http.path !== '' && !/^\/\S*$/.test(http.path))) return undefined
  const rawHeaders = http.headerMap === null ? joinedHeaders(http.headers) : http.headerMap.headers.flatMap(pairOf)
  const cookies = rawHeaders.filter((_value, at) => at % 2 === 1 && rawHeaders[at - 1] === 'cookie')
  return {
    ...{ host: hostName(http.host), target: http.path, method: http.method, rawHeaders },
    // Envoy has gone past the proxies before it already, as many as it is told to trust.
    address: attributes?.source?.address?.socketAddress?.address ?? '',
    cookie: cookies.length === 0 ? undefined : cookies.join('; '),
  }
}

function joinedHeaders(headers: HttpRequest['headers']): string[] {
  return Object.entries(headers).flatMap(([name, value]) =>
    (credentials.has(name) ? value.split(',') : [value]).flatMap((single) => [name, single]),
  )
}

/** Bytes as Node reads them from a connection. */
function pairOf({ key, value = '', rawValue = new Uint8Array() }: HeaderValue): [string, string] {
  return [key.toLowerCase(), rawValue.length === 0 ? value : Buffer.from(rawValue).toString('latin1')]
}

/** Lets the request on, with the assertion and without credentials, or refuses it in the gate's own words. */
export function answerTo({ rawHeaders, cookie }: Asked, passage: Passage, ray: string): CheckResponse {
  if (!passage.admitted) return denial(passage.status, rawHeaders, ray, passage.application, passage.retryAfterSeconds)
  const { application, assertion, setCookie } = passage
  const removed = namesToRemove(rawHeaders, application.tokenHeader, assertion !== null)
  const headers = assertion === null ? [] : [header('cf-access-jwt-assertion', assertion)]
  const others = otherCookies(cookie)
  if (cookie !== undefined && others === '') removed.push('cookie')
  else if (others !== (cookie ?? '')) headers.push(header('cookie', others))
  const responseHeadersToAdd = setCookie === null ? [] : [header('set-cookie', setCookie, true)]
  return { status: { code: 0 }, okResponse: { headers, headersToRemove: removed, responseHeadersToAdd } }
}

export function denial(
  status: RefusalStatus,
  rawHeaders: readonly string[],
  ray: string,
  application: Parameters<typeof refusal>[3],
  retryAfterSeconds?: number,
): CheckResponse {
  const { headers, body } = refusal(asksForJson(rawHeaders), status, ray, application, retryAfterSeconds)
  const options = headers.flatMap((name, at) => (at % 2 === 0 ? header(name, headers[at + 1] ?? '') : []))
  return { status: { code: codes[status] ?? 2 }, deniedResponse: { status: { code: status }, headers: options, body } }
}

/** In place of what there is under this name, or besides it. */
function header(key: string, value: string, besides = false): HeaderValueOption {
  return { header: { key, value }, append: { value: besides } }
}

/** All that an origin could take for the gate's word, in any spelling that CGI cannot tell from it. */
function namesToRemove(rawHeaders: readonly string[], tokenHeader: string | null, isVouchedFor: boolean): string[] {
  const names = rawHeaders.filter((_name, at) => at % 2 === 0)
  return [...new Set(names)].filter((name) => {
    if (name === 'cf-access-jwt-assertion') return !isVouchedFor
    const spelling = name.replaceAll('_', '-')
    return spelling.startsWith('cf-access-') || spelling === tokenHeader?.toLowerCase().replaceAll('_', '-')
  })
}

/** All but the one that the gate keeps a session in. */
function otherCookies(cookie = ''): string {
  if (!cookie.includes(sessionCookie)) return cookie
  const pairs = cookie.split(';').map((pair) => pair.trim())
  return pairs.filter((pair) => pair.split('=', 1)[0]?.trim() !== sessionCookie).join('; ')
}
