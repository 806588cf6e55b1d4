import type Sqlite from 'better-sqlite3'
import type { Statements } from './statements.ts'
import { type Steps, takeSteps } from './steps.ts'

export interface SqliteWriter {
  /**
   * Stores all that the steps do, or none of it where they answer `false` or throw. Once it answers `true`, that is on disk. They may be taken more than once.
   */
  write(steps: () => Steps<boolean>): Promise<boolean>
}

interface Job {
  readonly steps: () => Steps<boolean>
  resolve(stored: boolean): void
  reject(error: unknown): void
}

/** Waiting for the disk takes about as long as a few writes. More of them would make the others in the process wait for too long. */
const mostJobs = 64

export interface SqliteWriterDeps {
  readonly database: Pick<Sqlite.Database, 'inTransaction'>
  readonly statements: Statements
  /** Begins a transaction that may write. */
  readonly begin: () => Promise<void>
  /** Runs something while nobody else uses the connection. */
  readonly exclusively: (what: () => Promise<void>) => Promise<void>
  /** Called after each transaction. */
  readonly tidy: () => void
}

/**
 * Writes to SQLite by steps. What comes at about the same time shares one transaction, and so one wait for the disk; one that is refused leaves no trace
 * among the others.
 */
export function createSqliteWriter({ database, statements, begin, exclusively, tidy }: SqliteWriterDeps): SqliteWriter {
  let waiting: Job[] = []
  let isScheduled = false

  async function work(): Promise<void> {
    while (waiting.length > 0) {
      const jobs = waiting.slice(0, mostJobs)
      waiting = waiting.slice(mostJobs)
      await exclusively(() => storeAll(jobs)).catch((error: unknown) => {
        for (const job of jobs) job.reject(error)
      })
      // Who writes one thing after the other must not keep this from whatever else there is to do.
      await new Promise((resolve) => setImmediate(resolve))
    }
    isScheduled = false
  }

  /** Rejects when none of them is stored. */
  async function storeAll(jobs: readonly Job[]): Promise<void> {
    await begin()
    let settle: readonly (() => void)[]
    try {
      const outcome = together(jobs)
      if (outcome === undefined) {
        // Without a savepoint for all of them, which would have SQLite keep a copy of every page that they touch.
        run('rollback')
        await begin()
      }
      settle = outcome ?? oneByOne(jobs)
      run('commit')
    } catch (error) {
      // A full disk has ended the transaction already.
      if (database.inTransaction) run('rollback')
      throw error
    }
    for (const done of settle) done()
    tidy()
  }

  /** Takes the steps of all, and answers with what to tell them once the transaction is on disk; with nothing where one of them is not to be stored. */
  function together(jobs: readonly Job[]): readonly (() => void)[] | undefined {
    try {
      if (jobs.every(({ steps }) => takeSteps(steps(), statements.answer))) return jobs.map((job) => () => job.resolve(true))
    } catch (error) {
      if (!database.inTransaction) throw error
    }
    return undefined
  }

  /** The same, but one that is not to be stored leaves no trace among the others. */
  function oneByOne(jobs: readonly Job[]): readonly (() => void)[] {
    return jobs.map(({ steps, resolve, reject }) => {
      run('savepoint job')
      try {
        const stored = takeSteps(steps(), statements.answer)
        if (!stored) run('rollback to job')
        run('release job')
        return () => resolve(stored)
      } catch (error) {
        if (!database.inTransaction) throw error
        run('rollback to job')
        run('release job')
        return () => reject(error)
      }
    })
  }

  function run(sql: string): void {
    statements.prepare(sql).run()
  }

  return {
    write(steps) {
      return new Promise((resolve, reject) => {
        waiting.push({ steps, resolve, reject })
        if (isScheduled) return
        isScheduled = true
        // What else has arrived by now is on its way here.
        setImmediate(() => void work())
      })
    },
  }
}
