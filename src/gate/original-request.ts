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
/** A path with its query. None contains a space: Node joins headers that are repeated with one. */
const oneTarget = /^\/[^\s]*$/

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
  const { originalUrl: whole } = head
  const [, hostInUrl, pathInUrl] = (whole !== undefined && /^https?:\/\/([^/?#]+)(\/.*)?$/i.exec(whole)) || [undefined, undefined, whole]
  const hosts = [head.forwardedHost, hostInUrl, path && host]
  if (!hosts.every((claim) => claim === undefined || isHost(claim))) return undefined
  const agreedHost = agreed(hosts.map((claim) => claim && hostName(claim)))
  const target = agreed([path, head.forwardedUri, head.originalUri, pathInUrl])
  const agreedMethod = agreed([head.forwardedMethod, head.originalMethod])
  if (agreedHost === null || target === null || agreedMethod === null) return undefined
  return read(agreedHost ?? host, target, agreedMethod ?? method, isEnvoys)
}

/** Whether a proxy says anything of another request than the one that it sends. */
function claims({ forwardedHost, forwardedUri, forwardedMethod, originalUrl, originalUri, originalMethod }: Head): boolean {
  return (forwardedHost ?? forwardedUri ?? forwardedMethod ?? originalUrl ?? originalUri ?? originalMethod) !== undefined
}

/** What all claims say that say something; `null` where they contradict each other. */
function agreed(claims: readonly (string | undefined)[]): string | undefined | null {
  let said: string | undefined
  for (const claim of claims) {
    if (claim === undefined || claim === said) continue
    if (said !== undefined) return null
    said = claim
  }
  return said
}

function read(host: string, target = '', method: string, isEnvoys: boolean): OriginalRequest | undefined {
  if (!isHost(host) || !oneMethod.test(method) || (target !== '' && !oneTarget.test(target))) return undefined
  return { host: hostName(host), target, method, isEnvoys }
}
