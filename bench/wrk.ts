import { execFile, spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { clientCore, type Running } from './processes.ts'

// As fast as a server can: the load generator wrk, on the other core.

export const connections = 64

export interface Load {
  /** A file of prepared requests, see `writeRequests`. */
  readonly requests: string
  readonly seconds: number
  /** The share of requests that are refused, with a status of 400 or more; 0 unless something else is said. */
  readonly refused?: number
  /** `connections` unless something else is said. */
  readonly connections?: number
}

/** What a run came to. Times are in milliseconds but for `cpuMicros`. */
export interface Measured {
  /** Those that were answered. */
  readonly requests: number
  readonly requestsPerSecond: number
  readonly p50Ms: number
  readonly p90Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Of the server's time on its core, per request. Neighbours on the machine disturb it least. */
  readonly cpuMicros: number
  /** Of the server, afterwards. */
  readonly rssMiB: number
  readonly pssMiB: number
}

/** How far the share of refusals may be from what is expected: requests are drawn at random. */
const tolerance = 0.02

interface Summary {
  readonly requests: number
  readonly durationUs: number
  readonly refused: number
  readonly broken: number
  readonly timeouts: number
  readonly p50Us: number
  readonly p90Us: number
  readonly p99Us: number
  readonly maxUs: number
}

/** wrk's version. Throws with the package's name where it is not installed. */
export function wrkVersion(): string {
  const { error, stdout } = spawnSync('wrk', ['-v'], { encoding: 'utf8' })
  if (error !== undefined) throw new Error('the load generator wrk is not installed: `apt-get install wrk` on Debian and Ubuntu')
  return /^wrk (\S+)/.exec(stdout)?.[1] ?? 'unknown'
}

/**
 * Asks a server for some seconds over keep-alive connections and measures it, and those that work for it in `others`. Throws where any connection
 * broke, or where other requests were refused than should have been.
 */
export async function measure(server: Pick<Running, 'url' | 'usage'>, load: Load, others: readonly Running[] = []): Promise<Measured> {
  const all = [server, ...others]
  const cpuMs = () => all.reduce((sum, { usage }) => sum + usage().cpuMs, 0)
  const before = cpuMs()
  const summary = await runWrk(server.url, load)
  const spentMs = cpuMs() - before
  verify(summary, load)
  const usages = all.map(({ usage }) => usage())
  return {
    requests: summary.requests,
    requestsPerSecond: summary.requests / (summary.durationUs / 1e6),
    ...{ p50Ms: summary.p50Us / 1e3, p90Ms: summary.p90Us / 1e3, p99Ms: summary.p99Us / 1e3, maxMs: summary.maxUs / 1e3 },
    cpuMicros: (spentMs * 1e3) / summary.requests,
    rssMiB: usages.reduce((sum, { rssMiB }) => sum + rssMiB, 0),
    pssMiB: usages.reduce((sum, { pssMiB }) => sum + pssMiB, 0),
  }
}

async function runWrk(url: string, { requests, seconds, connections: count = connections }: Load): Promise<Summary> {
  const script = join(import.meta.dirname, 'wrk.lua')
  const wrk = ['wrk', '-t1', `-c${count}`, `-d${seconds}s`, '--timeout', '5s', '-s', script, url, '--', requests]
  const { stdout } = await promisify(execFile)('taskset', ['-c', String(clientCore), ...wrk])
  const line = stdout.split('\n').find((text) => text.startsWith('{'))
  if (line === undefined) throw new Error(`wrk said nothing of its run:\n${stdout}`)
  return JSON.parse(line)
}

function verify(summary: Summary, { refused = 0 }: Load): void {
  const { requests, broken, timeouts } = summary
  const fail = (what: string): never => {
    throw new Error(`${what}, so the run says nothing: ${JSON.stringify(summary)}`)
  }
  if (requests === 0) fail('nothing was answered')
  if (broken > 0 || timeouts > 0) fail('connections broke or stood still')
  const share = summary.refused / requests
  const isAsExpected = refused === 0 || refused === 1 ? share === refused : Math.abs(share - refused) <= tolerance
  if (!isAsExpected) fail(`${refused * 100} % of the requests should have been refused`)
}
