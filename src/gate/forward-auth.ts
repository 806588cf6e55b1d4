import type { Answer } from './answer.ts'
import type { Check, Passage } from './check.ts'
import { originalRequest, type Question } from './original-request.ts'
import { clientAddress, type IsTrusted } from './peer.ts'
import { refusal } from './refusal.ts'
import { asksForJson } from './request-head.ts'

export interface ForwardAuthDeps {
  readonly check: Check
  readonly isTrusted: IsTrusted
}

/** Whether a request to the gate is a proxy that asks about another one: at `/authorize`, or with the original path behind it, as Envoy does. */
export function isForwardAuth(path: string): boolean {
  return path.startsWith('/authorize') && (path.length === 10 || path[10] === '?' || path[10] === '/')
}

/** A promise only where an assertion has to be signed first. */
export type AnswerQuestion = (question: Question, ray: string) => Answer | Promise<Answer>

/** Tells a proxy whether to let a request through: 200, or the refusal to hand on. Any method, and no body. */
export function createForwardAuth({ check, isTrusted }: ForwardAuthDeps): AnswerQuestion {
  return (question, ray) => {
    const { head, rawHeaders, peer } = question
    const original = originalRequest(question, isTrusted(peer))
    if (original === undefined) return refusal(asksForJson(rawHeaders), 400, ray, null)
    const { host, target, method, isEnvoys } = original
    const address = clientAddress(peer, head.forwardedFor, isTrusted)
    const passage = check({ host, target, method, address, rawHeaders, cookie: head.cookie }, ray)
    if (!(passage instanceof Promise)) return answerFor(passage, rawHeaders, ray, isEnvoys)
    return passage.then((late) => answerFor(late, rawHeaders, ray, isEnvoys))
  }
}

function answerFor(passage: Passage, rawHeaders: readonly string[], ray: string, isEnvoys: boolean): Answer {
  if (passage.admitted) return { status: 200, headers: headersOf(passage, ray, isEnvoys), body: '' }
  return refusal(asksForJson(rawHeaders), passage.status, ray, passage.application, passage.retryAfterSeconds)
}

/** What goes on with the request: for the origin `Cf-Access-Jwt-Assertion`, for the client `Set-Cookie`. The proxy hands them over. */
function headersOf({ application: { tokenHeader }, assertion, setCookie }: Admission, ray: string, forEnvoy: boolean): string[] {
  const headers = ['cache-control', 'no-store', 'cf-ray', ray]
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
