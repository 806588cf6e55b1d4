import { generateKeyPair, randomBytes } from 'node:crypto'
import { createLimits, sourceOf } from './api/limits.ts'
import { createApi } from './api/server.ts'
import { createAccessRequests } from './authority/access-requests.ts'
import { createAuthority } from './authority/authority.ts'
import { type Bootstrap, bootstrap } from './authority/bootstrap.ts'
import { createChores } from './authority/chores.ts'
import { createInactivityRule } from './authority/inactivity.ts'
import { createJournal } from './authority/journal.ts'
import type { Clock, Log } from './authority/ports.ts'
import { createRefusals } from './authority/refusals.ts'
import { every, settle } from './authority/rounds.ts'
import { createSealer, requireMasterKey } from './authority/sealer.ts'
import { createSignIn } from './authority/sign-in.ts'
import { createSecretUses, createUses } from './authority/uses.ts'
import { loadMasterKey } from './config/master-key.ts'
import type { Config } from './config/settings.ts'
import { loadTls, type TlsFiles } from './config/tls-files.ts'
import { createRayIds } from './domain/identifier.ts'
import type { RandomBytes } from './domain/secret.ts'
import { createAccessLog } from './gate/access-log.ts'
import { createAssertions } from './gate/assertions.ts'
import { createBrakes } from './gate/brakes.ts'
import { createCerts } from './gate/certs.ts'
import { createCheck } from './gate/check.ts'
import { listen, urlOf, watchConnections } from './gate/connections.ts'
import { createDecide } from './gate/decide.ts'
import type { ExtAuthz, ExtAuthzDeps, ExtAuthzOptions } from './gate/ext-authz/listener.ts'
import { accountsWithoutKey, createKeyRing } from './gate/key-ring.ts'
import { createMetrics } from './gate/metrics.ts'
import { createObserver } from './gate/observation.ts'
import { createOpenConnections } from './gate/open-connections.ts'
import { clientAddress, createTrust } from './gate/peer.ts'
import { renewCertificate } from './gate/renewal.ts'
import { createFollower } from './gate/replica/follower.ts'
import { createReplica } from './gate/replica/replica.ts'
import { createRequestLog } from './gate/request-log.ts'
import { createReverseProxy } from './gate/reverse-proxy.ts'
import { createGate } from './gate/server.ts'
import { createSessions } from './gate/sessions.ts'
import { createUseNotes } from './gate/use-notes.ts'
import type { Database } from './store/database.ts'
import { migrate } from './store/migrate.ts'
import { openPostgres } from './store/postgres.ts'
import { openSqlite } from './store/sqlite.ts'
import { createStore } from './store/store.ts'

/** For how long what is open at the gate may go on after the gate has learnt that it no longer may. */
const reviewEveryMs = 1000
/** Connections to the API at a time, and of one address. */
const apiPlaces = { max: 5_000, maxPerSource: 1_000 }

export interface App {
  readonly apiUrl: string
  readonly gateUrl: string
  /** Where Envoy asks over gRPC, if it may. */
  readonly extAuthzAddress: string | undefined
  /** What the first start on an empty database made. */
  readonly bootstrap: Bootstrap | undefined
  /** Lets requests under way finish until the shutdown timeout, stores what is still in memory, and closes everything. */
  stop(): Promise<void>
}

export interface AppDeps {
  readonly config: Config
  readonly log: Log
  /** For lines about requests at the gate; with all others by default. */
  readonly accessLog?: Log
  readonly clock?: Clock
  readonly random?: RandomBytes
}

const systemClock: Clock = { now: () => Date.now(), monotonicMs: () => performance.now() }

/** Puts the parts together and starts them: store, authority, gate, API. Resolves when both listeners answer; when it fails, nothing is left running. */
export async function startApp(deps: AppDeps): Promise<App> {
  const closers: Closer[] = []
  const stop = async () => {
    for (const close of closers.splice(0).reverse()) {
      // What cannot be closed must not keep the rest from being stored.
      await close().catch((error: unknown) => deps.log.error({ err: error }, 'a part could not be closed'))
    }
  }
  try {
    return { ...(await start(deps, closers)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

/** Ends one part. They run in the reverse order of the starts. */
type Closer = () => Promise<unknown>

async function start(
  { config, log, accessLog = log, clock = systemClock, random = randomBytes }: AppDeps,
  closers: Closer[],
): Promise<Omit<App, 'stop'>> {
  const tls = loadTls(config)
  const database = openDatabase(config, log)
  closers.push(database.close)
  await migrate(database.patient)
  const store = createStore(database)

  const sealer = createSealer(loadMasterKey(config, !(await store.hasMasterKeyProof()), random), random)
  await requireMasterKey(sealer, store.keepMasterKeyProof)

  const uses = createUses((batch) => store.recordUses('service_token', batch))
  const secretUses = createSecretUses(store.recordSecretUses)
  const apiTokenUses = createUses((batch) => store.recordUses('api_token', batch))
  const refusals = createRefusals({ store, clock, random, log })
  const accessRequests = createAccessRequests(store, log)
  const useNotes = createUseNotes({ clock, noteToken: uses.note, noteSecret: secretUses.note })
  const flush = settle(
    [async () => useNotes.hand(), ...[uses, secretUses, apiTokenUses, refusals, accessRequests].map((batch) => batch.flush)],
    log,
    'what happened lately could not be stored',
  )
  closers.push(flush, every(config.flushInterval, flush))

  const replica = createReplica()
  const follower = createFollower({
    feed: store,
    replica,
    clock,
    log,
    pollEveryMs: config.pollInterval,
    stalenessBudgetMs: config.stalenessBudget,
  })
  closers.push(follower.stop)
  await follower.start()

  const isTrusted = createTrust(config.trustedProxies)
  const rayIds = createRayIds(random)
  const reverseProxy = createReverseProxy({
    ...{ isTrusted, log, clock, connectTimeoutMs: config.originConnectTimeout, headersTimeoutMs: config.originTimeout },
    loopId: `postern-${rayIds()}`,
  })
  closers.push(reverseProxy.close)
  const isStale = () => follower.ageMs() > config.stalenessBudget
  const isFresh = () => config.onStale === 'serve' || !isStale()
  const keyRing = createKeyRing({ replica, sealer, clock, stalenessBudgetMs: config.stalenessBudget })
  const vouching = { replica, keyRing, clock, log, authDomain: config.authDomain }
  const [assertions, sessions] = [createAssertions(vouching), createSessions(vouching)]
  const decide = createDecide({ replica, clock, isFresh, noteUse: useNotes.note, sessionIn: sessions.sessionIn })
  const noteRequest = createRequestLog({ record: accessRequests.note, clock, random })
  const metrics = createMetrics({ replica, clock, replicaAgeMs: follower.ageMs })
  const brakes = createBrakes({ clock, sourceOf, wrongSecretsPerMinute: config.wrongSecrets })
  const observe = createObserver({ metrics, brakes, noteRequest, logAccess: createAccessLog(accessLog, config.accessLog) })
  const check = createCheck({ decide, observe, clock, assertions, sessions })
  const openConnections = createOpenConnections({ replica, clock, log, sessionIn: sessions.sessionIn })
  closers.push(every(reviewEveryMs, settle([openConnections.review], log, 'what is open at the gate could not be looked through')))
  const gate = createGate({
    check,
    certs: createCerts({ replica, keyRing }),
    log,
    reverseProxy,
    openConnections,
    isTrusted,
    rayIds,
    listener: listenerOptions(config, tls.gate),
  })

  const journal = createJournal({ store, random, announce: follower.catchUp })
  const authority = createAuthority({ store, journal, sealer, clock, random, log, newKeyPair, ...config })
  const signIn = createSignIn({ store, clock, noteUse: (id) => apiTokenUses.note(id, clock.now()) })
  const problems = async () =>
    isStale() ? [`the gate has not heard of the database for ${Math.round(follower.ageMs() / 1000)} seconds`] : []
  const { rateLimit: requests, rateLimitWindow: windowMs, signInFailures: failuresPerMinute } = config
  const limits = createLimits({ clock, requests, windowMs, failuresPerMinute })
  const api = createApi({
    ...{ authority, signIn, limits, clock, noteRefusal: refusals.note, rayIds, log, problems, metrics },
    addressOf: (request) => clientAddress(request, isTrusted),
    ...{ requestTimeoutMs: config.requestTimeout, corsOrigins: config.corsOrigins, tls: tls.api?.pair },
  })
  const chores = createChores({
    ...{ store, clock, accessKeys: authority.accessKeys, endInactive: createInactivityRule({ store, journal, clock, log }) },
    ...{ logRetentionMs: config.logRetention, requestLogMax: config.requestLogMax },
  })
  /** For databases of earlier versions, and for what a node that stopped midway has left. */
  const ensureKeys = async () => {
    for (const accountId of accountsWithoutKey(replica)) await authority.accessKeys.ensure({ accountId, zoneId: null })
  }
  await ensureKeys()
  const doChores = settle([...chores, ensureKeys], log, 'a chore failed; it is tried again later')
  closers.push(every(config.choreInterval, doChores))

  const { gateMaxConnections: max, gateMaxConnectionsPerAddress: maxPerSource, shutdownTimeout } = config
  const apiConnections = watchConnections(api.server, { ...apiPlaces, isTrusted, sourceOf })
  const gateConnections = watchConnections(gate, { max, maxPerSource, isTrusted, sourceOf })
  closers.push(() =>
    Promise.all([
      apiConnections.close(() => api.close(), shutdownTimeout),
      gateConnections.close(() => new Promise((resolve) => gate.close(resolve)), shutdownTimeout),
    ]),
  )
  closers.push(renewCertificate(api.server, tls.api, 'api', log), renewCertificate(gate, tls.gate, 'gate', log))
  await api.listen(config.apiListen)
  await listen(gate, config.gateListen)
  const extAuthz =
    config.extAuthzListen &&
    (await serveEnvoy({ check, isTrusted, rayIds }, { ...config.extAuthzListen, shutdownTimeoutMs: shutdownTimeout }))
  if (extAuthz) closers.push(extAuthz.stop)

  // Last of all: what could fail has not, so the credentials that are made here will be shown.
  const first = await bootstrap({ store, clock, random }, bootstrapOptions(config))
  await follower.catchUp()
  await settle([ensureKeys], log, 'the first signing key could not be made; it is tried again later')()
  return { apiUrl: urlOf(api.server), gateUrl: urlOf(gate), extAuthzAddress: extAuthz?.address, bootstrap: first }
}

/** gRPC is loaded where it is used only: it is larger than all the rest of the gate. */
async function serveEnvoy(deps: ExtAuthzDeps, options: ExtAuthzOptions): Promise<ExtAuthz> {
  const { startExtAuthz } = await import('./gate/ext-authz/listener.ts')
  return startExtAuthz(deps, options)
}

/** A key pair for assertions: RSA with 2048 bits, as RS256 asks for (RFC 7518, section 3.3). */
function newKeyPair(): Promise<{ readonly publicKey: string; readonly privateKey: string }> {
  const publicKeyEncoding = { type: 'spki', format: 'pem' } as const
  const privateKeyEncoding = { type: 'pkcs8', format: 'pem' } as const
  return new Promise((resolve, reject) => {
    generateKeyPair('rsa', { modulusLength: 2048, publicKeyEncoding, privateKeyEncoding }, (error, publicKey, privateKey) =>
      error ? reject(error) : resolve({ publicKey, privateKey }),
    )
  })
}

function openDatabase({ databaseUrl }: Config, log: Log): Database {
  const onIdleError = (error: Error) => log.warn({ err: error }, 'a connection to the database broke')
  return databaseUrl.engine === 'sqlite' ? openSqlite(databaseUrl.path) : openPostgres(databaseUrl.url, onIdleError)
}

function bootstrapOptions(config: Config) {
  const { bootstrapAccountId: accountId, bootstrapZoneId: zoneId, bootstrapApiKey: apiKey, bootstrapApiToken: apiToken, originUrl } = config
  const { authDomain, bootstrapZoneName: zoneName = authDomain, bootstrapEmail: email = `owner@${authDomain}` } = config
  return { accountId, zoneId, zoneName, email, apiKey, apiToken, originUrl }
}

function listenerOptions(config: Config, tls: TlsFiles | undefined) {
  const { gateHeadersTimeout: headersTimeoutMs, gateStallTimeout: stallTimeoutMs, gateKeepAliveTimeout: keepAliveTimeoutMs } = config
  return { tls: tls?.pair, headersTimeoutMs, stallTimeoutMs, keepAliveTimeoutMs }
}
