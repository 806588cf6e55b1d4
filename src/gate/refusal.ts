import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import { type Answer, send } from './answer.ts'
import { asksForJson } from './request-head.ts'

/** Statuses of the gate's own answers that are not an admission. */
export type RefusalStatus = 400 | 401 | 403 | 404 | 408 | 431 | 501 | 502 | 503 | 504 | 508

const sentences: { readonly [Status in RefusalStatus]: string } = {
  400: 'Bad Request. A request must be well-formed, and name one host and one path.',
  401: "Unauthorized. You don't have permission to view this. Please contact your system administrator.",
  403: "Forbidden. You don't have permission to view this. Please contact your system administrator.",
  404: 'Not Found. The gate has nothing at this path.',
  408: 'Request Timeout. The request did not arrive in time.',
  431: 'Request Header Fields Too Large. The headers are too many, or together too long.',
  501: 'Not Implemented. The gate knows no transfer coding but chunked.',
  502: 'Bad Gateway. The origin of this application could not be reached.',
  503: 'Service Unavailable. The gate has lost touch with its authority. Try again later.',
  504: 'Gateway Timeout. The origin of this application did not answer in time.',
  508: 'Loop Detected. The origin of this application leads back to this gate.',
}

/** What a refusal may say of the application that was asked for. */
interface AskedFor {
  readonly audience: string
  readonly domain: string
}

/** Refuses a request that still waits, as JSON where the client asks for that, else as a small page. The same words for every reason behind a status. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: RefusalStatus,
  ray: string,
  application: AskedFor | null,
  retryAfterSeconds?: number,
): void {
  send(response, refusal(asksForJson(request.rawHeaders), status, ray, application, retryAfterSeconds))
}

/** The same for whoever sends it by other means. */
export function refusal(
  json: boolean,
  status: RefusalStatus,
  ray: string,
  application: AskedFor | null,
  retryAfterSeconds = status === 503 ? 5 : undefined,
): Answer {
  // Names and values in turn, which Node writes as they are: whoever guesses is to cost little.
  const headers = ['content-type', json ? 'application/json' : 'text/html; charset=utf-8', 'cache-control', 'no-store', 'cf-ray', ray]
  if (status === 403 && application !== null) headers.push('cf-access-aud', application.audience, 'cf-access-domain', application.domain)
  if (retryAfterSeconds !== undefined) headers.push('retry-after', String(retryAfterSeconds))
  return { status, headers, body: json ? jsonBody(status, ray, application) : page(status, ray) }
}

function jsonBody(status: RefusalStatus, ray: string, application: AskedFor | null): string {
  return JSON.stringify({ message: sentences[status], status_code: status, aud: application?.audience ?? '', ray_id: ray })
}

/** What stands before the ray id in a page, and the same in all of them behind it. */
const beginnings = new Map<RefusalStatus, string>()
const ending = '</code></p></body>\n</html>\n'

/** Nothing of the request goes into the page, so there is nothing to escape. */
function page(status: RefusalStatus, ray: string): string {
  const beginning = beginnings.get(status) ?? beginningOf(status)
  beginnings.set(status, beginning)
  return beginning + ray + ending
}

function beginningOf(status: RefusalStatus): string {
  const title = `${status} ${STATUS_CODES[status]}`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}code{opacity:.7}</style></head>
<body><h1>${title}</h1><p>${sentences[status]}</p><p><code>Ray ID: `
}
