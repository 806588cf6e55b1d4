import type { CompiledQuery, QueryResult } from 'kysely'

/**
 * What is asked of the database one question after the other, each of which may depend on the answers before; the result comes at the end. An engine
 * inside of the process answers at once, another one in its time, and the steps are the same for both.
 */
export type Steps<Result> = Generator<CompiledQuery, Result, QueryResult<unknown>>

/** A statement, or what one can be made of. */
export type Question<Row> = CompiledQuery<Row> | { compile(): CompiledQuery<Row> }

/** One step: a question, and its answer. */
export function* ask<Row>(question: Question<Row>): Steps<QueryResult<Row>> {
  return (yield 'compile' in question ? question.compile() : question) as QueryResult<Row>
}

export function takeSteps<Result>(steps: Steps<Result>, answer: (query: CompiledQuery) => QueryResult<unknown>): Result {
  let step = steps.next()
  while (!step.done) step = steps.next(answer(step.value))
  return step.value
}

export async function takeStepsInTime<Result>(
  steps: Steps<Result>,
  answer: (query: CompiledQuery) => Promise<QueryResult<unknown>>,
): Promise<Result> {
  let step = steps.next()
  while (!step.done) step = steps.next(await answer(step.value))
  return step.value
}

/** Stores by one statement, with its turn among the others that write, and answers with how many rows that concerned. */
export async function stored(write: (steps: () => Steps<boolean>) => Promise<boolean>, question: Question<unknown>): Promise<number> {
  let rows = 0n
  await write(function* () {
    rows = (yield* ask(question)).numAffectedRows ?? 0n
    return true
  })
  return Number(rows)
}
