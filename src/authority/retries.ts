import type { Instant } from '../domain/instant.ts'
import { Failure } from './failure.ts'
import { untilStored } from './journal.ts'
import type { Attempt, Clock, Store } from './ports.ts'
import type { Sealer } from './sealer.ts'

/** A request that its sender marked, to be able to repeat it: done once, answered alike each time for 24 hours. */
export interface Retry {
  /** Made of the caller, the path and the key that the sender chose. */
  readonly id: string
  /** Made of what is asked for. */
  readonly fingerprint: string
}

/** How long an answer is kept. */
const keptForMs = 24 * 3_600_000

export interface Retries {
  /**
   * Runs `round` until it stores something, or finds the answer that the same request was given before.
   * `round` answers `undefined` when another command came between, and commits the attempt that it is given with its answer.
   */
  once<Answer extends object>(
    what: string,
    retry: Retry | undefined,
    round: (attemptOf: (answer: Answer) => { readonly attempt?: Attempt }) => Promise<Answer | undefined>,
  ): Promise<Answer & { readonly isRepeated?: true }>
}

export function createRetries({ store, sealer, clock }: { store: Store; sealer: Sealer; clock: Clock }): Retries {
  async function firstAnswer<Answer>({ id, fingerprint }: Retry): Promise<Answer | undefined> {
    const attempt = await store.findAttempt(id)
    if (attempt === undefined) return undefined
    if (attempt.endsAt <= clock.now()) {
      await store.forgetAttempts(clock.now())
      return undefined
    }
    if (attempt.fingerprint === fingerprint) return JSON.parse(sealer.open(purposeOf(id), attempt.sealedAnswer)) as Answer
    const message =
      'Idempotency-Key was used for another request within the last 24 hours; choose a new one for each request that is not a repetition'
    throw new Failure('invalid_header', { message })
  }

  function keep(retry: Retry, answer: object, now: Instant): Attempt {
    const sealedAnswer = sealer.seal(purposeOf(retry.id), JSON.stringify(answer, withoutDigests))
    return { ...retry, sealedAnswer, endsAt: now + keptForMs }
  }

  return {
    once<Answer extends object>(
      what: string,
      retry: Retry | undefined,
      round: (attemptOf: (answer: Answer) => { readonly attempt?: Attempt }) => Promise<Answer | undefined>,
    ): Promise<Answer & { readonly isRepeated?: true }> {
      return untilStored(what, async () => {
        if (retry === undefined) return round(() => ({}))
        // Before every round: whoever was quicker may have been the same request, sent twice.
        const first = await firstAnswer<Answer>(retry)
        if (first !== undefined) return { ...first, isRepeated: true }
        return round((answer) => ({ attempt: keep(retry, answer, clock.now()) }))
      })
    },
  }
}

function purposeOf(id: string): string {
  return `attempt ${id}`
}

/** Answers are shown, and digests never are. */
function withoutDigests(_key: string, value: unknown): unknown {
  // JSON.stringify has turned a Buffer into an object before it asks.
  const isBytes = value instanceof Uint8Array || (typeof value === 'object' && value !== null && 'type' in value && value.type === 'Buffer')
  return isBytes ? undefined : value
}
