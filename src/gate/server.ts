import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import { presentedIn } from './credentials.ts'
import type { Decide } from './decide.ts'
import { createForwardAuth } from './forward-auth.ts'
import { hasSeveralHosts, hostName, type IsTrusted } from './peer.ts'
import { refuse } from './refusal.ts'
import type { NoteRequest } from './request-log.ts'
import type { ReverseProxy } from './reverse-proxy.ts'

export interface GateDeps {
  readonly decide: Decide
  readonly noteRequest: NoteRequest
  readonly reverseProxy: ReverseProxy
  readonly isTrusted: IsTrusted
  readonly rayIds: () => string
}

/** The gate's listener: `/authorize` is forward-auth, `/cdn-cgi/access/` is the gate's own, everything else goes through the reverse proxy. */
export function createGate({ decide, noteRequest, reverseProxy, isTrusted, rayIds }: GateDeps): Server {
  const forwardAuth = createForwardAuth({ decide, noteRequest, isTrusted })
  // A body may take as long as it takes; only the headers must come soon.
  return createServer({ requestTimeout: 0, headersTimeout: 30_000 }, (request, response) => {
    const ray = rayIds()
    const path = request.url ?? ''
    // Absolute-form and asterisk-form, or two hosts: what that means for the origin is anybody's guess.
    if (!path.startsWith('/') || hasSeveralHosts(request)) return refuse(request, response, 400, ray, null)
    if (path === '/authorize' || path.startsWith('/authorize?')) return forwardAuth(request, response, ray)
    if (path.startsWith('/cdn-cgi/access/')) return refuse(request, response, 404, ray, null)
    return throughProxy(request, response, ray)
  })

  function throughProxy(request: IncomingMessage, response: ServerResponse, ray: string): void {
    const verdict = decide(hostName(request.headers.host), presentedIn(request.rawHeaders))
    noteRequest(request, verdict, ray)
    if (verdict.admitted) void reverseProxy.forward(request, response, verdict.application, ray)
    else refuse(request, response, verdict.status, ray, verdict.application)
  }
}
