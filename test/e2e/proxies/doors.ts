import { Client, credentials as channel } from '@grpc/grpc-js'
import { createAddressSet } from '../../../src/domain/address-range.ts'
import { startExtAuthz } from '../../../src/gate/ext-authz/listener.ts'
import { type Origin, silent, startOrigin } from '../../fixtures.ts'
import type { startGate } from '../../gate-fixtures.ts'
import { type ProxyName, type RunningProxy, startProxy } from '../../proxies.ts'
import { send, valuesIn } from '../../raw-http.ts'
import { field, valuesAt } from './protobuf.ts'

// The ways by which a request comes to the gate: through proxies that run here, and in the very requests of those that cannot be installed.

export interface Knock {
  readonly host: string
  readonly path?: string
  readonly method?: string
  /** Name-value pairs. */
  readonly headers?: readonly string[]
}

export interface Outcome {
  /** What the client gets. */
  readonly status: number
  readonly values: (name: string) => readonly string[]
  readonly body: string
  /** The headers with which the origin gets it, by names in lower case; `undefined` where it does not. */
  readonly arrived: Readonly<Record<string, unknown>> | undefined
}

export interface Door {
  knock(knock: Knock): Promise<Outcome>
  stop(): Promise<void>
}

type Gate = Awaited<ReturnType<typeof startGate>>

/** A proxy that runs here, before an origin that answers 200. */
async function running(name: ProxyName, gate: Gate): Promise<Door> {
  const origin = await startOrigin()
  const proxy = await startProxy(name, { gate: gate.url, origin: origin.url })
  return throughProxy(proxy, origin)
}

/** What is sent to a proxy, and what comes of it at the origin behind. */
export function throughProxy(proxy: Pick<RunningProxy, 'url' | 'stop'>, origin: Origin): Door {
  return {
    async knock({ host, path = '/', method = 'GET', headers = [] }) {
      const before = origin.received.length
      const { status, values, body } = await send(proxy.url, { path, method, headers: ['Host', host, ...headers] })
      return { status, values, body, arrived: origin.received[before]?.headers }
    },
    async stop() {
      await proxy.stop()
      await origin.stop()
    },
  }
}

/** Asks at `/authorize`, and takes over for the origin what the proxy is told to take over. */
function asking(gate: Gate, question: (knock: Required<Knock>) => { path: string; method: string; headers: readonly string[] }): Door {
  return {
    async knock({ host, path = '/', method = 'GET', headers = [] }) {
      const { status, values, body } = await send(gate.url, question({ host, path, method, headers }))
      const [assertion] = values('cf-access-jwt-assertion')
      return { status, values, body, arrived: status === 200 ? { 'cf-access-jwt-assertion': assertion } : undefined }
    },
    stop: async () => undefined,
  }
}

/** What Traefik's forwardAuth and other proxies that follow it send: a GET with the client's headers and its own. */
function forwarded({ host, path, method, headers }: Required<Knock>) {
  const own = ['X-Forwarded-Method', method, 'X-Forwarded-Proto', 'http', 'X-Forwarded-Host', host, 'X-Forwarded-Uri', path]
  return { path: '/authorize', method: 'GET', headers: ['Host', 'gate.internal', ...headers, ...own, 'X-Forwarded-For', '127.0.0.1'] }
}

/** What Envoy's ext_authz sends over HTTP with `path_prefix: /authorize`. */
function prefixed({ host, path, method, headers }: Required<Knock>) {
  return { path: `/authorize${path}`, method, headers: ['Host', host, ...headers, 'X-Forwarded-For', '127.0.0.1'] }
}

/** What ingress-nginx sends. */
function wholeUrl({ host, path, method, headers }: Required<Knock>) {
  const own = ['X-Original-URL', `https://${host}${path}`, 'X-Original-Method', method, 'X-Forwarded-For', '127.0.0.1']
  return { path: '/authorize', method: 'GET', headers: ['Host', 'gate.internal', ...headers, ...own] }
}

/** A proxy that sends everything under the names of nginx's own example. */
function originalUri({ host, path, method, headers }: Required<Knock>) {
  const own = ['X-Original-URI', path, 'X-Original-Method', method, 'X-Forwarded-For', '127.0.0.1']
  return { path: '/authorize', method: 'GET', headers: ['Host', host, ...headers, ...own] }
}

/** Envoy's ext_authz over gRPC: bytes as Envoy sends them, without the gate's own definitions. */
async function envoy(gate: Gate, withRawHeaders: boolean): Promise<Door> {
  const isTrusted = createAddressSet([{ address: '127.0.0.0', prefix: 8 }])
  const extAuthz = await startExtAuthz(
    { check: gate.check, isTrusted, rayIds: () => 'ray', log: silent },
    { host: '127.0.0.1', port: 0, shutdownTimeoutMs: 1000 },
  )
  const client = new Client(extAuthz.address, channel.createInsecure())
  return {
    async knock(knock) {
      return outcomeOf(await checkOver(client, checkRequest(knock, withRawHeaders)), knock)
    },
    async stop() {
      client.close()
      await extAuthz.stop()
    },
  }
}

/** Calls `Check` with these bytes. */
export function checkOver(client: Client, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asIs = (bytes: Buffer) => bytes
    client.makeUnaryRequest('/envoy.service.auth.v3.Authorization/Check', asIs, asIs, request, (error, value) => {
      if (error || value === undefined) reject(error)
      else resolve(value)
    })
  })
}

export function checkRequest({ host, path = '/', method = 'GET', headers = [] }: Knock, withRawHeaders = false): Buffer {
  const pairs = headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1] ?? ''] as const] : []))
  const joined = new Map<string, string>()
  for (const [name, value] of pairs) joined.set(name, joined.has(name) ? `${joined.get(name)},${value}` : value)
  const sent = withRawHeaders
    ? [field(13, ...pairs.map(([name, value]) => field(1, field(1, name), field(3, value))))]
    : [...joined].map(([name, value]) => field(3, field(1, name), field(2, value)))
  const http = [field(1, 'id'), field(2, method), ...sent, field(4, path), field(5, host), field(6, 'https'), field(10, 'HTTP/1.1')]
  const source = field(1, field(1, field(1, field(2, '127.0.0.1'))))
  return field(1, source, field(4, field(2, ...http)))
}

/** What Envoy makes of an answer. */
function outcomeOf(answer: Buffer, { headers = [] }: Knock): Outcome {
  const code = (valuesAt(answer, 1, 1)[0] as number | undefined) ?? 0
  const option = (bytes: number | Buffer): [string, string] => {
    const [name, value] = [1, 2].map((number) => `${valuesAt(bytes as Buffer, 1, number)[0] ?? ''}`)
    return [name ?? '', value ?? '']
  }
  if (code === 0) {
    const removed = valuesAt(answer, 3, 5).map((name) => `${name}`)
    const kept = headers.flatMap((name, at) => (at % 2 === 0 ? [[name.toLowerCase(), headers[at + 1]]] : []))
    const arrived = Object.fromEntries(
      [...kept, ...valuesAt(answer, 3, 2).map(option)].filter(([name]) => !removed.includes(name as string)),
    )
    const added = valuesAt(answer, 3, 6).flatMap(option)
    return { status: 200, values: (name) => valuesIn(added, name), body: '', arrived }
  }
  const refused = valuesAt(answer, 2, 2).flatMap(option)
  const status = valuesAt(answer, 2, 1, 1)[0] as number
  return { status, values: (name) => valuesIn(refused, name), body: `${valuesAt(answer, 2, 3)[0] ?? ''}`, arrived: undefined }
}

export const doors: Readonly<Record<string, (gate: Gate) => Promise<Door>>> = {
  nginx: (gate) => running('nginx', gate),
  Caddy: (gate) => running('caddy', gate),
  HAProxy: (gate) => running('haproxy', gate),
  "Traefik's requests": async (gate) => asking(gate, forwarded),
  "Envoy's requests over HTTP": async (gate) => asking(gate, prefixed),
  "Envoy's requests over gRPC": (gate) => envoy(gate, false),
  "Envoy's requests over gRPC with raw headers": (gate) => envoy(gate, true),
  "ingress-nginx's requests": async (gate) => asking(gate, wholeUrl),
  'requests with X-Original-URI': async (gate) => asking(gate, originalUri),
}
