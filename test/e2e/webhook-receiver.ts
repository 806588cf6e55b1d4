import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface ReceivedMessage {
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: {
    readonly name: string
    readonly text: string
    readonly data: Readonly<Record<string, string | null>>
    readonly ts: number
    readonly alert_correlation_id: string
    readonly [field: string]: unknown
  }
}

export interface WebhookReceiver {
  readonly url: string
  readonly received: readonly ReceivedMessage[]
  /** How it answers from now on. */
  answer: (response: ServerResponse, message: ReceivedMessage) => void
  stop(): Promise<void>
}

/** Somebody who is sent alerts, and says 200. */
export async function startReceiver(): Promise<WebhookReceiver> {
  const received: ReceivedMessage[] = []
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk: Buffer) => chunks.push(chunk))
    request.on('end', () => {
      const message = { path: request.url ?? '', headers: request.headers, body: JSON.parse(Buffer.concat(chunks).toString()) }
      received.push(message)
      receiver.answer(response, message)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const receiver: WebhookReceiver = {
    ...{ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, received },
    answer: (response) => response.end('ok'),
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
  return receiver
}
