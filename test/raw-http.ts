import { request as httpRequest, type IncomingMessage } from 'node:http'
import { connect } from 'node:net'

/** A request as it goes over the wire: header lines in this order and case, with repetitions. */
export interface RawRequest {
  readonly method?: string
  /** The request target, byte for byte. */
  readonly path?: string
  /** Name-value pairs; `Host` is added only when there is none. */
  readonly headers?: readonly string[]
  readonly body?: string | Buffer
}

export interface RawAnswer {
  readonly status: number
  /** Name-value pairs as they came. */
  readonly headers: readonly string[]
  /** All values of a header. */
  readonly values: (name: string) => readonly string[]
  readonly body: string
}

/** One request on a connection of its own. */
export async function send(url: string, { method = 'GET', path = '/', headers = [], body }: RawRequest = {}): Promise<RawAnswer> {
  const { hostname, port, host } = new URL(url)
  const hasHost = headers.some((name, at) => at % 2 === 0 && name.toLowerCase() === 'host')
  const lines = [
    ...(hasHost ? [] : ['Host', host]),
    ...headers,
    ...(body === undefined ? [] : ['Content-Length', `${Buffer.byteLength(body)}`]),
  ]
  const answer = await new Promise<IncomingMessage>((resolve, reject) => {
    httpRequest({ host: hostname, port, method, path, headers: lines, agent: false }, resolve).on('error', reject).end(body)
  })
  const { statusCode: status = 0, rawHeaders } = answer
  return { status, headers: rawHeaders, values: (name) => valuesIn(rawHeaders, name), body: await textOf(answer) }
}

/** Writes these bytes and reads until the other side closes: for what no HTTP client would send. */
export function sendBytes(url: string, bytes: string): Promise<string> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const received: Buffer[] = []
    const socket = connect({ host: hostname, port: Number(port) }, () => socket.write(bytes, 'latin1'))
    socket.on('data', (chunk) => received.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(received).toString('latin1')))
  })
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of answer) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}

/** All values of a header in name-value pairs. */
export function valuesIn(headers: readonly string[], name: string): readonly string[] {
  return headers.filter((_value, at) => at % 2 === 1 && headers[at - 1]?.toLowerCase() === name)
}
