import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Latencies } from './latencies.ts'
import { clientCore } from './processes.ts'

interface Common {
  readonly url: string
  /** A file of prepared requests, see `writeRequests`. */
  readonly requests: string
  readonly connections: number
  /** The status of every answer; any other fails the run. */
  readonly expected: number
}

/** Random requests of the file at a rate, whether or not the server keeps up. The first second does not count: the generator's code is being compiled. */
export interface Paced extends Common {
  readonly how: 'paced'
  readonly perSecond: number
  readonly seconds: number
}

/** Times count from when a request was due. */
export interface PacedResult extends Latencies {
  /** Whether generator and server kept up; otherwise the times say that they did not, and little more. */
  readonly isKept: boolean
  readonly perSecond: number
  /** How long after a request was due the generator noticed. This is its own part of the times. */
  readonly lateP50Ms: number
  readonly lateP99Ms: number
}

/** Every request of the file once, as fast as the connections allow. */
export interface EachOnce extends Common {
  readonly how: 'each once'
  /** A file with a request that is asked meanwhile on a connection of its own, every other millisecond. */
  readonly beside?: string
}

export interface EachOnceResult extends Latencies {
  readonly tookMs: number
  readonly beside?: Latencies
}

/** Random requests of the file, on each connection one after the other. */
export interface AtFullSpeed extends Common {
  readonly how: 'at full speed'
  readonly seconds: number
}

export type Job = Paced | EachOnce | AtFullSpeed

const fewestOfRate = 0.98
const mostLateP50Ms = 0.2

/** Sends requests at a rate. */
export async function paceRequests(job: Omit<Paced, 'how'>): Promise<PacedResult> {
  const result = (await generate({ how: 'paced', ...job })) as Omit<PacedResult, 'isKept'>
  return { ...result, isKept: result.lateP50Ms <= mostLateP50Ms && result.perSecond >= fewestOfRate * job.perSecond }
}

/** How many requests a second server and generator come to; wrk may come to more. */
export async function requestsAtFullSpeed(job: Omit<AtFullSpeed, 'how'>): Promise<number> {
  return (await generate({ how: 'at full speed', ...job })) as number
}

export async function askEachOnce(job: Omit<EachOnce, 'how'>): Promise<EachOnceResult> {
  return (await generate({ how: 'each once', ...job })) as EachOnceResult
}

async function generate(job: Job): Promise<unknown> {
  const program = [process.execPath, '--import', 'tsx', join(import.meta.dirname, 'generator.ts'), JSON.stringify(job)]
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(clientCore), ...program])
  return JSON.parse(stdout)
}
