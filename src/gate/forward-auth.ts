import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Check, Passage } from './check.ts'
import { originalRequest } from './original-request.ts'
import { clientAddress, type IsTrusted, peerAddress } from './peer.ts'
import { isAwaited, refuse } from './refusal.ts'
import type { Head } from './request-head.ts'

export interface ForwardAuthDeps {
  readonly check: Check
  readonly isTrusted: IsTrusted
}

/** Whether a request to the gate is a proxy that asks about another one: at `/authorize`, or with the original path behind it, as Envoy does. */
export function isForwardAuth(path: string): boolean {
  return path.startsWith('/authorize') && (path.length === 10 || path[10] === '?' || path[10] === '/')
}

/** Answers a proxy that asks whether to let a request through: 200, or the refusal to hand on. Any method, and no body. */
export function createForwardAuth({ check, isTrusted }: ForwardAuthDeps) {
  return (request: IncomingMessage, response: ServerResponse, ray: string, head: Head): void | Promise<void> => {
    const peer = peerAddress(request)
    const original = originalRequest(request, head, isTrusted(peer))
    if (original === undefined) return refuse(request, response, 400, ray, null)
    const { host, target, method } = original
    const address = clientAddress(peer, head.forwardedFor, isTrusted)
    const asked = { host, target, method, address, rawHeaders: request.rawHeaders, cookie: head.cookie }
    const passage = check(asked, ray)
    if (!(passage instanceof Promise)) return answer(request, response, passage, ray, original.isEnvoys)
    return passage.then((late) => answer(request, response, late, ray, original.isEnvoys))
  }
}

function answer(request: IncomingMessage, response: ServerResponse, passage: Passage, ray: string, isEnvoys: boolean): void {
  if (!passage.admitted) return refuse(request, response, passage.status, ray, passage.application, passage.retryAfterSeconds)
  if (isAwaited(response)) response.writeHead(200, headersOf(passage, ray, isEnvoys)).end()
}

/** What goes on with the request: for the origin `Cf-Access-Jwt-Assertion`, for the client `Set-Cookie`. The proxy hands them over. */
function headersOf({ application: { tokenHeader }, assertion, setCookie }: Admission, ray: string, forEnvoy: boolean): string[] {
  // A flat list, which Node writes as it is: this is the answer to nearly every request.
  const headers = ['content-length', '0', 'cache-control', 'no-store', 'cf-ray', ray]
  if (assertion !== null) headers.push('cf-access-jwt-assertion', assertion)
  if (setCookie !== null) headers.push('set-cookie', setCookie)
  if (forEnvoy) headers.push('x-envoy-auth-headers-to-remove', namesToRemove(tokenHeader, assertion !== null).join())
  return headers
}

type Admission = Extract<Passage, { admitted: true }>

const credentials = ['cf-access-client-id', 'cf-access-client-secret', 'cf_access_client_id', 'cf_access_client_secret']
const forged = ['cf_access_jwt_assertion', 'cf-access-authenticated-user-email', 'cf-access-token']

/** What no origin is to see from the client. Envoy takes it out when it is told so; the other proxies are, in their configuration. */
function namesToRemove(tokenHeader: string | null, isVouchedFor: boolean): string[] {
  const others = [...(isVouchedFor ? [] : ['cf-access-jwt-assertion']), ...(tokenHeader === null ? [] : [tokenHeader])]
  return [...credentials, ...forged, ...others]
}
