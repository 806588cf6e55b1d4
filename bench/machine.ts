import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import manifest from '../package.json' with { type: 'json' }
import { nginxVersion } from './nginx.ts'
import { wrkVersion } from './wrk.ts'

/** Where and of what the figures are. */
export interface Machine {
  readonly date: string
  readonly processor: string
  readonly cores: number
  readonly memoryGiB: number
  readonly system: string
  readonly node: string
  readonly postern: string
  /** With `+` where the sources had been changed since. */
  readonly commit: string
  readonly wrk: string
  readonly nginx: string
  /** What else was at work when the run began: the load average of the last minute. */
  readonly loadAverage: number
}

/** Throws with a package's name where a program is missing that is needed. */
export function describeMachine(): Machine {
  const [wrk, nginx] = [wrkVersion(), nginxVersion()]
  const git = (...words: string[]) => execFileSync('git', words, { cwd: import.meta.dirname, encoding: 'utf8' }).trim()
  const changed = git('status', '--porcelain', '--', '../src', '../package-lock.json') !== ''
  return {
    date: new Date().toISOString(),
    processor: cpus()[0]?.model.trim() ?? 'unknown',
    cores: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    system: `Linux ${release()}`,
    node: process.version,
    postern: manifest.version,
    commit: `${git('rev-parse', '--short', 'HEAD')}${changed ? '+' : ''}`,
    ...{ wrk, nginx },
    loadAverage: Number(readFileSync('/proc/loadavg', 'utf8').split(' ')[0]),
  }
}

/** In words, one line each. */
export function machineLines(machine: Machine): readonly string[] {
  const { processor, cores, memoryGiB, system, node, postern, commit, wrk, nginx, date, loadAverage } = machine
  return [
    `${processor}, ${cores} cores, ${memoryGiB} GiB, ${system}`,
    `Node ${node}, Postern ${postern} (${commit}), wrk ${wrk}, nginx ${nginx}`,
    `${date.slice(0, 16).replace('T', ' ')} UTC, load average ${loadAverage} at the start`,
  ]
}
