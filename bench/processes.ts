import { type ChildProcess, spawn } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'

// Programs that are measured: each a process of its own, held on one core.

/** Where programs that are measured run. */
export const serverCore = 0
/** Where whoever asks them runs. */
export const clientCore = 1

export interface Program {
  readonly command: readonly string[]
  /** `serverCore` unless something else is said. */
  readonly core?: number
  readonly folder?: string
  readonly environment?: Readonly<Record<string, string>>
  /** It is ready when it writes a line with this; the first group is its URL. Or when this URL answers. */
  readonly ready: RegExp | string
}

export interface Running {
  readonly url: string
  readonly pid: number
  /** From its start until it was ready. */
  readonly startMs: number
  /** All that it has written so far. */
  output(): string
  usage(): Usage
  /** Throws if it has ended by itself. */
  stop(): Promise<void>
}

/** Of a process and all its children. */
export interface Usage {
  /** Time on a processor since it started, in user and kernel mode. */
  readonly cpuMs: number
  readonly rssMiB: number
  /** The same with memory that is shared divided among those who share it. */
  readonly pssMiB: number
}

const mostMsToStart = 120_000
const mostMsToStop = 20_000
/** `sysconf(_SC_CLK_TCK)`, which is 100 on every Linux that Node runs on. */
const msPerTick = 10

/** None is left behind when this process ends by whatever means. */
const alive = new Set<ChildProcess>()
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL')
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

/** Starts a program on its core, and waits until it is ready. */
export async function start({ command, core = serverCore, folder, environment, ready }: Program): Promise<Running> {
  const startedAt = performance.now()
  const child = spawn('taskset', ['-c', String(core), ...command], {
    ...(folder !== undefined && { cwd: folder }),
    env: { ...process.env, ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  let output = ''
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()))
  const url = await new Promise<string>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      output += chunk
      const found = typeof ready === 'string' ? null : ready.exec(output)
      if (found?.[1] !== undefined) resolve(found[1])
    }
    child.stdout.on('data', hear)
    child.stderr.on('data', hear)
    child.once('error', reject)
    child.once('exit', (code) => reject(new Error(`${command.join(' ')} ended with ${code} before it was ready:\n${output}`)))
    setTimeout(() => reject(new Error(`${command.join(' ')} was not ready in time:\n${output}`)), mostMsToStart).unref()
    if (typeof ready === 'string') answering(ready, child).then(() => resolve(ready), reject)
  }).catch((error: unknown) => {
    child.kill('SIGKILL')
    throw error
  })
  const { pid } = child
  if (pid === undefined) throw new Error(`${command.join(' ')} has no process`)
  return {
    ...{ url, pid, startMs: performance.now() - startedAt, output: () => output },
    usage: () => usageOf(pid),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${command.join(' ')} ended by itself:\n${output}`)
      child.kill('SIGTERM')
      const forced = setTimeout(() => child.kill('SIGKILL'), mostMsToStop)
      await ended
      clearTimeout(forced)
    },
  }
}

/** Waits until a program is ready, and stops it when all is over. */
export type Keep = <Program extends Running>(starting: Promise<Program>) => Promise<Program>

/** Runs something, and stops the programs that it has kept in any case. */
export async function withPrograms<Result>(what: (keep: Keep) => Promise<Result>): Promise<Result> {
  const kept: Running[] = []
  try {
    return await what(async (starting) => {
      const program = await starting
      kept.push(program)
      return program
    })
  } finally {
    const stops = await Promise.allSettled(kept.map((program) => program.stop()))
    for (const stop of stops) if (stop.status === 'rejected') process.exitCode = 1
    for (const stop of stops) if (stop.status === 'rejected') process.stderr.write(`${stop.reason}\n`)
  }
}

export async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise<void>((resolve) => server.close(() => resolve()))
  return port
}

async function answering(url: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null) {
    const answered = await fetch(url).then(
      (answer) => answer.arrayBuffer().then(() => true),
      () => false,
    )
    if (answered) return
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

function usageOf(pid: number): Usage {
  const family = withChildren(pid)
  const sum = (of: (pid: number) => number) => family.reduce((total, member) => total + of(member), 0)
  return {
    cpuMs: sum(cpuMsOf),
    rssMiB: sum((member) => kibIn(`/proc/${member}/status`, 'VmRSS')) / 1024,
    pssMiB: sum((member) => kibIn(`/proc/${member}/smaps_rollup`, 'Pss')) / 1024,
  }
}

function withChildren(pid: number): readonly number[] {
  const threads = readdirSync(`/proc/${pid}/task`)
  const children = threads.flatMap((thread) => readFileSync(`/proc/${pid}/task/${thread}/children`, 'utf8').split(' '))
  return [pid, ...children.filter((child) => child !== '').flatMap((child) => withChildren(Number(child)))]
}

function cpuMsOf(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
  // Counted from behind the name, which may contain anything: utime and stime are fields 14 and 15 (proc(5)).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return (Number(fields[11]) + Number(fields[12])) * msPerTick
}

function kibIn(path: string, name: string): number {
  const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(readFileSync(path, 'utf8'))
  if (found === null) throw new Error(`${path} says no ${name}`)
  return Number(found[1])
}
