import { fileURLToPath } from 'node:url'
import { Server, ServerCredentials, type ServerUnaryCall, type ServiceDefinition, type sendUnaryData, status } from '@grpc/grpc-js'
import { loadSync } from '@grpc/proto-loader'
import type { Log } from '../../authority/ports.ts'
import type { Check } from '../check.ts'
import type { IsTrusted } from '../peer.ts'
import { answerTo, askedIn, type CheckRequest, type CheckResponse, denial } from './messages.ts'

export interface ExtAuthzDeps {
  readonly check: Check
  /** Envoy is believed in all that it says, so nobody else may ask. */
  readonly isTrusted: IsTrusted
  readonly rayIds: () => string
  readonly log: Log
}

export interface ExtAuthzOptions {
  readonly host: string
  readonly port: number
  /** How long answers under way may take when it is stopped. */
  readonly shutdownTimeoutMs: number
}

export interface ExtAuthz {
  readonly address: string
  stop(): Promise<void>
}

/** The bundle has its copy of the file beside itself, as the source has. */
const definition = fileURLToPath(new URL('authorization.proto', import.meta.url))

/** Answers Envoy's external authorization over gRPC, as `/authorize` answers other proxies. */
export async function startExtAuthz(deps: ExtAuthzDeps, { host, port, shutdownTimeoutMs }: ExtAuthzOptions): Promise<ExtAuthz> {
  const service = loadSync(definition, { defaults: true, arrays: true, objects: true })['envoy.service.auth.v3.Authorization']
  const server = new Server()
  server.addService(service as ServiceDefinition, { Check: handlerOf(deps) })
  const name = host.includes(':') ? `[${host}]` : host
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`${name}:${port}`, ServerCredentials.createInsecure(), (error, at) => (error ? reject(error) : resolve(at)))
  })
  return { address: `${name}:${bound}`, stop: () => stop(server, shutdownTimeoutMs) }
}

type Call = ServerUnaryCall<CheckRequest, CheckResponse>

function handlerOf({ check, isTrusted, rayIds, log }: ExtAuthzDeps) {
  return async (call: Call, answer: sendUnaryData<CheckResponse>): Promise<void> => {
    const peer = call.getPeer().replace(/:\d+$/, '')
    if (!isTrusted(peer)) return answer({ code: status.PERMISSION_DENIED, details: 'the gate answers trusted proxies only' })
    const ray = rayIds()
    const asked = askedIn(call.request)
    if (asked === undefined) return answer(null, denial(400, [], ray, null))
    try {
      answer(null, answerTo(asked, await check(asked, ray), ray))
    } catch (error) {
      log.error({ err: error, ray }, 'a question of Envoy ended in a mistake of Postern itself')
      answer({ code: status.INTERNAL, details: 'the gate could not decide' })
    }
  }
}

function stop(server: Server, timeoutMs: number): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.forceShutdown(), timeoutMs)
    server.tryShutdown(() => {
      clearTimeout(limit)
      resolve()
    })
  })
}
