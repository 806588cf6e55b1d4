import { subscribe } from 'node:diagnostics_channel'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { afterAll, expect } from 'vitest'
import type { ObservedAnswer } from './answer-rules.ts'

// Every answer that the management API gives in any test has to be as its OpenAPI document says.

const observed: (ObservedAnswer & { readonly during: string })[] = []

subscribe('http.server.request.start', (message) => {
  const { request, response } = message as { readonly request: IncomingMessage; readonly response: ServerResponse }
  const { method = '', url = '' } = request
  if (method === 'HEAD' || !url.startsWith('/client/v4/')) return
  const during = expect.getState().currentTestName ?? 'preparing'
  const sent = recorded(response)
  response.on('finish', () => {
    const headers = sent.headers()
    // Other servers are none of our business.
    if (headers['cf-ray'] !== undefined)
      observed.push({ ...{ during, method, url, headers }, status: response.statusCode, body: sent.body() })
  })
})

afterAll(async () => {
  if (observed.length === 0) return
  // Not before there is something to look at: most tests do not speak HTTP.
  const { createAnswerRules } = await import('./answer-rules.ts')
  const violationsIn = createAnswerRules()
  const wrong = observed.splice(0).flatMap((answer) => {
    const violations = violationsIn(answer)
    const { during, method, url, status, body } = answer
    return violations.length === 0
      ? []
      : [`${during}\n  ${method} ${url.slice(0, 200)} → ${status} ${body.slice(0, 300)}\n  ${violations.join('\n  ')}`]
  })
  if (wrong.length > 0)
    throw new Error(`${wrong.length} answers are not as the OpenAPI document says:\n\n${wrong.slice(0, 20).join('\n\n')}`)
})

/** Keeps what is written to a response. `getHeaders` does not know those that come with `writeHead`. */
function recorded(response: ServerResponse): { headers(): Record<string, unknown>; body(): string } {
  const chunks: Buffer[] = []
  let headers: Record<string, unknown> = {}
  const { writeHead, write, end } = response
  response.writeHead = ((...given: Parameters<typeof writeHead>) => {
    const last: unknown = given.at(-1)
    if (typeof last === 'object' && last !== null)
      headers = Object.fromEntries(Object.entries(last).map(([name, value]) => [name.toLowerCase(), value]))
    return writeHead.apply(response, given)
  }) as typeof writeHead
  response.write = ((...given: Parameters<typeof write>) => {
    keep(given)
    return write.apply(response, given)
  }) as typeof write
  response.end = ((...given: Parameters<typeof end>) => {
    keep(given)
    return end.apply(response, given)
  }) as typeof end
  return { headers: () => ({ ...response.getHeaders(), ...headers }), body: () => Buffer.concat(chunks).toString() }

  function keep([chunk, encoding]: readonly unknown[]): void {
    if (typeof chunk === 'string') chunks.push(Buffer.from(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8'))
    else if (chunk instanceof Uint8Array) chunks.push(Buffer.from(chunk))
  }
}
