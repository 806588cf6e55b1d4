const leastMs = 5_000

/** For how long the gate waits for the database: so short that one question without an answer does not use up the lease, if that is not very short itself. */
export function patienceMs(stalenessBudgetMs: number): number {
  return Math.max(leastMs, stalenessBudgetMs / 3)
}

/** Fails when the answer takes too long: the question may be on a connection that is dead. The next one is asked on another. */
export function inTime<Answer>(answer: Promise<Answer>, mostMs: number): Promise<Answer> {
  let limit: NodeJS.Timeout
  const late = new Promise<never>((_resolve, reject) => {
    limit = setTimeout(() => reject(new Error(`the database did not answer within ${Math.round(mostMs)} ms`)), mostMs)
  })
  return Promise.race([answer, late]).finally(() => clearTimeout(limit))
}
