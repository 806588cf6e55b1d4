import { hostName, isHost } from './peer.ts'
import type { Head } from './request-head.ts'

/** A proxy's question, as it came. */
export interface Question {
  readonly url: string
  readonly method: string
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[]
  readonly head: Head
  /** Who is at the other end of the connection. */
  readonly peer: string
}

/** The request that a proxy asks about. */
export interface OriginalRequest {
  /** Lower case, without a port. */
  readonly host: string
  /** Path and query, as the client sent them. Empty where the proxy does not say: then nothing is found where paths matter. */
  readonly target: string
  readonly method: string
  /** Its path was in the path of the question. */
  readonly isEnvoys: boolean
}

const asking = '/authorize'

/** A header field's value that is one method (RFC 9110, section 5.6.2: a token). */
const oneMethod = /^[!#$%&'*+.^_`|~\w-]+$/
/** `X-Original-URL` as ingress-nginx sends it. */
const wholeUrl = /^https?:\/\/([^/?#]+)(\/.*)?$/i

/**
 * The request that is asked about; `undefined` where nobody can say which one it is, as headers are repeated, contradict each other or make no sense.
 * A peer that is not trusted can only ask about what is in its own request line and `Host`: nothing that the reverse proxy would not tell it.
 */
export function originalRequest({ url, method, head }: Question, isTrusted: boolean): OriginalRequest | undefined {
  const { host = '' } = head
  // Envoy puts the original path behind the one that it is told to ask at.
  const path = url.startsWith(asking) && url[asking.length] === '/' ? url.slice(asking.length) : undefined
  const isEnvoys = path !== undefined
  if (!isTrusted || !claims(head)) return read(host, path, method, isEnvoys)
  // ingress-nginx sends a URL, others only a path under the same name.
  const inUrl = head.originalUrl === undefined ? null : wholeUrl.exec(head.originalUrl)
  const pathInUrl = inUrl === null ? head.originalUrl : inUrl[2]
  const claimed = both(nameIn(head.forwardedHost), both(nameIn(inUrl?.[1]), isEnvoys ? nameIn(host) : undefined))
  const target = both(both(path, head.forwardedUri), both(head.originalUri, pathInUrl))
  const asked = both(head.forwardedMethod, head.originalMethod)
  if (claimed === null || target === null || asked === null) return undefined
  return read(claimed ?? host, target, asked ?? method, isEnvoys)
}

/** Whether a proxy says anything of another request than the one that it sends. */
function claims({ forwardedHost, forwardedUri, forwardedMethod, originalUrl, originalUri, originalMethod }: Head): boolean {
  return (forwardedHost ?? forwardedUri ?? forwardedMethod ?? originalUrl ?? originalUri ?? originalMethod) !== undefined
}

/** What both claims say that say something; `null` where they contradict each other, or one of them makes no sense. */
function both(one: string | undefined | null, other: string | undefined | null): string | undefined | null {
  if (one === undefined || one === other) return other
  return other === undefined ? one : null
}

/** The host that a claim names; `null` where that makes no sense. */
function nameIn(claim: string | undefined): string | undefined | null {
  if (claim === undefined) return undefined
  return isHost(claim) ? hostName(claim) : null
}

function read(host: string, target = '', method: string, isEnvoys: boolean): OriginalRequest | undefined {
  if (!isHost(host) || (method !== 'GET' && !oneMethod.test(method)) || (target !== '' && !isTarget(target))) return undefined
  return { host: hostName(host), target, method, isEnvoys }
}

const [slash, space, noBreakSpace] = [0x2f, 0x20, 0xa0]

/** Whether it is a path with its query. None contains a space: Node joins headers that are repeated with one. */
function isTarget(text: string): boolean {
  if (text.charCodeAt(0) !== slash) return false
  for (let at = 1; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code <= space || code === noBreakSpace) return false
  }
  return true
}
