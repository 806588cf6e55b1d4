import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Duplex } from 'node:stream'
import type { Clock, Log } from '../authority/ports.ts'
import { createAccessPaths } from './access-paths.ts'
import { isAwaited, send } from './answer.ts'
import type { Certs } from './certs.ts'
import type { Check, Passage } from './check.ts'
import { createContainment } from './containment.ts'
import type { Asked } from './decide.ts'
import { createForwardAuth, isForwardAuth } from './forward-auth.ts'
import { createListener, type ListenerOptions } from './listener.ts'
import type { OpenConnections } from './open-connections.ts'
import { clientAddress, hostName, type IsTrusted, namesOneHost, peerAddress } from './peer.ts'
import { refuse } from './refusal.ts'
import { type Head, readHead } from './request-head.ts'
import type { Admitted } from './reverse-proxy/admitted.ts'
import type { ReverseProxy } from './reverse-proxy.ts'
import { responseOn } from './socket-response.ts'

export interface GateDeps {
  readonly check: Check
  readonly certs: Certs
  readonly log: Log
  readonly clock: Clock
  readonly reverseProxy: ReverseProxy
  readonly openConnections: Pick<OpenConnections, 'watch'>
  readonly isTrusted: IsTrusted
  readonly rayIds: () => string
  readonly listener?: ListenerOptions
}

/** The gate's listener: `/authorize` is forward-auth, `/cdn-cgi/access/` is the gate's own, everything else goes through the reverse proxy. */
export function createGate({ check, certs, log, clock, reverseProxy, openConnections, isTrusted, rayIds, listener }: GateDeps): Server {
  const contain = createContainment(log)
  const answerQuestion = createForwardAuth({ check, isTrusted })
  const accessPaths = createAccessPaths({ check, certs, log })
  return createListener({ ...listener, rayIds, contain, clock, answer, answerQuestion, upgrade })

  function answer(request: IncomingMessage, response: ServerResponse, ray: string, head: Head): void | Promise<void> {
    const path = request.url ?? ''
    // Absolute-form and asterisk-form, or two hosts: what that means for the origin is anybody's guess.
    if (!path.startsWith('/') || !namesOneHost(head)) return refuse(request, response, 400, ray, null)
    if (isForwardAuth(path)) return forwardAuth(request, response, ray, head)
    if (path.startsWith('/cdn-cgi/access/')) return accessPaths(request, response, ray, asked(request, head))
    return throughProxy(request, response, ray, head)
  }

  function forwardAuth(request: IncomingMessage, response: ServerResponse, ray: string, head: Head): void | Promise<void> {
    const { url = '', method = '', rawHeaders } = request
    const answer = answerQuestion({ url, method, rawHeaders, head, peer: peerAddress(request) }, ray)
    return answer instanceof Promise ? answer.then((late) => send(response, late)) : send(response, answer)
  }

  function throughProxy(request: IncomingMessage, response: ServerResponse, ray: string, head: Head): void | Promise<void> {
    const what = asked(request, head)
    const go = (passage: Passage) => {
      if (!isAwaited(response)) return
      if (passage.admitted) return reverseProxy.forward(request, response, admitted(what, passage), ray)
      return refuse(request, response, passage.status, ray, passage.application, passage.retryAfterSeconds)
    }
    const passage = check(what, ray)
    // At once where it is known: what follows must hear of every part of the body.
    return passage instanceof Promise ? passage.then(go) : go(passage)
  }

  /** A WebSocket, if the request is one for the reverse proxy; everything else is answered as if it asked for none. */
  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer, ray: string): boolean {
    const path = request.url ?? ''
    const isOwn = isForwardAuth(path) || path.startsWith('/cdn-cgi/access/')
    const own = readHead(request.rawHeaders)
    if (isOwn || !path.startsWith('/') || !namesOneHost(own)) return false
    const what = asked(request, own)
    contain(socket, ray, async () => {
      const passage = await check(what, ray)
      if (socket.destroyed) return
      if (passage.admitted) reverseProxy.upgrade(request, socket, head, admitted(what, passage), ray)
      else refuse(request, responseOn(socket, request), passage.status, ray, passage.application, passage.retryAfterSeconds)
    })
    return true
  }

  function asked(request: IncomingMessage, { host, cookie, forwardedFor }: Head): Asked {
    const { url: target = '', method = '', rawHeaders } = request
    const address = clientAddress(peerAddress(request), forwardedFor, isTrusted)
    return { host: hostName(host), target, method, address, rawHeaders, cookie }
  }

  function admitted(what: Asked, { application, token, assertion, setCookie }: Extract<Passage, { admitted: true }>): Admitted {
    const watch: Admitted['watch'] = (end) => openConnections.watch({ asked: what, application, token }, end)
    return { application, assertion, setCookie, withoutHeader: application.tokenHeader, watch }
  }
}
