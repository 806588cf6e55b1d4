import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http'
import type { Application } from '../domain/application.ts'

/** Statuses of the gate's own answers that are not an admission. */
export type RefusalStatus = 400 | 401 | 403 | 404 | 502 | 503 | 504

const sentences: { readonly [Status in RefusalStatus]: string } = {
  400: 'Bad Request. A request must name one host and one path.',
  401: "Unauthorized. You don't have permission to view this. Please contact your system administrator.",
  403: "Forbidden. You don't have permission to view this. Please contact your system administrator.",
  404: 'Not Found. The gate has nothing at this path.',
  502: 'Bad Gateway. The origin of this application could not be reached.',
  503: 'Service Unavailable. The gate has lost touch with its authority. Try again later.',
  504: 'Gateway Timeout. The origin of this application did not answer in time.',
}

/** Refuses a request, as JSON where the client asks for that, else as a small page. The same words for every reason behind a status. */
export function refuse(
  request: IncomingMessage,
  response: ServerResponse,
  status: RefusalStatus,
  ray: string,
  application: Application | null,
): void {
  const json = request.headers.accept?.toLowerCase().includes('application/json') === true
  const body = json ? jsonBody(status, ray, application) : page(status, ray)
  response.writeHead(status, {
    'content-type': json ? 'application/json' : 'text/html; charset=utf-8',
    'content-length': Buffer.byteLength(body),
    'cache-control': 'no-store',
    'cf-ray': ray,
    ...(status === 403 && application && { 'cf-access-aud': application.audience, 'cf-access-domain': application.domain }),
    ...(status === 503 && { 'retry-after': '5' }),
  })
  response.end(body)
}

function jsonBody(status: RefusalStatus, ray: string, application: Application | null): string {
  return JSON.stringify({ message: sentences[status], status_code: status, aud: application?.audience ?? '', ray_id: ray })
}

/** Nothing of the request goes into the page, so there is nothing to escape. */
function page(status: RefusalStatus, ray: string): string {
  const title = `${status} ${STATUS_CODES[status]}`
  return `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${title}</title>
<style>body{font:16px/1.5 system-ui,sans-serif;max-width:36rem;margin:20vh auto;padding:0 1rem;color-scheme:light dark}code{opacity:.7}</style></head>
<body><h1>${title}</h1><p>${sentences[status]}</p><p><code>Ray ID: ${ray}</code></p></body>
</html>
`
}
