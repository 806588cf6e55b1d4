import type { ServerResponse } from 'node:http'

/** What the gate answers by itself. */
export interface Answer {
  readonly status: number
  /** Names and values in turn, as Node writes them, without `content-length`. Whoever sends the answer may add to them. */
  readonly headers: string[]
  /** Nothing in it is not ASCII. */
  readonly body: string
}

/** Whether a request still waits for its answer: it may have got one while the gate was at work, as its body broke, or its client may have left. */
export function isAwaited(response: ServerResponse): boolean {
  return !response.headersSent && !response.destroyed
}

/** Sends an answer to a request that still waits for one. */
export function send(response: ServerResponse, { status, headers, body }: Answer): void {
  if (!isAwaited(response)) return
  headers.push('content-length', String(body.length))
  response.writeHead(status, headers).end(body, 'latin1')
}
