import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '../authority/ports.ts'
import { isAwaited } from './answer.ts'
import { type Certs, certsMaxAge } from './certs.ts'
import type { Check, Passage } from './check.ts'
import type { Asked } from './decide.ts'
import { refuse } from './refusal.ts'

export interface AccessPathsDeps {
  readonly check: Check
  readonly certs: Certs
  readonly log: Log
}

const methods: readonly (string | undefined)[] = ['GET', 'HEAD']

/** What the gate itself answers on every host, below `/cdn-cgi/access/`: the published keys, and who the caller is. */
export function createAccessPaths({ check, certs, log }: AccessPathsDeps) {
  return (request: IncomingMessage, response: ServerResponse, ray: string, asked: Asked): void | Promise<void> => {
    const [path] = asked.target.split('?', 1)
    const answer = path === '/cdn-cgi/access/certs' ? answerCerts : path === '/cdn-cgi/access/get-identity' ? answerIdentity : undefined
    if (answer === undefined) return refuse(request, response, 404, ray, null)
    if (methods.includes(request.method)) return answer(request, response, ray, asked)
    response.writeHead(405, { allow: methods.join(', '), 'content-length': 0, 'cf-ray': ray }).end()
  }

  function answerCerts(request: IncomingMessage, response: ServerResponse, ray: string, { host }: Asked): void | Promise<void> {
    const reading = certs.read(host)
    if (reading === undefined) return refuse(request, response, 404, ray, null)
    const headers = { 'access-control-allow-origin': '*', 'cache-control': `public, max-age=${certsMaxAge}` }
    return reading.then(
      (keySet) => respond(response, ray, keySet, headers),
      (error: unknown) => {
        log.error({ err: error, ray }, 'the published keys could not be put together')
        refuse(request, response, 503, ray, null)
      },
    )
  }

  async function answerIdentity(request: IncomingMessage, response: ServerResponse, ray: string, asked: Asked): Promise<void> {
    const passage = await check(asked, ray)
    if (!passage.admitted) return refuse(request, response, passage.status, ray, passage.application, passage.retryAfterSeconds)
    const identity = identityOf(passage, asked.address)
    const { application, setCookie } = passage
    // Whoever was let in without credentials is nobody.
    if (identity === undefined) return refuse(request, response, application.asksForCredentials ? 401 : 403, ray, application)
    respond(response, ray, JSON.stringify(identity), {
      'cache-control': 'no-store',
      ...(setCookie !== null && { 'set-cookie': setCookie }),
    })
  }
}

function respond(response: ServerResponse, ray: string, body: string, headers: Readonly<Record<string, string>>): void {
  if (!isAwaited(response)) return
  const content = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body) }
  response.writeHead(200, { ...content, 'cf-ray': ray, ...headers }).end(body)
}

/** A machine in the form in which people are shown, too: what only people have is empty. */
function identityOf({ token, assertion }: Extract<Passage, { admitted: true }>, ip: string): object | undefined {
  if (token === null || assertion === null) return undefined
  const { iat, exp, aud } = JSON.parse(Buffer.from(assertion.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
  return {
    ...{ id: '', name: '', email: '', user_uuid: '', idp: { id: '', type: '' }, account_id: token.accountId, iat, exp, aud, ip },
    ...{ type: 'app', auth_status: 'NONE', common_name: token.clientId, service_token_id: token.clientId, service_token_status: true },
    ...{ is_warp: false, is_gateway: false },
  }
}
