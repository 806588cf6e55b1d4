import type { IncomingMessage, ServerResponse } from 'node:http'
import { presentedIn } from './credentials.ts'
import type { Decide } from './decide.ts'
import { hostName, type IsTrusted, peerAddress, singleHeader } from './peer.ts'
import { refuse } from './refusal.ts'

/** Answers a proxy that asks whether to let a request through: 200, or the refusal to hand on. Any method, and no body. */
export function createForwardAuth({ decide, isTrusted }: { decide: Decide; isTrusted: IsTrusted }) {
  return (request: IncomingMessage, response: ServerResponse, ray: string): void => {
    const verdict = decide(hostAskedFor(request, isTrusted), presentedIn(request.rawHeaders))
    if (verdict.admitted) response.writeHead(200, { 'content-length': 0, 'cache-control': 'no-store', 'cf-ray': ray }).end()
    else refuse(request, response, verdict.status, ray, verdict.application)
  }
}

/** The host of the request that the proxy asks about: `X-Forwarded-Host` from a trusted proxy, else `Host`. */
function hostAskedFor(request: IncomingMessage, isTrusted: IsTrusted): string {
  const forwarded = isTrusted(peerAddress(request)) ? singleHeader(request, 'x-forwarded-host') : undefined
  return hostName(forwarded ?? request.headers.host)
}
