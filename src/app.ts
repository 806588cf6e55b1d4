import { generateKeyPair, randomBytes } from 'node:crypto'
import { createLimits, sourceOf } from './api/limits.ts'
import { createApi } from './api/server.ts'
import { systemClock } from './app/clock.ts'
import { type Closer, closeAll } from './app/closers.ts'
import { type Gate, type GateAddresses, type GateDeps, startGate } from './app/gate.ts'
import { openStorage } from './app/storage.ts'
import { startWorkers } from './app/workers.ts'
import { createAuthority } from './authority/authority.ts'
import { type Bootstrap, bootstrap } from './authority/bootstrap.ts'
import { createChores } from './authority/chores.ts'
import { createInactivityRule } from './authority/inactivity.ts'
import { createJournal } from './authority/journal.ts'
import { accountsWithoutKey } from './authority/missing-keys.ts'
import type { Clock, Log } from './authority/ports.ts'
import { createRefusals } from './authority/refusals.ts'
import { every, settle } from './authority/rounds.ts'
import { createSignIn } from './authority/sign-in.ts'
import { createUses } from './authority/uses.ts'
import type { Config } from './config/settings.ts'
import { loadTls } from './config/tls-files.ts'
import { createRayIds } from './domain/identifier.ts'
import type { RandomBytes } from './domain/secret.ts'
import { urlOf, watchConnections } from './gate/connections.ts'
import { addressOf, createTrust } from './gate/peer.ts'
import { renewCertificate } from './gate/renewal.ts'

/** Connections to the API at a time, and of one address. */
const apiPlaces = { max: 5_000, maxPerSource: 1_000 }

export interface App extends GateAddresses {
  readonly apiUrl: string
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

/**
 * Puts the parts together and starts them: store, authority, gate, API. Resolves when both listeners answer; when it fails, nothing is left running. With more than
 * one worker, the gate is in processes that begin as this one did, and that must end up in `runWorker`.
 */
export async function startApp(deps: AppDeps): Promise<App> {
  const closers: Closer[] = []
  const stop = () => closeAll(closers, deps.log)
  try {
    return { ...(await start(deps, closers)), stop }
  } catch (error) {
    await stop()
    throw error
  }
}

async function start(
  { config, log, accessLog = log, clock = systemClock, random = randomBytes }: AppDeps,
  closers: Closer[],
): Promise<Omit<App, 'stop'>> {
  const tls = loadTls(config)
  const storage = await openStorage({ config, log, random, migrates: true }, closers)
  const { store, sealer } = storage

  const apiTokenUses = createUses((batch) => store.recordUses('api_token', batch))
  const refusals = createRefusals({ store, clock, random, log })
  const flush = settle([apiTokenUses.flush, refusals.flush], log, 'what happened lately at the API could not be stored')
  closers.push(flush, every(config.flushInterval, flush))

  const rayIds = createRayIds(random)
  const gate = await gateOf({ ...storage, config, log, accessLog, clock, random, tls: tls.gate, loopId: `postern-${rayIds()}` }, closers)
  const isTrusted = createTrust(config.trustedProxies)
  const journal = createJournal({ store, random, announce: gate.catchUp })
  const authority = createAuthority({ store, journal, sealer, clock, random, log, newKeyPair, ...config })
  const signIn = createSignIn({ store, clock, noteUse: (id) => apiTokenUses.note(id, clock.now()) })
  const { rateLimit: requests, rateLimitWindow: windowMs, signInFailures: failuresPerMinute } = config
  const limits = createLimits({ clock, requests, windowMs, failuresPerMinute })
  const api = createApi({
    ...{ authority, signIn, limits, clock, noteRefusal: refusals.note, rayIds, log, problems: gate.problems, metrics: gate.metrics },
    addressOf: (request) => addressOf(request, isTrusted),
    ...{ requestTimeoutMs: config.requestTimeout, corsOrigins: config.corsOrigins, tls: tls.api?.pair },
  })
  const chores = createChores({
    ...{ store, clock, accessKeys: authority.accessKeys, endInactive: createInactivityRule({ store, journal, clock, log }) },
    ...{ logRetentionMs: config.logRetention, requestLogMax: config.requestLogMax },
  })
  const ensureKeys = async () => {
    for (const accountId of await accountsWithoutKey(store)) await authority.accessKeys.ensure({ accountId, zoneId: null })
  }
  await ensureKeys()
  const doChores = settle([...chores, ensureKeys], log, 'a chore failed; it is tried again later')
  closers.push(every(config.choreInterval, doChores))

  const connections = watchConnections(api.server, { ...apiPlaces, isTrusted, sourceOf })
  const stopApi = () => connections.close(() => api.close(), config.shutdownTimeout)
  closers.push(() => Promise.all([stopApi(), gate.stopListening()]), renewCertificate(api.server, tls.api, 'api', log))
  await api.listen(config.apiListen)
  const addresses = await gate.listen()

  // Last of all: what could fail has not, so the credentials that are made here will be shown.
  const first = await bootstrap({ store, clock, random }, bootstrapOptions(config))
  await gate.catchUp()
  await settle([ensureKeys], log, 'the first signing key could not be made; it is tried again later')()
  return { apiUrl: urlOf(api.server), ...addresses, bootstrap: first }
}

/** One gate in this process, or several beside it. */
function gateOf(deps: GateDeps, closers: Closer[]): Promise<Gate> {
  return deps.config.workers === 1 ? startGate(deps, closers) : startWorkers(deps, closers)
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

function bootstrapOptions(config: Config) {
  const { bootstrapAccountId: accountId, bootstrapZoneId: zoneId, bootstrapApiKey: apiKey, bootstrapApiToken: apiToken, originUrl } = config
  const { authDomain, bootstrapZoneName: zoneName = authDomain, bootstrapEmail: email = `owner@${authDomain}` } = config
  return { accountId, zoneId, zoneName, email, apiKey, apiToken, originUrl }
}
