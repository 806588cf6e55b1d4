import { generateKeyPair, randomBytes } from 'node:crypto'
import type { Server } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createLimits } from './api/limits.ts'
import { createApi } from './api/server.ts'
import { createAuthority } from './authority/authority.ts'
import { createBatch } from './authority/batch.ts'
import { type Bootstrap, bootstrap } from './authority/bootstrap.ts'
import { createChores } from './authority/chores.ts'
import { createJournal } from './authority/journal.ts'
import type { Clock, Log } from './authority/ports.ts'
import { createRefusals } from './authority/refusals.ts'
import { createSealer, requireMasterKey } from './authority/sealer.ts'
import { createSignIn } from './authority/sign-in.ts'
import { createUses } from './authority/uses.ts'
import { loadMasterKey } from './config/master-key.ts'
import type { Config } from './config/settings.ts'
import { createAddressSet } from './domain/address-range.ts'
import { createRayIds } from './domain/identifier.ts'
import type { RandomBytes } from './domain/secret.ts'
import { createDecide } from './gate/decide.ts'
import { clientAddress } from './gate/peer.ts'
import { createFollower } from './gate/replica/follower.ts'
import { createReplica } from './gate/replica/replica.ts'
import { createRequestLog } from './gate/request-log.ts'
import { createReverseProxy } from './gate/reverse-proxy.ts'
import { createGate } from './gate/server.ts'
import type { Database } from './store/database.ts'
import { migrate } from './store/migrate.ts'
import { openPostgres } from './store/postgres.ts'
import { openSqlite } from './store/sqlite.ts'
import { createStore } from './store/store.ts'

/** How often it is looked what has reached its age: signing keys, kept answers, old log entries. */
const choresEveryMs = 600_000

export interface App {
  readonly apiUrl: string
  readonly gateUrl: string
  /** What the first start on an empty database made. */
  readonly bootstrap: Bootstrap | undefined
  /** Lets requests under way finish until the shutdown timeout, stores what is still in memory, and closes everything. */
  stop(): Promise<void>
}

export interface AppDeps {
  readonly config: Config
  readonly log: Log
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

async function start({ config, log, clock = systemClock, random = randomBytes }: AppDeps, closers: Closer[]): Promise<Omit<App, 'stop'>> {
  const database = openDatabase(config, log)
  closers.push(database.close)
  await migrate(database.patient)
  const store = createStore(database)

  const sealer = createSealer(loadMasterKey(config, !(await store.hasMasterKeyProof()), random), random)
  await requireMasterKey(sealer, store.keepMasterKeyProof)

  const uses = createUses((batch) => store.recordUses('service_token', batch))
  const apiTokenUses = createUses((batch) => store.recordUses('api_token', batch))
  const refusals = createRefusals({ store, clock, random, log })
  const accessRequests = createBatch(store.recordAccessRequests, { max: 1000, what: "machines' requests", log })
  const flush = settle(
    [uses, apiTokenUses, refusals, accessRequests].map((batch) => batch.flush),
    log,
    'what happened lately could not be stored',
  )
  const flushing = setInterval(() => void flush(), config.flushInterval)
  closers.push(flush, async () => clearInterval(flushing))

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

  const isTrusted = createAddressSet(config.trustedProxies)
  const reverseProxy = createReverseProxy({ isTrusted, log })
  closers.push(reverseProxy.close)
  const rayIds = createRayIds(random)
  const isStale = () => follower.ageMs() > config.stalenessBudget
  const isFresh = () => config.onStale === 'serve' || !isStale()
  const decide = createDecide({ replica, clock, isFresh, noteUse: (token) => uses.note(token.id, clock.now()) })
  const noteRequest = createRequestLog({ record: accessRequests.note, isTrusted, clock, random })
  const gate = createGate({ decide, noteRequest, reverseProxy, isTrusted, rayIds })

  const journal = createJournal({ store, random, announce: follower.catchUp })
  const authority = createAuthority({ store, journal, sealer, clock, random, log, newKeyPair, ...config })
  const signIn = createSignIn({ store, clock, noteUse: (id) => apiTokenUses.note(id, clock.now()) })
  const problems = async () =>
    isStale() ? [`the gate has not heard of the database for ${Math.round(follower.ageMs() / 1000)} seconds`] : []
  const { rateLimit: requests, rateLimitWindow: windowMs, signInFailures: failuresPerMinute } = config
  const limits = createLimits({ clock, requests, windowMs, failuresPerMinute })
  const api = createApi({
    ...{ authority, signIn, limits, clock, noteRefusal: refusals.note, rayIds, log, problems },
    addressOf: (request) => clientAddress(request, isTrusted),
    ...{ requestTimeoutMs: config.requestTimeout, corsOrigins: config.corsOrigins },
  })
  const chores = createChores({ store, accessKeys: authority.accessKeys, clock, logRetentionMs: config.logRetention })
  const doChores = settle(chores, log, 'a chore failed; it is tried again later')
  const choring = setInterval(() => void doChores(), choresEveryMs)
  closers.push(async () => clearInterval(choring))

  const closeApi = closer(api.server, () => api.close(), config.shutdownTimeout)
  const closeGate = closer(gate, () => new Promise((resolve) => gate.close(resolve)), config.shutdownTimeout)
  closers.push(() => Promise.all([closeApi(), closeGate()]))
  await api.listen(config.apiListen)
  await listen(gate, config.gateListen)

  // Last of all: what could fail has not, so the credentials that are made here will be shown.
  const first = await bootstrap({ store, clock, random }, bootstrapOptions(config))
  await follower.catchUp()
  return { apiUrl: urlOf(api.server), gateUrl: urlOf(gate), bootstrap: first }
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

/** Does all of it, whatever becomes of the others, and logs what failed. */
function settle(tasks: readonly (() => Promise<void>)[], log: Log, message: string): () => Promise<void> {
  return async () => {
    for (const result of await Promise.allSettled(tasks.map((task) => task()))) {
      if (result.status === 'rejected') log.error({ err: result.reason }, message)
    }
  }
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

function listen(server: Server, { host, port }: { host: string; port: number }): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })
}

/** Closes a server once its requests are answered, or cuts those that take longer than `timeoutMs`. */
function closer(server: Server, close: () => Promise<unknown>, timeoutMs: number): Closer {
  // Node does not count a connection that has not sent its first request as idle.
  const silent = new Set<Socket>()
  server.on('connection', (socket) => {
    silent.add(socket)
    socket.once('close', () => silent.delete(socket))
  })
  server.on('request', ({ socket }) => silent.delete(socket))
  return async () => {
    const cut = () => {
      server.closeIdleConnections()
      for (const socket of silent) socket.destroy()
    }
    // Clients keep connections open for their next request, so they are cut as they fall idle.
    const cutting = setInterval(cut, 20)
    const limit = setTimeout(() => server.closeAllConnections(), timeoutMs)
    await close()
    clearInterval(cutting)
    clearTimeout(limit)
  }
}

function urlOf(server: Server): string {
  const { address, family, port } = server.address() as AddressInfo
  return `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
}
