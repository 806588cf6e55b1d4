import type { CompiledQuery, Kysely, QueryResult, RawBuilder } from 'kysely'
import type { Credential } from '../domain/service-token.ts'
import type { Tables } from './schema.ts'
import type { Steps } from './steps.ts'

/** One open database, by the ways into it. Each of them sees whatever was committed before it was asked. */
export interface Database {
  /** Writes, and reads that an index answers in no time. */
  readonly db: Kysely<Tables>
  /** Reads that an index answers, but with so many rows that the process must not stand still meanwhile. */
  readonly reader: Kysely<Tables>
  /** Reads that go through everything there is, and that the others must not have to wait for. */
  readonly scanner: Kysely<Tables>
  /** For statements that may take as long as they like: what an upgrade does. */
  readonly patient: Kysely<Tables>
  /** All service tokens there are, so many at a time, in the way that is quickest for the engine. */
  credentials(pageSize: number): AsyncGenerator<readonly Credential[]>
  /** Answers what is asked at every request, with less ado than `db`: a read that an index answers in no time. */
  answer<Row>(query: CompiledQuery<Row>): Promise<QueryResult<Row>>
  /**
   * Another number whenever somebody else may have committed something since it was last asked for: another process, or this one by `record`. None where it
   * takes as long to learn as what it is asked for.
   */
  readonly edition: (() => number) | undefined
  /**
   * Stores all that the steps do in one transaction, or none of it where they answer `false` or throw. Once it answers `true`, that is on disk. They may be
   * taken more than once.
   */
  write(steps: () => Steps<boolean>): Promise<boolean>
  /**
   * Stores records of the past beside all else that the process does: the statements in one transaction. Answers with how many rows the last one concerned.
   * What was answered last may be missing after a crash of the machine.
   */
  record(statements: readonly CompiledQuery[]): Promise<number>
  /** The present instant by the database's clock, for statements. */
  readonly now: RawBuilder<number>
  /** A statement by which a transaction tells all that `watch` as soon as it is stored, where the engine can. */
  readonly ring: CompiledQuery | undefined
  /** Calls `onRing` when somebody else has stored something, and when it may have missed that. Nobody may rely on it. Answers with a way to end it. */
  watch(onRing: () => void): () => Promise<void>
  close(): Promise<void>
}
