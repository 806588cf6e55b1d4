import type { IncomingMessage, ServerResponse } from 'node:http'
import { presentedIn } from './credentials.ts'
import type { Decide } from './decide.ts'
import { hostName, type IsTrusted, peerAddress } from './peer.ts'
import { refuse } from './refusal.ts'
import type { NoteRequest } from './request-log.ts'

export interface ForwardAuthDeps {
  readonly decide: Decide
  readonly noteRequest: NoteRequest
  readonly isTrusted: IsTrusted
}

/** Answers a proxy that asks whether to let a request through: 200, or the refusal to hand on. Any method, and no body. */
export function createForwardAuth({ decide, noteRequest, isTrusted }: ForwardAuthDeps) {
  return (request: IncomingMessage, response: ServerResponse, ray: string): void => {
    const host = hostAskedFor(request, isTrusted)
    // A proxy that adds its host to the one that the client claimed: whose application it asks for, nobody can say.
    if (host.includes(',')) return refuse(request, response, 400, ray, null)
    const verdict = decide(hostName(host), presentedIn(request.rawHeaders))
    noteRequest(request, verdict, ray)
    if (verdict.admitted) response.writeHead(200, { 'content-length': 0, 'cache-control': 'no-store', 'cf-ray': ray }).end()
    else refuse(request, response, verdict.status, ray, verdict.application)
  }
}

/** The host of the request that the proxy asks about: `X-Forwarded-Host` from a trusted proxy, else `Host`. */
function hostAskedFor(request: IncomingMessage, isTrusted: IsTrusted): string {
  const { 'x-forwarded-host': claimed, host = '' } = request.headers
  // Trust is looked up only where there is something to trust.
  if (claimed === undefined || !isTrusted(peerAddress(request))) return host
  return request.headersDistinct['x-forwarded-host']?.join() ?? host
}
