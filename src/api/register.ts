import { createHash } from 'node:crypto'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Authority } from '../authority/authority.ts'
import { Failure, type FailureCode } from '../authority/failure.ts'
import type { Clock, RequestTrace } from '../authority/ports.ts'
import type { Refusal } from '../authority/refusals.ts'
import type { Retry } from '../authority/retries.ts'
import type { Terms } from '../authority/service-tokens.ts'
import type { Caller, Credentials, SignIn } from '../authority/sign-in.ts'
import { success } from '../wire/envelope.ts'
import { WaitQuery } from '../wire/gate.ts'
import { credentialsOf } from './authentication.ts'
import { answerFor } from './failures.ts'
import type { Limits } from './limits.ts'
import { revisionsIn, tagOf } from './precondition.ts'
import { withoutCredentials } from './redaction.ts'
import { type Ground, type Route, type RouteRequest, reachesGates } from './route.ts'
import { createBodyValidator, createQueryValidator } from './validation.ts'
import { receiptResult } from './views/gate.ts'

export interface RegisterDeps {
  readonly authority: Authority
  readonly signIn: SignIn
  readonly limits: Limits
  readonly clock: Clock
  /** Hears of attempts that belong into the audit trail. */
  readonly noteRefusal: (refusal: Refusal) => void
}

type Place = Refusal['place']

/** What is known of a request. */
interface Admission {
  readonly credentials: Credentials
  readonly trace: RequestTrace
  caller: Caller | undefined
  ground: Ground
}

const noTerms: Terms = {}

/** Makes the server answer a route: who is it, may they, is it well-formed, do it, show it. */
export function register(server: FastifyInstance, base: string, route: Route, deps: RegisterDeps): void {
  const { authority, signIn, limits, clock } = deps
  const params = createBodyValidator(route.params)
  const query = route.query && createQueryValidator(route.query)
  const body = route.body && createBodyValidator(route.body)
  const waiting = reachesGates(route) ? createQueryValidator(WaitQuery) : undefined
  const admissions = new WeakMap<FastifyRequest, Admission>()

  async function admit(caller: Caller, place: Place): Promise<Ground> {
    if (route.permission === 'signed_in' || route.permission === 'itself') return {}
    const { accountId, zoneId } = place
    if (accountId !== null) return { scope: await signIn.admit(caller, route.permission, { accountId }) }
    if (zoneId !== null) return { scope: await signIn.admit(caller, route.permission, { zoneId }) }
    return { owner: signIn.admitSelf(caller, route.permission) }
  }

  server.route({
    method: route.method,
    url: base + route.path,
    // Before the body is read: nobody can make the server parse what they may not send.
    async onRequest(request, reply) {
      const place = requirePlace(request.params, params)
      const credentials = credentialsOf(request.headers)
      const trace = traceOf(request, route.status ?? 200)
      const admission: Admission = { credentials, trace, caller: undefined, ground: { presented: credentials } }
      admissions.set(request, admission)
      if (route.permission === 'itself') return
      const caller = await limits.braking(request, reply, () => signIn.signIn(credentials, trace))
      admission.caller = caller
      limits.count(caller, reply)
      admission.ground = await admit(caller, place)
    },
    async handler(request, reply) {
      const admission = admissions.get(request) ?? fail('the request was not admitted')
      // A body may take its time, and who sends it may have been locked out meanwhile.
      if (route.method !== 'GET') await admitAgain(request, admission)
      const { caller, ground } = admission
      const checked = body?.(request.body) ?? {}
      const wait = waiting?.(request.query).wait
      const terms = termsOf(route, request, caller, checked)
      const given = {
        ...ground,
        authority,
        caller,
        params: request.params,
        query: query?.(request.query) ?? {},
        body: checked,
        terms,
        now: clock.now(),
      }
      const run = () => route.handle(given as unknown as RouteRequest<Route['params'], never, never, Ground>)
      // What looks at a credential without a sign-in is braked like one.
      const answer = route.permission === 'itself' ? await limits.braking(request, reply, run) : await run()
      if (answer.revision !== undefined) reply.header('etag', tagOf(answer.revision))
      if (answer.isRepeated) reply.header('idempotent-replayed', 'true')
      // Whoever waits for it learns that no gate knows better any more, or which ones may.
      const receipt = wait === undefined ? undefined : receiptResult(await authority.gates.receipt(wait * 1000))
      return reply.code(route.status ?? 200).send(success(answer.result, answer.info, receipt))
    },
    errorHandler(error, request) {
      if (error instanceof Failure && isWorthNoting(error, route)) {
        const actor = admissions.get(request)?.caller?.actor ?? null
        const trace = traceOf(request, answerFor(error.code).status)
        deps.noteRefusal({ actor, trace, place: placeIn(request.params), code: error.code })
      }
      throw error
    },
  })

  async function admitAgain(request: FastifyRequest, admission: Admission): Promise<void> {
    const caller = await signIn.signIn(admission.credentials, admission.trace)
    admission.caller = caller
    admission.ground = await admit(caller, placeIn(request.params))
  }

  function termsOf(
    { isConditional, isRepeatable, method }: Route,
    request: FastifyRequest,
    caller: Caller | undefined,
    checked: object,
  ): Terms {
    const { 'if-match': ifMatch, 'idempotency-key': key } = request.headers
    // To carry it out all the same would be the opposite of what was asked (RFC 9110, section 13.1.1).
    if (!isConditional && method !== 'GET' && ifMatch !== undefined) {
      throw new Failure('invalid_header', { message: 'If-Match is not taken here: this resource has no ETag; leave it out' })
    }
    if (ifMatch === undefined && key === undefined) return noTerms
    return {
      ...(isConditional && ifMatch !== undefined && { ifRevision: revisionsIn(ifMatch) }),
      ...(isRepeatable && key !== undefined && caller !== undefined && { retry: retryOf(caller, request, String(key), checked) }),
    }
  }
}

/** Marks a request as one that may come again. Only the same caller, on the same path, with the same key, repeats it. */
function retryOf({ actor }: Caller, request: FastifyRequest, key: string, body: object): Retry {
  if (!/^[\x21-\x7e]{1,255}$/.test(key))
    throw new Failure('invalid_header', { message: 'Idempotency-Key must be 1 to 255 visible ASCII characters' })
  const id = digest([actor.kind, actor.tokenId ?? actor.id, request.method, pathOf(request), key])
  return { id, fingerprint: digest([JSON.stringify(body)]) }
}

function digest(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** The account or zone in the path; ids that no account, zone or token could have lead nowhere. */
export function requirePlace(params: unknown, validate: (params: unknown) => unknown): Place {
  try {
    validate(params)
  } catch {
    throw new Failure('no_route')
  }
  return placeIn(params)
}

function placeIn(params: unknown): Place {
  const { account_id: accountId = null, zone_id: zoneId = null } = params as { account_id?: string; zone_id?: string }
  return { accountId, zoneId }
}

/** What has no credentials at all is noise, and what is over a limit would let one caller fill the trail. */
const notWorthNoting: readonly FailureCode[] = [
  ...(['no_route', 'missing_credentials', 'malformed_authorization'] as const),
  ...(['too_many_failures', 'too_many_requests'] as const),
]

/** Who was not allowed to, and what was tried to be changed in vain. */
function isWorthNoting({ code }: Failure, { method }: Route): boolean {
  if (notWorthNoting.includes(code)) return false
  const { status } = answerFor(code)
  return status === 401 || status === 403 || method !== 'GET'
}

function traceOf(request: FastifyRequest, status: number): RequestTrace {
  const { 'user-agent': userAgent = '' } = request.headers
  return {
    rayId: request.id,
    sourceIp: request.ip,
    method: request.method,
    path: withoutCredentials(pathOf(request)),
    userAgent: withoutCredentials(userAgent.slice(0, 200)),
    status,
  }
}

export function pathOf(request: FastifyRequest): string {
  return request.url.split('?', 1)[0] ?? request.url
}

function fail(message: string): never {
  throw new Error(message)
}
