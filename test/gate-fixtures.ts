import { createHash, generateKeyPairSync } from 'node:crypto'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo, LookupFunction } from 'node:net'
import { createNameLookups } from '../src/app/name-lookups.ts'
import type { Clock, Log } from '../src/authority/ports.ts'
import { createSealer } from '../src/authority/sealer.ts'
import { createAddressSet } from '../src/domain/address-range.ts'
import type { Application } from '../src/domain/application.ts'
import type { Organization } from '../src/domain/organization.ts'
import type { Group, Policy } from '../src/domain/policy.ts'
import { digestOf } from '../src/domain/secret.ts'
import { issue, type ServiceToken } from '../src/domain/service-token.ts'
import type { SigningKey } from '../src/domain/signing-key.ts'
import { createAssertions } from '../src/gate/assertions.ts'
import { createCerts } from '../src/gate/certs.ts'
import { type Check, createCheck } from '../src/gate/check.ts'
import { watchConnections } from '../src/gate/connections.ts'
import { createDecide } from '../src/gate/decide.ts'
import { createKeyRing } from '../src/gate/key-ring.ts'
import type { ListenerOptions } from '../src/gate/listener.ts'
import { createOpenConnections } from '../src/gate/open-connections.ts'
import { createReplica, type Replica } from '../src/gate/replica/replica.ts'
import type { KnownToken } from '../src/gate/replica/token-table.ts'
import { createReverseProxy } from '../src/gate/reverse-proxy.ts'
import { createGate } from '../src/gate/server.ts'
import { createSessions } from '../src/gate/sessions.ts'
import { movableClock, silent } from './fixtures.ts'

const accountId = 'a'.repeat(32)

/** A policy that lets in any valid service token, with what the test says about it. */
export function aPolicy(fields: Partial<Policy> = {}): Policy {
  return {
    ...{ id: 'any-token', accountId, zoneId: null, applicationId: null, name: 'Any valid service token', decision: 'non_identity' },
    ...{ include: [{ kind: 'any_valid_service_token' }], require: [], exclude: [], sessionDuration: null },
    ...{ createdAt: 0, updatedAt: 0, revision: 1, ...fields },
  }
}

const anyValidServiceToken = aPolicy()
/** Lets everybody in, with or without credentials. */
export const bypass = aPolicy({ id: 'bypass', name: 'Bypass', decision: 'bypass', include: [{ kind: 'everyone' }] })

/** For an application: these policies, in this order. */
export function uses(...policies: readonly Policy[]): Application['policies'] {
  return policies.map(({ id }, at) => ({ policyId: id, precedence: at + 1 }))
}

/** An application that admits any valid service token, with what the test says about it. */
export function anApplication(fields: Partial<Application>): Application {
  const domain = fields.domain ?? '*'
  const audience = Buffer.from(domain).toString('hex').padEnd(64, '0').slice(0, 64)
  return {
    ...{ id: domain, accountId, zoneId: null, name: domain, domain, destinations: [domain], audience, originUrl: null },
    ...{ sessionDuration: null, asksForCredentials: false, tokenHeader: null, policies: uses(anyValidServiceToken) },
    ...{ createdAt: 0, updatedAt: 0, revision: 1, ...fields },
  }
}

/** The id and the client id of the token with this name. */
export const tokenIdOf = (name: string) => hashOf(name).replace(/^(.{8})(.{4})(.{4})(.{4})/, '$1-$2-$3-$4-')
export const clientIdOf = (name: string) => `${hashOf(`client ${name}`)}.access`
const hashOf = (text: string) => createHash('md5').update(text).digest('hex')

/** A service token whose secret is `secret`, with what the test says about it. It is told from others by its name. */
export function aToken(fields: Partial<ServiceToken> = {}, secret = 'secret'): ServiceToken {
  const { name = 'token' } = fields
  const ids = { id: tokenIdOf(name), clientId: clientIdOf(name), digest: digestOf(secret) }
  const draft = { ...ids, accountId, zoneId: null, name, duration: 'forever' }
  return { ...issue({ ...draft, enabled: true, secretVersion: 1 }, 0), revision: 1, ...fields }
}

/** A token as the gate knows it once it is in the replica. */
export function aKnownToken(replica: Replica, token = aToken()): KnownToken {
  replica.put('service_token', token)
  const known = replica.tokenByClientId(token.clientId)
  if (known === undefined) throw new Error('the replica does not know what it was given')
  return known
}

/** Seals signing keys of tests. */
export const sealer = createSealer(Buffer.alloc(32, 7), (size) => Buffer.alloc(size, 1))

/** The one of `aSigningKey`, in PEM. */
export const keyPair = newKeyPair()

export function newKeyPair() {
  const [publicKeyEncoding, privateKeyEncoding] = [{ type: 'spki', format: 'pem' } as const, { type: 'pkcs8', format: 'pem' } as const]
  return generateKeyPairSync('rsa', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding })
}

/** A key with which an account's assertions are signed, with what the test says about it; of the same pair unless it says so. */
export function aSigningKey(fields: Partial<SigningKey> = {}, { publicKey, privateKey } = keyPair): SigningKey {
  const id = createHash('sha256').update(publicKey).digest('hex')
  const sealedPrivateKey = sealer.seal(`signing key ${id}`, privateKey)
  return { ...{ id, accountId, publicKey, sealedPrivateKey, createdAt: 0, endsAt: null, revision: 1 }, ...fields }
}

export interface RunningGate {
  readonly url: string
  stop(): Promise<void>
}

/** The gate alone, on a replica filled by hand, with one service token: `credentials` opens every application that wants one. */
export async function startGate(options: {
  readonly applications: readonly Application[]
  /** Besides `bypass` and the one that lets in any valid service token. */
  readonly policies?: readonly Policy[]
  readonly groups?: readonly Group[]
  readonly organization?: Organization
  /** Besides the one that `credentials` are of. */
  readonly tokens?: readonly ServiceToken[]
  /** Whether the gate believes `X-Forwarded-*` of this machine. */
  readonly trusting?: boolean
  readonly log?: Log
  readonly clock?: Clock
  readonly headersTimeoutMs?: number
  readonly listener?: ListenerOptions
  /** What the gate is called among those that a request has come through. */
  readonly loopId?: string
  /** Finds the addresses of origins. */
  readonly lookUp?: LookupFunction
  /** For a test that changes what the gate knows. */
  readonly replica?: Replica
}): Promise<RunningGate & { readonly check: Check }> {
  const { applications, policies = [], groups = [], tokens = [], organization, trusting = false, log = silent, headersTimeoutMs } = options
  const { clock = movableClock('2026-01-01T00:00:00Z') } = options
  const { replica = createReplica(), loopId = 'postern-here', lookUp = createNameLookups().ofOrigins } = options
  for (const policy of [anyValidServiceToken, bypass, ...policies]) replica.put('policy', policy)
  for (const group of groups) replica.put('group', group)
  for (const application of applications) replica.put('application', application)
  if (organization !== undefined) replica.put('organization', organization)
  for (const token of [aToken(), ...tokens]) replica.put('service_token', token)
  replica.put('signing_key', aSigningKey())
  replica.settle()
  const isTrusted = createAddressSet(trusting ? [{ address: '127.0.0.0', prefix: 8 }] : [])
  const reverseProxy = createReverseProxy({
    isTrusted,
    log,
    clock,
    loopId,
    lookUp,
    ...(headersTimeoutMs !== undefined && { headersTimeoutMs }),
  })
  const keyRing = createKeyRing({ replica, sealer, clock, stalenessBudgetMs: 30_000 })
  const vouching = { replica, keyRing, clock, log, authDomain: 'access.example' }
  const [assertions, sessions] = [createAssertions(vouching), createSessions(vouching)]
  const decide = createDecide({ replica, isFresh: () => true, noteUse: () => undefined, sessionIn: sessions.sessionIn })
  const check = createCheck({ decide, observe: () => undefined, clock, assertions, sessions })
  let count = 0
  const gate = createGate({
    check,
    certs: createCerts({ replica, keyRing }),
    log,
    clock,
    reverseProxy,
    openConnections: createOpenConnections({ replica, clock, log, sessionIn: sessions.sessionIn }),
    isTrusted,
    rayIds: () => `ray-${count++}`,
    listener: options.listener ?? {},
  })
  watchConnections(gate, { max: 0, maxPerSource: 0, isTrusted, sourceOf: (address) => address })
  const { url, stop } = await listening(gate)
  return {
    ...{ url, check },
    async stop() {
      await stop()
      await reverseProxy.close()
    },
  }
}

/** What a machine with the gate's one service token sends. */
export const credentials = ['CF-Access-Client-Id', clientIdOf('token'), 'CF-Access-Client-Secret', 'secret'] as const

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
