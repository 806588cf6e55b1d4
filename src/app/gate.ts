import { hostname } from 'node:os'
import manifest from '../../package.json' with { type: 'json' }
import { sourceOf } from '../api/limits.ts'
import type { Clock, Log } from '../authority/ports.ts'
import { every, settle } from '../authority/rounds.ts'
import type { Config } from '../config/settings.ts'
import type { TlsFiles } from '../config/tls-files.ts'
import { createRayIds, newHexId } from '../domain/identifier.ts'
import type { RandomBytes } from '../domain/secret.ts'
import { createAccessLog } from '../gate/access-log.ts'
import { createAssertions } from '../gate/assertions.ts'
import { createBrakes } from '../gate/brakes.ts'
import { createCerts } from '../gate/certs.ts'
import { createCheck } from '../gate/check.ts'
import { listen, urlOf, watchConnections } from '../gate/connections.ts'
import { createDecide } from '../gate/decide.ts'
import type { ExtAuthz, ExtAuthzDeps, ExtAuthzOptions } from '../gate/ext-authz/listener.ts'
import { createKeyRing } from '../gate/key-ring.ts'
import { createMetrics, type Metrics } from '../gate/metrics.ts'
import { createObserver } from '../gate/observation.ts'
import { createOpenConnections } from '../gate/open-connections.ts'
import { createTrust } from '../gate/peer.ts'
import { createRegistration } from '../gate/registration.ts'
import { renewCertificate } from '../gate/renewal.ts'
import { createFollower } from '../gate/replica/follower.ts'
import { createReplica } from '../gate/replica/replica.ts'
import { createRequestLog } from '../gate/request-log.ts'
import { createReverseProxy } from '../gate/reverse-proxy.ts'
import { createGate } from '../gate/server.ts'
import { createSessions } from '../gate/sessions.ts'
import type { Closer } from './closers.ts'
import { collectNotes } from './gate-notes.ts'
import type { NameLookups } from './name-lookups.ts'
import type { Storage } from './storage.ts'

/** For how long what is open at the gate may go on after the gate has learnt that it no longer may. */
const reviewEveryMs = 1000

export interface GateAddresses {
  /** Empty where there is no gate. */
  readonly gateUrl: string
  /** Where Envoy asks over gRPC, if it may. */
  readonly extAuthzAddress: string | undefined
}

export interface GatePorts {
  readonly gatePort: number
  readonly extAuthzPort: number | undefined
}

/** A gate, as what stands around it sees it: one in this process, or several in processes of their own. */
export interface Gate {
  /** Begins to answer, at other ports than the configured ones if so wanted. Fails when it cannot have its addresses. */
  listen(ports?: GatePorts): Promise<GateAddresses>
  /** Resolves once it has applied every change stored before this call, or its lease bounds the delay. Never rejects. */
  catchUp(): Promise<void>
  /** What keeps it from doing its work, in words. */
  problems(): Promise<readonly string[]>
  readonly metrics: Pick<Metrics, 'contentType' | 'text'>
  /** Stops answering. Requests under way have until the shutdown timeout. */
  stopListening(): Promise<void>
}

/** One in this process. */
export interface LocalGate extends Gate {
  readonly metrics: Metrics
}

export interface GateDeps extends Storage {
  readonly config: Config
  readonly log: Log
  readonly accessLog: Log
  readonly clock: Clock
  readonly random: RandomBytes
  readonly lookups: NameLookups
  readonly tls: TlsFiles | undefined
  /** By which a request is known that has come through this gate before. */
  readonly loopId: string
}

/** A gate that knows what the database holds, and does not listen yet. Fails when the database cannot be read. */
export async function startGate(
  { store, sealer, config, log, accessLog, clock, random, lookups, tls, loopId }: GateDeps,
  closers: Closer[],
): Promise<LocalGate> {
  const { noteUse, noteActivity, recordRequest } = collectNotes({ store, config, log, clock }, closers)

  const replica = createReplica()
  const self = { id: newHexId(random), name: `${hostname()}:${process.pid}`, role: config.role === 'gate' ? 'gate' : 'both' } as const
  const { stalenessBudget: stalenessBudgetMs, onStale } = config
  const registration = createRegistration({
    gate: { ...self, version: manifest.version, startedAt: clock.now(), stalenessBudgetMs, onStale },
    ...{ store, clock, log, position: () => follower.position() },
  })
  const follower = createFollower({
    feed: store,
    replica,
    clock,
    log,
    pollEveryMs: config.pollInterval,
    stalenessBudgetMs,
    onApplied: registration.tellSoon,
  })
  closers.push(registration.stop, follower.stop)
  await follower.start()
  closers.push(store.watch(() => void follower.catchUp()))

  const isTrusted = createTrust(config.trustedProxies)
  const rayIds = createRayIds(random)
  const reverseProxy = createReverseProxy({
    ...{ isTrusted, log, clock, loopId, lookUp: lookups.ofOrigins },
    ...{ connectTimeoutMs: config.originConnectTimeout, headersTimeoutMs: config.originTimeout },
  })
  closers.push(reverseProxy.close)
  // Of another process on the same file nothing is to be feared: whoever can store a revocation there could store a report.
  const mustBeKnown = config.databaseUrl.engine === 'postgres'
  const isStale = (monotonicMs: number) => {
    const ageMs = follower.ageMs(monotonicMs)
    return ageMs > stalenessBudgetMs || (mustBeKnown && !registration.covers(monotonicMs - ageMs, monotonicMs))
  }
  const isFresh = (monotonicMs: number) => config.onStale === 'serve' || !isStale(monotonicMs)
  const keyRing = createKeyRing({ replica, sealer, clock, stalenessBudgetMs })
  const vouching = { replica, keyRing, clock, log, authDomain: config.authDomain }
  const [assertions, sessions] = [createAssertions(vouching), createSessions(vouching)]
  const decide = createDecide({ replica, isFresh, noteUse, sessionIn: sessions.sessionIn })
  const noteRequest = createRequestLog({ record: recordRequest, random })
  const metrics = createMetrics({ replica, clock, replicaAgeMs: follower.ageMs })
  const brakes = createBrakes({ clock, sourceOf, wrongSecretsPerMinute: config.wrongSecrets })
  const logAccess = createAccessLog(accessLog, config.accessLog)
  const observe = createObserver({ metrics, noteActivity, brakes, noteRequest, logAccess })
  const check = createCheck({ decide, observe, clock, assertions, sessions })
  const openConnections = createOpenConnections({ replica, clock, log, sessionIn: sessions.sessionIn })
  closers.push(every(reviewEveryMs, settle([openConnections.review], log, 'what is open at the gate could not be looked through')))
  const server = createGate({
    check,
    certs: createCerts({ replica, keyRing }),
    log,
    clock,
    reverseProxy,
    openConnections,
    isTrusted,
    rayIds,
    listener: listenerOptions(config, tls),
  })
  const { gateMaxConnections: max, gateMaxConnectionsPerAddress: maxPerSource, shutdownTimeout } = config
  const connections = watchConnections(server, { max, maxPerSource, isTrusted, sourceOf })
  const closersOfListeners: Closer[] = []

  return {
    ...{ metrics, catchUp: follower.catchUp },
    async listen(ports) {
      await registration.start()
      // What was stored before anybody could know of this gate.
      const knownAtMs = clock.monotonicMs()
      await follower.catchUp()
      if (follower.position().confirmedAtMs < knownAtMs)
        throw new Error('the database did not answer when the gate asked it for the last changes')
      closersOfListeners.push(() => connections.close(() => new Promise((resolve) => server.close(resolve)), shutdownTimeout))
      closersOfListeners.push(renewCertificate(server, tls, 'gate', log))
      const { gateListen, extAuthzListen } = config
      await listen(server, { ...gateListen, port: ports?.gatePort ?? gateListen.port })
      const options = extAuthzListen && {
        host: extAuthzListen.host,
        port: ports?.extAuthzPort ?? extAuthzListen.port,
        shutdownTimeoutMs: shutdownTimeout,
      }
      const extAuthz = options && (await serveEnvoy({ check, isTrusted, rayIds, log }, options))
      if (extAuthz) closersOfListeners.push(extAuthz.stop)
      return { gateUrl: urlOf(server), extAuthzAddress: extAuthz?.address }
    },
    async problems() {
      if (!isStale(clock.monotonicMs())) return []
      const seconds = Math.round(follower.ageMs() / 1000)
      return seconds > stalenessBudgetMs / 1000
        ? [`the gate has not heard of the database for ${seconds} seconds`]
        : ['the gate cannot make itself known in the database']
    },
    async stopListening() {
      await Promise.all(closersOfListeners.splice(0).map((close) => close()))
    },
  }
}

/** gRPC is loaded where it is used only: it is larger than all the rest of the gate. */
async function serveEnvoy(deps: ExtAuthzDeps, options: ExtAuthzOptions): Promise<ExtAuthz> {
  const { startExtAuthz } = await import('../gate/ext-authz/listener.ts')
  return startExtAuthz(deps, options)
}

function listenerOptions(config: Config, tls: TlsFiles | undefined) {
  const { gateHeadersTimeout: headersTimeoutMs, gateStallTimeout: stallTimeoutMs, gateKeepAliveTimeout: keepAliveTimeoutMs } = config
  return { tls: tls?.pair, headersTimeoutMs, stallTimeoutMs, keepAliveTimeoutMs }
}
