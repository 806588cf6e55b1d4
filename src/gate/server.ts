import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Log } from '../authority/ports.ts'
import { createAccessPaths } from './access-paths.ts'
import type { Certs } from './certs.ts'
import type { Check, Passage } from './check.ts'
import { createContainment } from './containment.ts'
import type { Asked } from './decide.ts'
import { createForwardAuth, isForwardAuth } from './forward-auth.ts'
import { createListener, type ListenerOptions } from './listener.ts'
import type { OpenConnections } from './open-connections.ts'
import { clientAddress, hostName, type IsTrusted, namesOneHost } from './peer.ts'
import { isAwaited, refuse } from './refusal.ts'
import type { Admitted } from './reverse-proxy/admitted.ts'
import type { ReverseProxy } from './reverse-proxy.ts'
import { responseOn } from './socket-response.ts'

export interface GateDeps {
  readonly check: Check
  readonly certs: Certs
  readonly log: Log
  readonly reverseProxy: ReverseProxy
  readonly openConnections: Pick<OpenConnections, 'watch'>
  readonly isTrusted: IsTrusted
  readonly rayIds: () => string
  readonly listener?: ListenerOptions
}

/** The gate's listener: `/authorize` is forward-auth, `/cdn-cgi/access/` is the gate's own, everything else goes through the reverse proxy. */
export function createGate({ check, certs, log, reverseProxy, openConnections, isTrusted, rayIds, listener }: GateDeps): Server {
  const contain = createContainment(log)
  const forwardAuth = createForwardAuth({ check, isTrusted })
  const accessPaths = createAccessPaths({ check, certs, log })
  return createListener({ ...listener, rayIds, contain, answer, upgrade })

  function answer(request: IncomingMessage, response: ServerResponse, ray: string): void | Promise<void> {
    const path = request.url ?? ''
    // Absolute-form and asterisk-form, or two hosts: what that means for the origin is anybody's guess.
    if (!path.startsWith('/') || !namesOneHost(request)) return refuse(request, response, 400, ray, null)
    if (isForwardAuth(path)) return forwardAuth(request, response, ray)
    if (path.startsWith('/cdn-cgi/access/')) return accessPaths(request, response, ray, asked(request))
    return throughProxy(request, response, ray)
  }

  async function throughProxy(request: IncomingMessage, response: ServerResponse, ray: string): Promise<void> {
    const what = asked(request)
    const passage = check(what, ray)
    // Not awaited where it is known: what follows must hear of every part of the body.
    const known = passage instanceof Promise ? await passage : passage
    if (!isAwaited(response)) return
    if (known.admitted) return reverseProxy.forward(request, response, admitted(what, known), ray)
    return refuse(request, response, known.status, ray, known.application, known.retryAfterSeconds)
  }

  /** A WebSocket, if the request is one for the reverse proxy; everything else is answered as if it asked for none. */
  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, ray: string): boolean {
    const path = request.url ?? ''
    const isOwn = isForwardAuth(path) || path.startsWith('/cdn-cgi/access/')
    if (isOwn || !path.startsWith('/') || !namesOneHost(request)) return false
    const what = asked(request)
    contain(socket, ray, async () => {
      const passage = await check(what, ray)
      if (socket.destroyed) return
      if (passage.admitted) reverseProxy.upgrade(request, socket, head, admitted(what, passage), ray)
      else refuse(request, responseOn(socket, request), passage.status, ray, passage.application, passage.retryAfterSeconds)
    })
    return true
  }

  function asked(request: IncomingMessage): Asked {
    const { url: target = '', method = '', headers, rawHeaders } = request
    return { host: hostName(headers.host), target, method, address: clientAddress(request, isTrusted), rawHeaders, cookie: headers.cookie }
  }

  function admitted(what: Asked, { application, token, assertion, setCookie }: Extract<Passage, { admitted: true }>): Admitted {
    const watch: Admitted['watch'] = (end) => openConnections.watch({ asked: what, application, token }, end)
    return { application, assertion, setCookie, withoutHeader: application.tokenHeader, watch }
  }
}
