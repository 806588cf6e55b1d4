import type { ChildProcess } from 'node:child_process'
import type { MetricValues } from '../gate/metrics-sum.ts'
import type { GateAddresses, GatePorts } from './gate.ts'

// What the primary process asks its workers over the channel that Node keeps between them: always the one, never the other way round.

export type Question =
  /** Learn what the database holds. All workers go by one name when they look for loops. */
  | { readonly kind: 'start'; readonly loopId: string }
  /** Catch up, then begin to answer at these ports. */
  | ({ readonly kind: 'listen' } & GatePorts)
  /** Apply all that was stored before; but answer within so many milliseconds, as the lease bounds the rest. */
  | { readonly kind: 'catch_up'; readonly withinMs: number }
  | { readonly kind: 'problems' }
  | { readonly kind: 'metrics' }
  /** Let requests under way finish, store what is in memory, and end. */
  | { readonly kind: 'stop' }

interface Answers {
  readonly start: null
  readonly listen: GateAddresses
  readonly catch_up: boolean
  readonly problems: readonly string[]
  readonly metrics: MetricValues
  readonly stop: null
}
export type Answer<Kind extends Question['kind']> = Answers[Kind]

interface Asked {
  readonly number: number
  readonly question: Question
}
type Answered = { readonly number: number } & (
  | { readonly answer: unknown }
  | { readonly error: { message: string; code: string | undefined } }
)

/** The number of what a worker says unasked: that it listens. */
const hello = 0

/** A worker that can be asked. */
export interface Asking {
  /** Fails when the worker fails at it or ends, and with `TookTooLong` when it has not answered in time. */
  ask<Q extends Question>(question: Q, withinMs: number): Promise<Answer<Q['kind']>>
}

export class TookTooLong extends Error {}

interface Waiting {
  resolve(answer: never): void
  reject(error: Error): void
}

export function askingOf(child: ChildProcess): Asking {
  const waiting = new Map<number, Waiting>()
  let latest = 0
  let isOver = false

  let isHearing: () => void
  /** A message that arrives before somebody listens for it may be lost. */
  const hearing = new Promise<void>((resolve) => {
    isHearing = resolve
  })

  child.on('message', (message: Answered) => {
    if (message.number === hello) return isHearing()
    const asked = waiting.get(message.number)
    if (asked === undefined) return
    if ('error' in message) asked.reject(Object.assign(new Error(message.error.message), { code: message.error.code }))
    else asked.resolve(message.answer as never)
  })
  const end = (why: string) => {
    isOver = true
    for (const { reject } of waiting.values()) reject(new Error(why))
  }
  child.once('exit', (code, signal) => end(`it ended with ${signal ?? code}`))
  // Of one that was started, an error is about a message.
  child.on('error', ({ message }) => child.pid === undefined && end(message))

  return {
    ask: (question, withinMs) => {
      const number = ++latest
      let limit: NodeJS.Timeout
      const answered = new Promise<never>((resolve, reject) => {
        waiting.set(number, { resolve, reject })
        limit = setTimeout(() => reject(new TookTooLong(`it did not answer within ${withinMs} ms`)), withinMs)
        if (isOver) return reject(new Error('it has ended'))
        void hearing.then(() => child.connected && child.send({ number, question } satisfies Asked, (error) => error && reject(error)))
      })
      return answered.finally(() => {
        clearTimeout(limit)
        waiting.delete(number)
      })
    },
  }
}

/** Answers the primary process: with what `answer` resolves to, or the error that it throws. */
export function answerQuestions(answer: (question: Question) => Promise<unknown>): void {
  process.on('message', ({ number, question }: Asked) => {
    answer(question).then(
      (value) => reply({ number, answer: value ?? null }),
      ({ message, code }: NodeJS.ErrnoException) => reply({ number, error: { message, code } }),
    )
  })
  reply({ number: hello, answer: null })
}

function reply(answered: Answered): void {
  // Where nobody is there to hear it, the end of the channel tells.
  if (process.connected) process.send?.(answered, undefined, undefined, () => undefined)
}
