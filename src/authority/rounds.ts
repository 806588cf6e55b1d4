import type { Log } from './ports.ts'

/** Does something again and again, each time so long after the last was done. Answers with a way to end it. */
export function every(intervalMs: number, task: () => Promise<void>): () => Promise<void> {
  let next: NodeJS.Timeout
  let isOver = false
  const again = () => {
    next = setTimeout(() => void task().then(() => isOver || again()), intervalMs)
  }
  again()
  return async () => {
    isOver = true
    clearTimeout(next)
  }
}

/** Does all of it, whatever becomes of the others, and logs what failed. */
export function settle(tasks: readonly (() => Promise<void>)[], log: Log, message: string): () => Promise<void> {
  return async () => {
    for (const result of await Promise.allSettled(tasks.map((task) => task()))) {
      if (result.status === 'rejected') log.error({ err: result.reason }, message)
    }
  }
}
