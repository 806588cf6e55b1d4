import cluster from 'node:cluster'
import { type Asking, askingOf } from './questions.ts'

/** A worker, as the primary process sees it. */
export interface Worker extends Asking {
  /** From 1. The one that takes another's place takes its number. */
  readonly number: number
  /** Every change is announced to it. */
  isFollowing: boolean
  isListening: boolean
  /** Resolves with how it ended: its exit code, or the signal. */
  readonly ended: Promise<number | string>
  kill(): void
  /** Ends the channel to it, and with that the worker when it has nothing left to do. */
  disconnect(): void
}

/** Starts a process like this one, with the same settings. */
export function startProcess(number: number): Worker {
  const worker = cluster.fork()
  const { process: child } = worker
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? code ?? 'nothing said'))
    worker.on('error', ({ message }) => {
      // There is none that could end.
      if (child.pid === undefined) resolve(message)
    })
  })
  return {
    ...{ number, ended, isFollowing: false, isListening: false, ...askingOf(child) },
    kill: () => void child.kill('SIGKILL'),
    disconnect: () => child.connected && child.disconnect(),
  }
}
