import cluster from 'node:cluster'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Log } from '../authority/ports.ts'
import { inTurn } from '../authority/rounds.ts'
import type { Config } from '../config/settings.ts'
import { listen } from '../gate/connections.ts'
import { createMetricsSum } from '../gate/metrics-sum.ts'
import type { Closer } from './closers.ts'
import type { Gate, GateAddresses, GatePorts } from './gate.ts'
import { TookTooLong } from './questions.ts'
import { supervise } from './supervision.ts'
import { mostMsToStore } from './worker.ts'
import { startProcess, type Worker } from './worker-process.ts'

export interface WorkersDeps {
  readonly config: Config
  readonly log: Log
  /** By which a request is known that has come through any of them before. */
  readonly loopId: string
}

/** As long as millions of tokens take to read on a slow disk. */
const mostMsToStart = 600_000
const mostMsToListen = 60_000
/** A worker that waits for its database answers after so long all the same. */
const mostMsToCatchUp = 4_000
/** One that has not answered by then stands still. */
const mostMsStill = 5_000
const mostMsToTell = 2_000

/**
 * Gates in processes of their own, behind one port. When it resolves all know what the database holds, and none listens yet. Fails when one of them does; later
 * on, one that ends is replaced.
 */
export async function startWorkers({ config, log, loopId }: WorkersDeps, closers: Closer[]): Promise<Gate> {
  const workers = new Set<Worker>()
  const listening = () => [...workers].filter(({ isListening }) => isListening)
  const metrics = createMetricsSum(() => listening().length)
  const stopping = new AbortController()
  const ports = await portsOf(config)

  async function follow(worker: Worker): Promise<void> {
    workers.add(worker)
    void worker.ended.then(() => {
      workers.delete(worker)
      metrics.keep(worker)
    })
    await worker.ask({ kind: 'start', loopId }, mostMsToStart)
    // From here on changes are announced to it. What came before it looks up once more, before it listens.
    worker.isFollowing = true
  }

  async function answer(worker: Worker): Promise<GateAddresses> {
    const addresses = await worker.ask({ kind: 'listen', ...ports }, mostMsToListen)
    worker.isListening = true
    return addresses
  }

  async function replace(number: number): Promise<Worker> {
    const worker = startProcess(number)
    try {
      await follow(worker)
      await answer(worker)
    } catch (error) {
      if (!stopping.signal.aborted) log.error({ err: error, worker: number }, 'a gate worker could not be started')
      worker.kill()
    }
    return worker
  }

  async function catchUp(worker: Worker): Promise<void> {
    try {
      const isUpToDate = await worker.ask({ kind: 'catch_up', withinMs: mostMsToCatchUp }, mostMsStill)
      if (!isUpToDate) log.warn({ worker: worker.number }, 'a gate worker could not confirm a change in time; its lease bounds the delay')
    } catch (error) {
      // One that has ended admits nobody. One that stands still, or cannot be asked, would.
      if (error instanceof TookTooLong) log.error({ worker: worker.number }, 'a gate worker stands still: it is ended')
      worker.kill()
      await worker.ended
    }
  }

  async function count(worker: Worker): Promise<void> {
    const values = await worker.ask({ kind: 'metrics' }, mostMsToTell).catch(() => undefined)
    // Of one that does not answer, what it said last is shown; one that has ended is accounted for.
    if (values !== undefined && workers.has(worker)) metrics.note(worker, values)
  }

  async function stop(worker: Worker): Promise<void> {
    await worker.ask({ kind: 'stop' }, config.shutdownTimeout + mostMsToStore).catch(() => worker.kill())
    worker.disconnect()
    const limit = setTimeout(worker.kill, mostMsToTell)
    await worker.ended
    clearTimeout(limit)
  }

  async function stopAll(): Promise<void> {
    stopping.abort()
    await Promise.all([...workers].map(stop))
  }

  closers.push(stopAll)
  // Workers take connections by themselves: dealt out by this process, each would cost a message, and wait for whatever the API is doing.
  if (process.env['NODE_CLUSTER_SCHED_POLICY'] === undefined) cluster.schedulingPolicy = cluster.SCHED_NONE
  const first = Array.from({ length: config.workers }, (_, index) => startProcess(index + 1))
  await Promise.all(first.map((worker) => follow(worker).catch(failing(worker))))

  return {
    async listen() {
      const [addresses] = await Promise.all(first.map((worker) => answer(worker).catch(failing(worker))))
      for (const worker of first) void supervise(worker, { replace, log, signal: stopping.signal })
      if (addresses === undefined) throw new Error('there is no gate worker')
      return addresses
    },
    catchUp: inTurn(async () => {
      await Promise.all([...workers].filter(({ isFollowing }) => isFollowing).map(catchUp))
    }).run,
    async problems() {
      const told = await Promise.all(listening().map(problemsOf))
      return told.length === 0 ? ['no gate worker is running'] : told.flat()
    },
    metrics: {
      contentType: metrics.contentType,
      async text() {
        await Promise.all(listening().map(count))
        return metrics.text()
      },
    },
    stopListening: stopAll,
  }
}

async function problemsOf(worker: Worker): Promise<readonly string[]> {
  try {
    const problems = await worker.ask({ kind: 'problems' }, mostMsToTell)
    return problems.map((problem) => `gate worker ${worker.number}: ${problem}`)
  } catch (error) {
    // One that has just ended is replaced.
    return error instanceof TookTooLong ? [`gate worker ${worker.number} does not answer`] : []
  }
}

function failing({ number }: Worker) {
  return (error: NodeJS.ErrnoException): never => {
    throw Object.assign(new Error(`gate worker ${number} could not start: ${error.message}`), { code: error.code })
  }
}

/** The port that each worker listens at. One that the system is to choose is chosen here, once for all of them and those that replace them. */
async function portsOf({ gateListen, extAuthzListen }: Config): Promise<GatePorts> {
  return { gatePort: await portAt(gateListen), extAuthzPort: extAuthzListen && (await portAt(extAuthzListen)) }
}

async function portAt(address: { readonly host: string; readonly port: number }): Promise<number> {
  if (address.port !== 0) return address.port
  const server = createServer()
  await listen(server, address)
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
