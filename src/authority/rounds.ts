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

/** What is never done twice at a time. */
export interface InTurn {
  /** Does it. What is asked for while it is under way is done once more for all who asked, as it may have begun before they did. */
  run(): Promise<void>
  /** Resolves when nothing of it is under way any more. */
  ended(): Promise<void>
}

export function inTurn(task: () => Promise<void>): InTurn {
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined
  function run(): Promise<void> {
    if (current === undefined) {
      current = task().finally(() => {
        current = undefined
      })
      return current
    }
    const again = () => {
      next = undefined
      return run()
    }
    // What became of the one before is for those who asked for that.
    next ??= current.then(again, again)
    return next
  }
  return {
    run,
    async ended() {
      await (next ?? current)
    },
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
