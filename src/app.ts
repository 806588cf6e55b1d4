import { sourceOf } from './api/limits.ts'
import { createHealthServer, type ServerDeps } from './api/server.ts'
import { systemClock } from './app/clock.ts'
import { type Closer, closeAll } from './app/closers.ts'
import { type Gate, type GateAddresses, type GateDeps, startGate } from './app/gate.ts'
import { startManagement } from './app/management.ts'
import { createNameLookups } from './app/name-lookups.ts'
import { noGate } from './app/no-gate.ts'
import { createRandomBytes } from './app/random.ts'
import { openStorage } from './app/storage.ts'
import { startWorkers } from './app/workers.ts'
import type { Bootstrap } from './authority/bootstrap.ts'
import type { Clock, Log } from './authority/ports.ts'
import type { Config } from './config/settings.ts'
import { loadTls } from './config/tls-files.ts'
import { createRayIds } from './domain/identifier.ts'
import type { RandomBytes } from './domain/secret.ts'
import { urlOf, watchConnections } from './gate/connections.ts'
import { addressOf, createTrust } from './gate/peer.ts'
import { renewCertificate } from './gate/renewal.ts'
import { isUnavailable } from './store/unavailable.ts'

/** Connections to the API at a time, and of one address. */
const apiPlaces = { max: 5_000, maxPerSource: 1_000 }

export interface App extends GateAddresses {
  /** Of the management API; of a gate's health and metrics where there is no API. */
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
  { config, log, accessLog = log, clock = systemClock, random = createRandomBytes() }: AppDeps,
  closers: Closer[],
): Promise<Omit<App, 'stop'>> {
  const tls = loadTls(config)
  const hasApi = config.role !== 'gate'
  const storage = await openStorage({ config, log, random, migrates: hasApi }, closers)
  const rayIds = createRayIds(random)
  const around = { ...storage, config, log, clock, random, lookups: createNameLookups() }
  const gate = await gateOf({ ...around, accessLog, tls: tls.gate, loopId: `postern-${rayIds()}` }, closers)

  const isTrusted = createTrust(config.trustedProxies)
  const server: ServerDeps = {
    ...{
      isUnavailable,
      rayIds,
      log,
      problems: gate.problems,
      metrics: gate.metrics,
      addressOf: (request) => addressOf(request, isTrusted),
    },
    ...{ requestTimeoutMs: config.requestTimeout, corsOrigins: config.corsOrigins, tls: tls.api?.pair },
  }
  const management = hasApi ? await startManagement({ ...around, gate, server }, closers) : undefined
  const api = management?.api ?? createHealthServer(server)

  const connections = watchConnections(api.server, { ...apiPlaces, isTrusted, sourceOf })
  const stopApi = () => connections.close(() => api.close(), config.shutdownTimeout)
  closers.push(() => Promise.all([stopApi(), gate.stopListening()]), renewCertificate(api.server, tls.api, 'api', log))
  await api.listen(config.apiListen)
  const addresses = await gate.listen()
  return { apiUrl: urlOf(api.server), ...addresses, bootstrap: await management?.bootstrap() }
}

/** None, one in this process, or several beside it. */
function gateOf(deps: GateDeps, closers: Closer[]): Promise<Gate> {
  const { role, workers } = deps.config
  if (role === 'api') return Promise.resolve(noGate(deps.store))
  return workers === 1 ? startGate(deps, closers) : startWorkers(deps, closers)
}
