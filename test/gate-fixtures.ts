import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock, Log } from '../src/authority/ports.ts'
import { createAddressSet } from '../src/domain/address-range.ts'
import type { Application, Policy } from '../src/domain/application.ts'
import { digestOf } from '../src/domain/secret.ts'
import { issue, type ServiceToken } from '../src/domain/service-token.ts'
import { createDecide } from '../src/gate/decide.ts'
import { createReplica } from '../src/gate/replica/replica.ts'
import { createReverseProxy } from '../src/gate/reverse-proxy.ts'
import { createGate } from '../src/gate/server.ts'
import { movableClock, silent } from './fixtures.ts'

const accountId = 'a'.repeat(32)

const anyValidServiceToken: Policy = {
  ...{ id: 'p', name: 'Any valid service token', decision: 'non_identity', include: [{ kind: 'any_valid_service_token' }] },
  ...{ require: [], exclude: [] },
}

/** Lets everybody in, with or without credentials. */
export const bypass: Policy = { ...anyValidServiceToken, name: 'Bypass', decision: 'bypass', include: [{ kind: 'everyone' }] }

/** An application that admits any valid service token, with what the test says about it. */
export function anApplication(fields: Partial<Application>): Application {
  const domain = fields.domain ?? '*'
  const audience = Buffer.from(domain).toString('hex').padEnd(64, '0').slice(0, 64)
  return {
    ...{ id: domain, accountId, zoneId: null, name: domain, domain, audience, originUrl: null, policies: [anyValidServiceToken] },
    ...{ createdAt: 0, updatedAt: 0, revision: 1, ...fields },
  }
}

/** A service token whose secret is `secret`, with what the test says about it. */
export function aToken(fields: Partial<ServiceToken> = {}, secret = 'secret'): ServiceToken {
  const id = fields.id ?? 'token'
  const draft = { id, accountId, zoneId: null, clientId: `${id}.access`, digest: digestOf(secret), name: id, duration: 'forever' }
  return { ...issue({ ...draft, enabled: true, secretVersion: 1 }, 0), revision: 1, ...fields }
}

export interface RunningGate {
  readonly url: string
  stop(): Promise<void>
}

/** The gate alone, on a replica filled by hand, with one service token: `credentials` opens every application that wants one. */
export async function startGate(options: {
  readonly applications: readonly Application[]
  /** Whether the gate believes `X-Forwarded-*` of this machine. */
  readonly trusting?: boolean
  readonly log?: Log
  readonly clock?: Clock
  readonly headersTimeoutMs?: number
}): Promise<RunningGate> {
  const { applications, trusting = false, log = silent, clock = movableClock('2026-01-01T00:00:00Z'), headersTimeoutMs } = options
  const replica = createReplica()
  for (const application of applications) replica.put('application', application)
  replica.put('service_token', aToken())
  const isTrusted = createAddressSet(trusting ? [{ address: '127.0.0.0', prefix: 8 }] : [])
  const reverseProxy = createReverseProxy({ isTrusted, log, ...(headersTimeoutMs !== undefined && { headersTimeoutMs }) })
  const decide = createDecide({ replica, clock, isFresh: () => true, noteUse: () => undefined })
  let count = 0
  const gate = createGate({ decide, noteRequest: () => undefined, reverseProxy, isTrusted, rayIds: () => `ray-${count++}` })
  const { url, stop } = await listening(gate)
  return {
    url,
    async stop() {
      await stop()
      await reverseProxy.close()
    },
  }
}

/** What a machine with the gate's one service token sends. */
export const credentials = ['CF-Access-Client-Id', 'token.access', 'CF-Access-Client-Secret', 'secret'] as const

/** An HTTP service of this machine, which answers as the test says. */
export function startService(answer: RequestListener): Promise<RunningGate> {
  return listening(createServer(answer))
}

/** A URL of this machine where nobody listens. */
export async function urlOfNobody(): Promise<string> {
  const { url, stop } = await startService(() => undefined)
  await stop()
  return url
}

async function listening(server: Server): Promise<RunningGate> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const stop = () =>
    new Promise<void>((resolve) => {
      server.close(() => resolve())
      server.closeAllConnections()
    })
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, stop }
}
