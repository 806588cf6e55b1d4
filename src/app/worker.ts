import cluster from 'node:cluster'
import { setTimeout } from 'node:timers/promises'
import type { Log } from '../authority/ports.ts'
import type { Config } from '../config/settings.ts'
import { loadTls } from '../config/tls-files.ts'
import { systemClock } from './clock.ts'
import { type Closer, closeAll } from './closers.ts'
import { type LocalGate, startGate } from './gate.ts'
import { createNameLookups } from './name-lookups.ts'
import { answerQuestions, type Question } from './questions.ts'
import { createRandomBytes } from './random.ts'
import { openStorage } from './storage.ts'

export interface WorkerDeps {
  readonly config: Config
  readonly log: Log
  readonly accessLog: Log
}

/** What is left of the time for a stop once requests under way had theirs. */
export const mostMsToStore = 5_000

/** Whether this process is one that `startWorkers` has started. */
export const isWorker = () => cluster.isWorker

/** A gate in a process of its own, which does what the primary process asks. Resolves when it has stopped: because it was asked to, or because nobody is there to ask. */
export async function runWorker(deps: WorkerDeps): Promise<void> {
  const closers: Closer[] = []
  let gate: Promise<LocalGate> | undefined
  let stopping: Promise<void> | undefined
  const stop = () => {
    stopping ??= stopAll()
    return stopping
  }

  async function stopAll(): Promise<void> {
    await gate
      ?.then(({ stopListening }) => stopListening())
      .catch((error: unknown) => deps.log.error({ err: error }, 'the gate could not be stopped'))
    await closeAll(closers, deps.log)
  }

  const answerTo = async (question: Question): Promise<unknown> => {
    if (question.kind === 'start') gate = start(deps, question.loopId, closers)
    if (question.kind === 'stop') return stop()
    if (gate === undefined) throw new Error('it has not been started')
    const started = await gate
    if (question.kind === 'listen') {
      // What was stored while it started was announced to those only who answered by then.
      await started.catchUp()
      return started.listen(question)
    }
    if (question.kind === 'catch_up')
      return Promise.race([started.catchUp().then(() => true), setTimeout(question.withinMs, false, { ref: false })])
    if (question.kind === 'problems') return started.problems()
    if (question.kind === 'metrics') return started.metrics.values()
    return undefined
  }

  return new Promise((resolve) => {
    // Otherwise Node ends it on the spot when the primary process has gone, and what it has learnt would be lost.
    if (cluster.worker) cluster.worker.exitedAfterDisconnect = true
    process.once('disconnect', () => void Promise.race([stop(), setTimeout(deps.config.shutdownTimeout + mostMsToStore)]).then(resolve))
    answerQuestions(answerTo)
  })
}

async function start({ config, log, accessLog }: WorkerDeps, loopId: string, closers: Closer[]): Promise<LocalGate> {
  const around = { config, log, accessLog, clock: systemClock, random: createRandomBytes(), lookups: createNameLookups() }
  const storage = await openStorage({ ...around, migrates: false }, closers)
  return startGate({ ...around, ...storage, tls: loadTls(config).gate, loopId }, closers)
}
