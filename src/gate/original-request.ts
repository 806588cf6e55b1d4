import type { IncomingMessage } from 'node:http'
import { hostName, type IsTrusted, isHost, peerAddress } from './peer.ts'

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
export function originalRequest(request: IncomingMessage, isTrusted: IsTrusted): OriginalRequest | undefined {
  const { headers, url = '', method = '' } = request
  const { host = '' } = headers
  // Envoy puts the original path behind the one that it is told to ask at.
  const path = url.startsWith(`${asking}/`) ? url.slice(asking.length) : undefined
  const isEnvoys = path !== undefined
  if (!isTrusted(peerAddress(request))) return agreed([host], [path], [method], isEnvoys)
  const said = (name: string) => headers[name] as string | undefined
  // ingress-nginx sends a URL, others only a path under the same name.
  const whole = said('x-original-url')
  const [, hostInUrl, pathInUrl] = /^https?:\/\/([^/?#]+)(\/.*)?$/i.exec(whole ?? '') ?? [undefined, undefined, whole]
  const hosts = [said('x-forwarded-host'), hostInUrl, path && host].filter((claim) => claim !== undefined)
  const methods = [said('x-forwarded-method'), said('x-original-method')].filter((claim) => claim !== undefined)
  return agreed(
    hosts.length === 0 ? [host] : hosts,
    [path, said('x-forwarded-uri'), said('x-original-uri'), pathInUrl],
    methods.length === 0 ? [method] : methods,
    isEnvoys,
  )
}

function agreed(
  hosts: readonly string[],
  targets: readonly (string | undefined)[],
  methods: readonly string[],
  isEnvoys: boolean,
): OriginalRequest | undefined {
  if (!hosts.every(isHost) || !methods.every((method) => oneMethod.test(method))) return undefined
  const [host = '', ...otherHosts] = new Set(hosts.map(hostName))
  const [method = '', ...otherMethods] = new Set(methods)
  const [target = '', ...otherTargets] = new Set(targets.filter((claim) => claim !== undefined))
  if (otherHosts.length > 0 || otherMethods.length > 0 || otherTargets.length > 0) return undefined
  return target === '' || oneTarget.test(target) ? { host, target, method, isEnvoys } : undefined
}
